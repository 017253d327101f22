use http::Method;

use super::*;
use crate::testing::service::{ADMIN_KEY, claims};

const LIST: &str = "/admin/operators";

/// A holder of the admin pair who signed in so many seconds ago.
fn pair<'a>(scene: &'a Scene, seconds: i64) -> impl Fn(Method, &str, Value) -> TestAnswer + 'a {
    move |method, path, body| {
        let mut claims = claims("auth0|anna");
        claims["email"] = json!("anna@smartphonekey.com");
        claims["email_verified"] = json!(true);
        claims["auth_time"] = json!(fake::NOW - seconds);
        let request = scene.service.request(method, path);
        let request = request
            .header("x-admin-api-key", ADMIN_KEY)
            .bearer(&token(&claims));
        if body.is_null() {
            request.send()
        } else {
            request.json(&body).send()
        }
    }
}

fn role_of(scene: &Scene, id: &str) -> String {
    let sql =
        "SELECT role || iif(disabled_at IS NULL, '', ' disabled') FROM operators WHERE id = ?1";
    scene
        .service
        .database
        .query(sql, [id], |row| row.get(0))
        .pop()
        .unwrap()
}

#[test]
fn a_new_operator_can_sign_in_and_is_listed() {
    let scene = Scene::new();
    let call = pair(&scene, 0);
    let made = call(
        Method::POST,
        LIST,
        json!({ "email": " Nina@SmartphoneKey.com ", "role": "viewer" }),
    );
    assert_eq!(made.status(), 201, "{}", made.json());
    let operator = made.json();
    let id = operator["id"].as_str().unwrap().to_owned();
    assert_eq!(operator["email"], "nina@smartphonekey.com");
    assert_eq!(
        (&operator["lastSeenAt"], &operator["sessions"]),
        (&Value::Null, &json!(0))
    );
    assert!(
        operator["createdBy"]
            .as_str()
            .unwrap()
            .starts_with("admin-key:")
    );
    scene.sign_in("nina");
    let listed = call(Method::GET, "/admin/operators?limit=2", Value::Null).json();
    let operators = listed["operators"].as_array().unwrap();
    let nina = operators.iter().find(|one| one["id"] == json!(id));
    // Ids of the scene are no ULIDs, and sort behind.
    let page = call(Method::GET, LIST, Value::Null).json();
    let all = page["operators"].as_array().unwrap();
    assert_eq!((operators.len(), all.len()), (2, 4));
    assert!(listed["next"].is_string() && page["next"].is_null());
    let nina = nina
        .or_else(|| all.iter().find(|one| one["id"] == json!(id)))
        .unwrap();
    assert_eq!(nina["sessions"], 1);
    assert_eq!(nina["lastSeenAt"], json!(fake::at(0)));
    let path = format!("/admin/operators/{id}/sessions");
    let sessions = call(Method::GET, &path, Value::Null).json();
    assert_eq!(sessions["sessions"][0]["current"], false);
    assert_eq!(call(Method::DELETE, &path, Value::Null).status(), 204);
    assert_eq!(
        call(Method::GET, &path, Value::Null).json()["sessions"],
        json!([])
    );
}

#[test]
fn an_operator_whose_e_mail_no_sign_in_can_have_is_refused() {
    let scene = Scene::new();
    for email in [
        "",
        "nina",
        "nina@elsewhere.example",
        "@smartphonekey.com",
        "a@b@smartphonekey.com",
        "ni na@smartphonekey.com",
        "nina@mail.smartphonekey.com",
        &format!("{}@smartphonekey.com", "a".repeat(255)),
    ] {
        let made = pair(&scene, 0)(
            Method::POST,
            LIST,
            json!({ "email": email, "role": "viewer" }),
        );
        assert_eq!(made.status(), 400, "{email:.30}");
        let message = made.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("email: "), "{message}");
    }
    for body in [
        json!({ "email": "nina@smartphonekey.com", "role": "root" }),
        json!({ "role": "viewer" }),
    ] {
        assert_eq!(pair(&scene, 0)(Method::POST, LIST, body).status(), 400);
    }
}

#[test]
fn an_enabled_operator_is_a_conflict_and_a_disabled_one_is_enabled_anew() {
    let scene = Scene::new();
    let call = pair(&scene, 0);
    scene.sign_in("support");
    let body = json!({ "email": "support@smartphonekey.com", "role": "viewer" });
    assert_eq!(call(Method::POST, LIST, body.clone()).status(), 409);
    assert_eq!(
        call(Method::DELETE, "/admin/operators/op_support", Value::Null).status(),
        204
    );
    assert_eq!(
        call(Method::DELETE, "/admin/operators/op_support", Value::Null).status(),
        204
    );
    assert_eq!(role_of(&scene, "op_support"), "support disabled");
    let enabled = call(Method::POST, LIST, body);
    assert_eq!(
        (enabled.status(), &enabled.json()["id"]),
        (200, &json!("op_support"))
    );
    assert_eq!(role_of(&scene, "op_support"), "viewer");
    // The person behind the address may be another one now.
    let begun = scene.begin("");
    let mut claims = scene.claims(&begun, "support");
    claims["sub"] = json!("auth0|successor");
    session_of(&scene.come_back(&begun, claims));
    let acts: Vec<String> = scene
        .trail()
        .iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        acts,
        [
            "session.begin",
            "operator.disable",
            "operator.enable",
            "session.begin"
        ]
    );
}

