//! What a preview of a list tells, and how a run is held to it.

use serde_json::{Value, json};

use super::bulk::{offboard, planned, refused, state};
use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, setup, text};
use crate::threedeye::simulated::Operation;

#[test]
fn a_provisioned_list_tells_and_keeps_how_many_accounts_it_replaces() {
    let mut setup = setup();
    setup.service = setup.service.setting("BACKFILL_MAX_TAKEOVERS", "1");
    setup.service.add_user(CYD, Some("cyd@example.com"));
    setup.add_account("old-1", ANN_EMAIL, &["r1"]);
    setup.add_account("old-2", BOB_EMAIL, &["r1"]);
    let order = json!({ "action": "provision", "users": [ANN, BOB, CYD] });
    let preview = setup.preview_bulk(&order);
    let deletes = json!([["old-1"], ["old-2"], []]);
    let users = preview["users"].as_array().unwrap();
    let told: Vec<&Value> = users.iter().map(|user| &user["deletes"]).collect();
    assert_eq!(json!(told), deletes);
    assert_eq!(
        (&preview["deletes"], &preview["deletesAtMost"]),
        (&json!(2), &json!(1))
    );
    let warning = "Account old-1 is deleted and created again, with its roles.";
    assert_eq!(users[0]["warnings"], json!([warning]));
    let run = setup.bulk(&planned(&order, &preview)).json();
    let mut ended = setup.users_of(&run);
    assert_eq!(ended.pop(), Some(state("done")));
    ended.sort();
    assert_eq!(ended, [state("done"), refused("takeover_limit")]);
    assert_eq!(setup.remote.calls(Operation::Delete), 1);
    // What is asked for one user is not limited.
    let again = setup
        .carry_out(&json!({ "action": "provision", "users": [ANN, BOB] }))
        .json();
    assert_eq!(again["done"], 2);
}

#[test]
fn an_off_boarding_tells_the_saved_roles_that_go_with_the_user() {
    let setup = setup();
    let saved = r#"INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, '["r1"]', 1)"#;
    setup.service.database.execute(saved, [ANN]);
    setup.provision(BOB);
    setup.give_roles(BOB_EMAIL, &["r2"]);
    setup.service.database.execute(saved, [BOB]);
    let preview = setup.preview_bulk(&offboard(&[ANN, BOB]));
    assert_eq!(preview["losers"], 2);
    let users = preview["users"].as_array().unwrap();
    let loses: Vec<&Value> = users.iter().map(|user| &user["losesRoleIds"]).collect();
    assert_eq!(json!(loses), json!([["r1"], ["r1", "r2"]]));
}

#[test]
fn an_entry_is_named_by_its_place_in_the_list_as_it_was_sent() {
    let setup = setup();
    let order =
        json!({ "action": "provision", "users": [ANN, ANN_EMAIL, ANN, BOB, "x@example.com"] });
    let preview = setup.preview_bulk(&order);
    let places = |users: &Value| {
        let users = users.as_array().unwrap().iter();
        users.map(|user| user["entry"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(places(&preview["users"]), [1, 4, 5]);
    let run = setup.bulk(&planned(&order, &preview)).json();
    let path = format!(
        "/admin/threedeye/backfill/runs/{}/users",
        text(&run["runId"])
    );
    let listed = setup.service.get(&path).admin().send().json();
    assert_eq!(places(&listed["users"]), [1, 4, 5]);
    assert_eq!(run["errors"], json!(["entry 5: User not found"]));
}

#[test]
fn a_provisioned_list_tells_of_the_account_that_a_reset_let_go_of() {
    let mut setup = setup();
    setup.service = setup.service.setting("BACKFILL_MAX_TAKEOVERS", "1");
    let first = setup.provision(ANN);
    assert_eq!(setup.reset(ANN, &json!({})).status(), 200);
    setup.change_email(ANN, "ann2@example.com");
    setup.add_account("old", "ann2@example.com", &["r1"]);
    let order = json!({ "action": "provision", "users": [ANN] });
    let preview = setup.preview_bulk(&order);
    assert_eq!(preview["users"][0]["deletes"], json!([first, "old"]));
    // One of the two is created anew, so one is counted.
    let run = setup.bulk(&planned(&order, &preview)).json();
    assert_eq!(run["done"], 1, "{run}");
    setup.assert_provisioned(ANN, "ann2@example.com", &["r1"]);
}
