use serde_json::{Value, json};

use crate::kernel::Clock as _;
use crate::testing::service::TestService;

const PATH: &str = "/admin/dashboards";

fn list(service: &TestService, query: &str) -> Value {
    let listed = service.get(&format!("{PATH}{query}")).admin().send();
    assert_eq!(listed.status(), 200, "{}", listed.json());
    listed.json()
}

fn names(listed: &Value) -> Vec<&str> {
    let dashboards = listed["dashboards"].as_array().unwrap().iter();
    dashboards
        .map(|dashboard| dashboard["name"].as_str().unwrap())
        .collect()
}

#[test]
fn dashboards_are_listed_by_id_of_all_teams_or_of_one() {
    let service = TestService::new();
    for (team, name) in [(7, "Door"), (8, "Gate"), (7, "Yard"), (7, "Roof")] {
        let body = json!({ "teamId": team, "name": name });
        assert_eq!(service.post(PATH).admin().json(&body).send().status(), 201);
    }
    let all = list(&service, "");
    assert_eq!(names(&all), ["Door", "Gate", "Yard", "Roof"]);
    let first = json!({ "id": 1, "teamId": 7, "name": "Door", "createdAt": service.clock.now() });
    assert_eq!(
        (&all["dashboards"][0], &all["next"]),
        (&first, &Value::Null)
    );
    let page = list(&service, "?teamId=7&limit=2");
    assert_eq!(
        (names(&page), &page["next"]),
        (vec!["Door", "Yard"], &json!(3))
    );
    let rest = list(&service, "?teamId=7&limit=2&after=3");
    assert_eq!((names(&rest), &rest["next"]), (vec!["Roof"], &Value::Null));
    assert_eq!(names(&list(&service, "?teamId=9")), [""; 0]);
    for bad in [
        "teamId=0",
        "teamId=x",
        "teamId=07",
        "after=0",
        "after=9007199254740992",
        "limit=201",
        "team=7",
    ] {
        let refused = service.get(&format!("{PATH}?{bad}")).admin().send();
        assert_eq!(refused.status(), 400, "{bad}");
    }
}
