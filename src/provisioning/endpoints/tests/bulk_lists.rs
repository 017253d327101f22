//! What a list may be, what its preview costs, and when none is carried out.

use http::StatusCode;
use serde_json::json;

use super::bulk::{offboard, planned, refusals, replace};
use super::{ANN, ANN_EMAIL, BOB, assert_error, setup, text};
use crate::threedeye::simulated::Operation;

#[test]
fn a_user_named_twice_counts_once_and_a_list_has_500_entries_at_most() {
    let setup = setup();
    let given = [
        ANN,
        ANN_EMAIL,
        " ANN@EXAMPLE.COM ",
        ANN,
        BOB,
        "x@example.com",
        "X@example.com ",
    ];
    let preview = setup.preview_bulk(&json!({ "action": "provision", "users": given }));
    assert_eq!(preview["total"], 3);
    assert_eq!(preview["users"][0]["given"], ANN);
    let many: Vec<String> = (0..501)
        .map(|number| format!("{}{number:03}@example.com", "a".repeat(100)))
        .collect();
    let fits = json!({ "action": "provision", "users": many[..500] });
    let (preview, batches) = setup.service.batches_of(|| setup.preview_bulk(&fits));
    assert_eq!((&preview["refused"], batches), (&json!(500), 2));
    for (users, message) in [
        (json!(many), "users: must have 1 to 500 entries"),
        (json!([]), "users: must have 1 to 500 entries"),
        (json!([ANN, " "]), "users[1]: must not be empty"),
        (
            json!(["a\u{0}"]),
            "users[0]: must not contain control characters",
        ),
    ] {
        let refused = setup.bulk(&json!({ "action": "provision", "users": users }));
        assert_error(&refused, StatusCode::BAD_REQUEST, message);
    }
    for (body, message) in [
        (json!({ "users": [ANN] }), "action: required"),
        (json!({ "action": "reset" }), "users: required"),
        (
            json!({ "action": "offboard", "users": [ANN], "options": {} }),
            "options: only a reset has them",
        ),
        (
            json!({ "action": "reset", "users": [ANN], "plan": "x" }),
            "plan: must be the plan of a preview",
        ),
        (
            json!({ "action": "reset", "users": [ANN], "options": { "force": true } }),
            "force: unknown field",
        ),
    ] {
        assert_error(&setup.bulk(&body), StatusCode::BAD_REQUEST, message);
    }
    let odd = setup.bulk(&json!({ "action": "delete", "users": [ANN] }));
    assert!(text(&odd.json()["message"]).starts_with("action: expected"));
}

#[test]
fn five_hundred_users_are_previewed_in_a_handful_of_calls() {
    let setup = setup();
    let ids: Vec<String> = (0..500)
        .map(|number| format!("guest-{number:03}"))
        .collect();
    for id in &ids {
        let email = format!("{id}@example.com");
        setup.service.add_user(id, Some(&email));
        setup.add_account(&format!("acc-{id}"), &email, &["r1"]);
    }
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let order = replace(&names);
    let (preview, batches) = setup.service.batches_of(|| setup.preview_bulk(&order));
    assert_eq!((&preview["deletes"], batches), (&json!(500), 3));
    assert_eq!(preview["needs"]["typed"], "500");
    // The first page of 500 accounts and the second, which ends the list.
    assert!(setup.remote.calls(Operation::List) <= 2);
}

#[test]
fn nothing_begins_without_3deye_or_while_runs_are_paused() {
    let setup = setup();
    setup.provision(ANN);
    let order = replace(&[ANN]);
    let preview = setup.preview_bulk(&order);
    let pause = "INSERT INTO provisioning_pause VALUES (1, 1, 1, 'x', 'y')";
    setup.service.database.execute(pause, ());
    assert_eq!(setup.bulk(&order).status(), 200);
    let paused = setup.bulk(&planned(&order, &preview));
    let message = "Runs are paused; an administrator can let them go on";
    assert_error(&paused, StatusCode::CONFLICT, message);
    assert_eq!(
        setup.count("SELECT count(*) FROM provisioning_bulk_users"),
        0
    );
    let without = setup.unconfigured();
    assert_eq!(without.bulk(&order).status(), 503);
    let rows = json!({ "action": "reset", "users": [ANN, BOB] });
    assert_eq!(without.bulk(&rows).status(), 200);
    let leaving = without.preview_bulk(&offboard(&[ANN, BOB]));
    assert_eq!(
        refusals(&leaving),
        [Some("not_configured".to_owned()), None]
    );
}