#[test]
fn the_last_admin_stays_one() {
    let scene = Scene::new();
    let call = pair(&scene, 0);
    let to = |id: &str, role: &str| {
        call(
            Method::PUT,
            &format!("/admin/operators/{id}"),
            json!({ "role": role }),
        )
        .status()
    };
    let disable = |id: &str| {
        call(
            Method::DELETE,
            &format!("/admin/operators/{id}"),
            Value::Null,
        )
        .status()
    };
    assert_eq!((to("op_admin", "viewer"), disable("op_admin")), (409, 409));
    assert_eq!(role_of(&scene, "op_admin"), "admin");
    assert_eq!(to("op_admin", "admin"), 200);
    assert_eq!(to("op_support", "admin"), 200);
    assert_eq!(to("op_admin", "viewer"), 200);
    assert_eq!(
        (to("op_support", "viewer"), disable("op_support")),
        (409, 409)
    );
    assert_eq!(disable("op_viewer"), 204);
    // A disabled admin is none.
    scene.service.database.execute(
        "UPDATE operators SET role = 'admin' WHERE id = 'op_viewer'",
        [],
    );
    assert_eq!(
        (to("op_support", "viewer"), to("op_viewer", "support")),
        (409, 409)
    );
    assert_eq!((to("op_none", "viewer"), disable("op_none")), (404, 404));
}

#[test]
fn an_admin_whose_domain_is_no_longer_allowed_is_not_the_one_who_stays() {
    let scene = Scene::new();
    let call = pair(&scene, 0);
    let make_last = |role: &str| {
        let path = "/admin/operators/op_admin";
        [
            call(Method::PUT, path, json!({ "role": role })).status(),
            call(Method::DELETE, path, Value::Null).status(),
        ]
    };
    let move_support = |email: &str| {
        let sql = "UPDATE operators SET role = 'admin', email_key = ?1 WHERE id = 'op_support'";
        scene.service.database.execute(sql, [email]);
    };
    for other in [
        "support@acquired.example",
        "support@mail.smartphonekey.com",
        "support@evil.example@smartphonekey.com",
    ] {
        move_support(other);
        assert_eq!(make_last("viewer"), [409, 409], "{other}");
    }
    move_support("support@smartphonekey.com");
    assert_eq!(make_last("viewer"), [200, 204]);
}

#[test]
fn two_admins_who_remove_each_other_at_once_leave_one() {
    let scene = Scene::new();
    assert_eq!(
        pair(&scene, 0)(
            Method::PUT,
            "/admin/operators/op_support",
            json!({ "role": "admin" })
        )
        .status(),
        200
    );
    let remove = |id: &str| {
        let request = scene
            .service
            .request(Method::DELETE, &format!("/admin/operators/{id}"));
        request.admin()
    };
    let answers = scene
        .service
        .send_together(vec![remove("op_admin"), remove("op_support")]);
    let mut statuses: Vec<u16> = answers.iter().map(TestAnswer::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
}

#[test]
fn a_role_changes_under_an_open_session() {
    let scene = Scene::new();
    let cookie = scene.sign_in("viewer");
    let list = || scene.service.get(LIST).session(&cookie).send().status();
    assert_eq!(list(), 403);
    let changed = pair(&scene, 0)(
        Method::PUT,
        "/admin/operators/op_viewer",
        json!({ "role": "admin" }),
    );
    assert_eq!(changed.json()["role"], "admin");
    assert_eq!(list(), 200);
}

#[test]
fn the_first_admin_may_be_made_without_a_recent_sign_in() {
    let scene = Scene::new();
    let old = pair(&scene, 3 * 3600);
    let make = |email: &str, role: &str| {
        let body = json!({ "email": format!("{email}@smartphonekey.com"), "role": role });
        old(Method::POST, LIST, body)
    };
    // There is one.
    let refused = make("nina", "admin");
    assert_eq!(refused.status(), 403);
    assert_eq!(
        refused.json()["message"],
        "This takes a sign-in of the last 2 hours"
    );
    scene.service.database.execute(
        "UPDATE operators SET disabled_at = 2 WHERE id = 'op_admin'",
        [],
    );
    assert_eq!(make("nina", "viewer").status(), 403);
    assert_eq!(make("support", "admin").status(), 409);
    assert_eq!(make("nina", "admin").status(), 201);
    assert_eq!(make("admin", "admin").status(), 403);
    assert_eq!(role_of(&scene, "op_admin"), "admin disabled");
    // A session never: an operator who could use the exception would be the admin that there is not.
    let cookie = scene.sign_in("nina");
    scene.service.pass(Duration::from_secs(15 * 60));
    let body = json!({ "email": "otto@smartphonekey.com", "role": "admin" });
    let asked = scene.service.post(LIST).session(&cookie).json(&body).send();
    assert_eq!(asked.status(), 401);
}
