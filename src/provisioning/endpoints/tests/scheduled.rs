//! A day on which 3dEye goes down and comes back, seen from outside: what callers are answered, what
//! `/health` tells the monitor, and that the next scheduled run makes good what was missed.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, OPERATIONS, Setup, assert_error, break_down, refused,
    setup,
};
use crate::health::store::SCHEMA_VERSION;
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::response;

const UNAVAILABLE: &str = "3dEye is unavailable";
const OUTSIDE: &str = "the e-mail belongs to an account outside our customer";
const CYD_EMAIL: &str = "cyd@example.com";
const DEE: &str = "dee";
const DEE_EMAIL: &str = "dee@example.com";
const EVE: &str = "eve";
const EVE_EMAIL: &str = "eve@example.com";

#[track_caller]
fn assert_health(setup: &Setup, status: u16, scheduled_run: &str) {
    let answer = setup.service.get("/health").send();
    let word = if status == 200 { "ok" } else { "degraded" };
    let expected = json!({
        "status": word,
        "version": env!("CARGO_PKG_VERSION"),
        "schema": { "built": SCHEMA_VERSION, "applied": SCHEMA_VERSION },
        "checks": {
            "configuration": { "status": "ok", "problems": [] }, "database": "ok",
            "migrations": "ok", "scheduledRun": scheduled_run, "missingRateLimits": [],
        },
    });
    assert_eq!((answer.status(), answer.json()), (status, expected));
}

/// A scheduled run ends so.
#[track_caller]
fn assert_run(setup: &Setup, status: &str, total: u32, created: u32, errors: &[String]) {
    let row = setup.run_by_cron();
    let remaining = if status == "completed" { 0 } else { total };
    let expected = json!({
        "trigger": "cron", "status": status, "total": total, "created": created, "failed": 0,
        "quarantined": 0, "remaining": remaining, "errors": errors,
    });
    for (field, expected) in expected.as_object().unwrap() {
        assert_eq!(&row[field], expected, "{field} of {row}");
    }
}

#[test]
fn an_outage_turns_health_red_and_its_end_green_and_no_user_is_forgotten() {
    let setup = setup();
    let everything = json!({ "deleteRemote": true, "preserveRoles": true, "reprovision": true });
    setup.add_account("bobs", BOB_EMAIL, &["front-door", "garage"]);
    assert_health(&setup, 200, "none_yet");
    assert_run(&setup, "completed", 2, 2, &[]);
    assert_health(&setup, 200, "ok");
    let login = setup.credentials(ANN).json();

    // Down.
    break_down(
        &setup.remote,
        &OPERATIONS,
        &refused(502, "<h1>Bad gateway</h1>"),
    );
    for (user, email) in [(CYD, CYD_EMAIL), (DEE, DEE_EMAIL), (EVE, EVE_EMAIL)] {
        setup.service.add_user(user, Some(email));
    }
    setup.add_account("eves", EVE_EMAIL, &["lobby"]);
    let ended = format!("run ended early: the user list could not be read: {UNAVAILABLE}");
    assert_run(&setup, "ended_early", 3, 0, &[ended]);
    assert_health(&setup, 503, "failing");
    assert_eq!(setup.credentials(ANN).json(), login);
    for refused in [
        setup.credentials(CYD),
        setup.reset(BOB, &everything),
        setup.backfill(""),
    ] {
        assert_error(&refused, StatusCode::BAD_GATEWAY, UNAVAILABLE);
    }
    let probe = &setup.diagnose(CYD)["remote"];
    let told = (&probe["error"], &probe["emailPresentInCustomer"]);
    assert_eq!(told, (&json!(UNAVAILABLE), &Value::Null));
    let roles = ["front-door", "garage"];
    setup.assert_provisioned(BOB, BOB_EMAIL, &roles);
    assert_health(&setup, 503, "failing");

    // Half up: an e-mail has gone to another customer meanwhile, and creates are lost.
    setup.mend();
    setup.add_foreign_account(DEE_EMAIL);
    assert_error(&setup.credentials(DEE), StatusCode::CONFLICT, OUTSIDE);
    assert_eq!(setup.diagnose(DEE)["mapping"]["state"], "quarantined");
    let lost = Fault::Mangled(|_| response(502, ""));
    setup.break_down(Operation::Create, &lost);
    setup.break_down(Operation::Token, &refused(502, ""));
    assert_eq!(setup.credentials(CYD).status(), 502);
    assert_health(&setup, 503, "failing");

    // Up again.
    setup.mend();
    assert_run(&setup, "completed", 2, 2, &[]);
    assert_health(&setup, 200, "ok");
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    setup.assert_provisioned(BOB, BOB_EMAIL, &roles);
    setup.assert_provisioned(CYD, CYD_EMAIL, &[]);
    setup.assert_provisioned(EVE, EVE_EMAIL, &["lobby"]);

    // The quarantine is lifted by a reset, and not before the e-mail is free.
    assert_error(&setup.credentials(DEE), StatusCode::CONFLICT, OUTSIDE);
    let again = json!({ "reprovision": true });
    let early = setup.reset(DEE, &again).json();
    assert_eq!(early["reprovision"]["error"], OUTSIDE);
    let is_ours = |account: &crate::threedeye::simulated::directory::Account| account.ours;
    setup.remote.directory_mut().accounts.retain(is_ours);
    assert_error(&setup.credentials(DEE), StatusCode::CONFLICT, OUTSIDE);
    let late = setup.reset(DEE, &again).json();
    assert_eq!(
        (&late["clearedMapping"], &late["reprovision"]["error"]),
        (&json!(true), &Value::Null)
    );
    setup.assert_provisioned(DEE, DEE_EMAIL, &[]);
    assert_eq!(setup.remote.directory().accounts.len(), 5);
    assert_run(&setup, "completed", 0, 0, &[]);
    assert_health(&setup, 200, "ok");
}

#[test]
fn a_scheduled_run_keeps_to_its_own_limit() {
    let mut setup = setup();
    setup.service = setup.service.setting("BACKFILL_CRON_LIMIT", "1");
    let row = setup.run_by_cron();
    for (field, expected) in [("limit", 1), ("total", 1), ("created", 1), ("remaining", 1)] {
        assert_eq!(row[field], expected, "{field}");
    }
    setup.refuse(Operation::List, 403, 1);
    let row = setup.run_by_cron();
    assert_eq!(
        (&row["status"], &row["created"]),
        (&json!("ended_early"), &json!(0))
    );
}
