//! Requests that lose their database or 3dEye at any step, and runs that lose a user to another
//! actor: running again ends in exactly one account for each user, with every role it had.

use std::cell::Cell;
use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, OPERATIONS, Setup, assert_error, break_down, setup};
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::response;

/// Longer than any lease.
const LEASE: Duration = Duration::from_secs(61);
/// More calls than a run of these users makes, so that the last failures come after its end.
const STEPS: u32 = 12;

/// Ann is new; Bob's account was there before and holds two roles.
fn people() -> Setup {
    let setup = setup();
    setup.add_account("old", BOB_EMAIL, &["r1", "r2"]);
    setup
}

/// Ann has her account, with two roles.
fn provisioned() -> Setup {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1", "r2"]);
    setup.provision(ANN);
    setup
}

/// Lets the next calls to 3dEye through and refuses all others, with or without their effect. A
/// refusal of this kind is not repeated, so it stands for the end.
pub fn spare_requests(setup: &Setup, spared: u32, with_effect: bool) {
    let fault = if with_effect {
        Fault::Mangled(|_| response(418, ""))
    } else {
        Fault::Refused(response(418, ""))
    };
    let left = Cell::new(Some(spared));
    let remote = setup.remote.clone();
    setup.intercept(move |_| {
        if left.get() == Some(0) {
            break_down(&remote, &OPERATIONS, &fault);
        }
        left.set(left.get().and_then(|left| left.checked_sub(1)));
        None
    });
}

/// Runs as cron does, later and later, until nothing waits.
fn run_to_the_end(setup: &Setup) {
    setup.mend();
    for attempt in 1..=6 {
        setup.service.pass(attempt * 3 * LEASE);
        if setup.run()["remaining"] == 0 {
            break;
        }
    }
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    setup.assert_provisioned(BOB, BOB_EMAIL, &["r1", "r2"]);
    assert_eq!(setup.remote.directory().accounts.len(), 2);
    let rows = |sql: &str| -> Vec<i64> { setup.service.database.query(sql, (), |row| row.get(0)) };
    let left = "SELECT (SELECT count(*) FROM threedeye_recovery)
        + (SELECT count(*) FROM threedeye_users WHERE state <> 'complete' OR lease_token IS NOT NULL)";
    assert_eq!(rows(left), [0]);
}

#[test]
fn a_run_that_loses_its_database_is_made_good() {
    for spared in 0..STEPS {
        let setup = people();
        setup.service.spared_batches.set(Some(spared));
        let status = setup.backfill("").status();
        assert!([200, 500].contains(&status), "{spared}: {status}");
        assert!(spared > 0 || status == 500);
        assert!(spared + 1 < STEPS || status == 200);
        run_to_the_end(&setup);
    }
}

#[test]
fn a_run_that_loses_3deye_is_made_good() {
    for with_effect in [false, true] {
        for spared in 0..STEPS {
            let setup = people();
            spare_requests(&setup, spared, with_effect);
            let status = setup.backfill("").status();
            assert_eq!(status == 502, spared < 2, "token and list: {status}");
            run_to_the_end(&setup);
        }
    }
}

fn everything() -> Value {
    json!({ "deleteRemote": true, "preserveRoles": true, "reprovision": true })
}

#[test]
fn a_reset_that_loses_its_database_is_made_good_by_another() {
    for spared in 0..STEPS {
        let setup = provisioned();
        setup.service.spared_batches.set(Some(spared));
        let status = setup.reset(ANN, &everything()).status();
        assert!([200, 500].contains(&status), "{spared}: {status}");
        setup.mend();
        setup.service.pass(LEASE);
        assert_eq!(setup.reset(ANN, &everything()).status(), 200, "{spared}");
        setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    }
}

#[test]
fn a_reset_that_loses_3deye_is_made_good_by_another() {
    for with_effect in [false, true] {
        for spared in 0..STEPS {
            let setup = provisioned();
            spare_requests(&setup, spared, with_effect);
            let status = setup.reset(ANN, &everything()).status();
            assert!([200, 502].contains(&status), "{spared}: {status}");
            assert!(spared > 0 || status == 502);
            assert!(spared + 1 < STEPS || status == 200);
            setup.mend();
            assert_eq!(setup.reset(ANN, &everything()).status(), 200, "{spared}");
            setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
        }
    }
}

#[test]
fn a_database_that_fails_clears_nothing() {
    let setup = provisioned();
    setup.service.spared_batches.set(Some(2));
    let refused = setup.reset(ANN, &json!({}));
    assert_eq!(refused.status(), 500);
    setup.mend();
    assert_eq!(setup.diagnose(ANN)["mapping"]["state"], "complete");
    setup.service.spared_batches.set(Some(0));
    let path = format!("/admin/threedeye/users/{ANN}");
    let refused = setup.service.get(&path).admin().send();
    let message = "An unexpected error occurred on the server";
    assert_error(&refused, StatusCode::INTERNAL_SERVER_ERROR, message);
}

#[test]
fn a_run_does_not_call_provisioned_what_it_could_not_write_down() {
    let setup = setup();
    // Another actor takes Ann over while the list is read, so after the claim.
    let database = setup.service.database.clone();
    setup.intercept(move |request| {
        if request.method == Method::GET {
            let taken = "UPDATE threedeye_users SET lease_token = 'other' WHERE user_id = ?1";
            database.execute(taken, [ANN]);
        }
        None
    });
    let run = setup.run();
    for (field, expected) in [
        ("total", 2),
        ("created", 1),
        ("skipped", 1),
        ("failed", 0),
        ("remaining", 1),
    ] {
        assert_eq!(run[field], expected, "{field}");
    }
    let database = &setup.service.database;
    let subjects: Vec<String> =
        database.query("SELECT subject FROM audit_log", (), |row| row.get(0));
    assert_eq!(subjects, [BOB], "nothing is told of what was not written");
    let row = "SELECT state || ' ' || lease_token FROM threedeye_users WHERE user_id = ?1";
    let rows: Vec<String> = database.query(row, [ANN], |row| row.get(0));
    assert_eq!(rows, ["pending other"]);
    let unsettled = "SELECT count(*) FROM provisioning_unsettled";
    let left: Vec<i64> = database.query(unsettled, (), |row| row.get(0));
    assert_eq!(left, [0]);
}
