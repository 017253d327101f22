//! The plans of lists: what they hold a run to, and for how long.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::bulk::{offboard, planned, refused, replace, state};
use super::{ANN, ANN_EMAIL, BOB, assert_error, setup, text};
use crate::threedeye::simulated::Operation;

const CHANGED: &str =
    "The user, or what is asked for, has changed since the preview; look at it again";

#[test]
fn the_plan_of_another_list_and_a_late_one_are_conflicts() {
    let setup = setup();
    setup.provision(ANN);
    setup.provision(BOB);
    let order = replace(&[ANN, BOB]);
    let preview = setup.preview_bulk(&order);
    let mut others = vec![
        replace(&[ANN]),
        replace(&[BOB, ANN]),
        json!({ "action": "reset", "users": [ANN, BOB] }),
        json!({ "action": "provision", "users": [ANN, BOB] }),
        offboard(&[ANN, BOB]),
    ];
    for other in &mut others {
        let refused = setup.bulk(&planned(other, &preview));
        assert_error(&refused, StatusCode::CONFLICT, CHANGED);
    }
    setup.service.pass(Duration::from_secs(600));
    let late = setup.bulk(&planned(&order, &preview));
    let expired = "The preview is older than 10 minutes; look at it again";
    assert_error(&late, StatusCode::CONFLICT, expired);
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
    assert_eq!(setup.count("SELECT count(*) FROM provisioning_runs"), 0);
}

#[test]
fn a_user_that_changes_after_the_preview_is_refused_alone() {
    let cy = "0b9f3c1e-5d1f-4c8e-9d57-000000000003";
    for (change, refusal) in [
        (
            "UPDATE users SET email = 'bob2@example.com' WHERE uuid = ?1",
            "plan_outdated",
        ),
        (
            "UPDATE threedeye_users SET lease_until = 9e15, lease_token = 'x' WHERE user_id = ?1",
            "lease_held",
        ),
        ("DELETE FROM users WHERE uuid = ?1", "plan_outdated"),
    ] {
        let setup = setup();
        setup.service.add_user(cy, Some("cy@example.com"));
        for user in [ANN, BOB, cy] {
            setup.provision(user);
        }
        // Ann is named twice: her entries are one.
        let order = replace(&[ANN, BOB, ANN_EMAIL, cy]);
        let preview = setup.preview_bulk(&order);
        setup.service.database.execute(change, [BOB]);
        let run = setup.bulk(&planned(&order, &preview)).json();
        assert_eq!(
            (&run["done"], &run["failed"]),
            (&json!(2), &json!(1)),
            "{run}"
        );
        let states = setup.users_of(&run);
        assert_eq!(states, [state("done"), refused(refusal), state("done")]);
        assert_eq!(setup.remote.calls(Operation::Delete), 2);
    }
}

#[test]
fn whom_the_preview_did_not_show_as_it_is_now_is_not_done() {
    let setup = setup();
    setup.provision(ANN);
    setup.provision(BOB);
    // The preview refused the one, and knew no user by the other entry.
    setup.hold_lease(BOB);
    let order = replace(&[ANN, BOB, "cy@example.com"]);
    let preview = setup.preview_bulk(&order);
    setup.service.pass(Duration::from_secs(61));
    setup.service.add_user("cy", Some("cy@example.com"));
    let run = setup.bulk(&planned(&order, &preview)).json();
    let outdated = refused("plan_outdated");
    assert_eq!(
        setup.users_of(&run),
        [state("done"), outdated.clone(), outdated]
    );
}

#[test]
fn a_list_of_which_none_is_left_to_be_done_is_a_conflict() {
    let setup = setup();
    setup.provision(ANN);
    let order = replace(&[ANN, "missing"]);
    let preview = setup.preview_bulk(&order);
    setup.change_email(ANN, "ann2@example.com");
    assert_error(
        &setup.bulk(&planned(&order, &preview)),
        StatusCode::CONFLICT,
        CHANGED,
    );
    // One that was refused as a whole is a run all the same.
    let order = replace(&["missing"]);
    let preview = setup.preview_bulk(&order);
    assert_eq!(setup.bulk(&planned(&order, &preview)).json()["failed"], 1);
}

#[test]
fn a_plan_whose_marks_are_not_its_own_is_refused() {
    let setup = setup();
    setup.provision(ANN);
    setup.provision(BOB);
    let order = replace(&[ANN, BOB]);
    let plan = text(&setup.preview_bulk(&order)["plan"]);
    let (tag, marks) = plan.rsplit_once('.').unwrap();
    let (first, second) = marks.split_at(8);
    let malformed = "plan: must be the plan of a preview";
    for (text, status, message) in [
        (
            format!("{tag}.{second}{first}"),
            StatusCode::CONFLICT,
            CHANGED,
        ),
        (format!("{tag}.{first}"), StatusCode::CONFLICT, CHANGED),
        (
            format!("{tag}.{marks}{first}"),
            StatusCode::CONFLICT,
            CHANGED,
        ),
        (
            format!("{tag}.{}", marks.split_at(1).1),
            StatusCode::BAD_REQUEST,
            malformed,
        ),
        (format!("{tag}."), StatusCode::BAD_REQUEST, malformed),
        (tag.to_owned(), StatusCode::BAD_REQUEST, malformed),
    ] {
        let refused = setup.bulk(&planned(&order, &json!({ "plan": text })));
        assert_error(&refused, status, message);
    }
    assert_eq!(setup.count("SELECT count(*) FROM provisioning_runs"), 0);
}

#[test]
fn a_plan_that_was_carried_out_answers_for_its_own_list_alone() {
    let setup = setup();
    let order = json!({ "action": "provision", "users": [ANN, BOB] });
    let preview = setup.preview_bulk(&order);
    let run = setup.bulk(&planned(&order, &preview)).json();
    assert_eq!(setup.bulk(&planned(&order, &preview)).json(), run);
    for other in [
        offboard(&[ANN, BOB]),
        replace(&[ANN, BOB]),
        json!({ "action": "provision", "users": [BOB, ANN] }),
    ] {
        let refused = setup.bulk(&planned(&other, &preview));
        assert_error(&refused, StatusCode::CONFLICT, CHANGED);
    }
}
