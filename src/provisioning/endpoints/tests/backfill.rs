use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, assert_error, setup};
use crate::threedeye::simulated::Operation;

#[test]
fn a_limit_is_an_integer_from_1_to_500() {
    for limit in [
        "0",
        "501",
        "-1",
        "+1",
        "1.0",
        "1e2",
        "05",
        "",
        "abc",
        "%201",
        "4294967297",
    ] {
        let setup = setup();
        assert_error(
            &setup.backfill(&format!("?limit={limit}")),
            StatusCode::BAD_REQUEST,
            "limit: must be an integer from 1 to 500",
        );
        assert_eq!(
            (setup.last_run(), setup.calls()),
            (Value::Null, 0),
            "{limit}"
        );
    }
    for (query, limit, total) in [("", 50, 2), ("?limit=1", 1, 1), ("?limit=500", 500, 2)] {
        let setup = setup();
        let answer = setup.backfill(query);
        assert_eq!(
            (answer.status(), &answer.json()["total"]),
            (200, &json!(total))
        );
        assert_eq!(setup.last_run()["limit"], limit, "{query}");
    }
}

#[test]
fn a_dry_run_lists_and_changes_nothing() {
    let setup = setup();
    let before = setup.service.database.total_changes();
    for (query, planned) in [
        ("?dryRun=true", &[ANN, BOB][..]),
        ("?dryRun=true&limit=1", &[ANN]),
    ] {
        let answer = setup.backfill(query);
        let expected = json!({
            "success": true, "total": planned.len(), "created": 0, "failed": 0, "errors": [],
            "skipped": 0, "quarantined": 0, "remaining": 2, "removed": 0, "runId": null, "dryRun": true,
            "planned": planned,
        });
        assert_eq!((answer.status(), answer.json()), (200, expected));
    }
    assert_eq!(setup.service.database.total_changes(), before);
    assert_eq!((setup.last_run(), setup.calls()), (Value::Null, 0));
}

#[test]
fn a_run_makes_what_is_missing_and_tells_what_it_could_not_make() {
    let setup = setup();
    setup.service.add_user(CYD, None);
    setup.add_foreign_account(ANN_EMAIL);
    let answer = setup.backfill("");
    let run = setup.last_run();
    let line = format!("{ANN}: the e-mail belongs to an account outside our customer");
    let expected = json!({
        "success": true, "total": 2, "created": 1, "failed": 1, "errors": [line], "skipped": 0,
        "quarantined": 1, "remaining": 0, "removed": 0, "runId": run["runId"], "dryRun": false, "planned": [],
    });
    assert_eq!((answer.status(), answer.json()), (200, expected));
    for (field, expected) in [
        ("trigger", json!("manual")),
        ("status", json!("completed")),
        ("total", json!(2)),
        ("created", json!(1)),
        ("failed", json!(1)),
        ("quarantined", json!(1)),
        ("remaining", json!(0)),
        ("errors", json!([line])),
    ] {
        assert_eq!(run[field], expected, "{field}");
    }
    // Those who are done, quarantined or without e-mail are not taken up.
    assert_eq!(setup.backfill("").json()["total"], 0);
    assert_eq!(setup.remote.directory().with_email(BOB_EMAIL).len(), 1);
}

#[test]
fn a_list_that_cannot_be_read_is_502() {
    let setup = setup();
    setup.refuse(Operation::List, 403, 1);
    assert_error(
        &setup.backfill(""),
        StatusCode::BAD_GATEWAY,
        "3dEye refused the request with status 403",
    );
    let run = setup.last_run();
    for (field, expected) in [
        ("total", 2),
        ("created", 0),
        ("skipped", 2),
        ("remaining", 2),
    ] {
        assert_eq!(run[field], expected, "{field}");
    }
    assert_eq!(run["status"], "ended_early");
    // It was not this user's fault.
    assert_eq!(setup.diagnose(ANN)["mapping"]["attempts"], 0);
    assert_eq!(setup.backfill("").json()["created"], 2);
}

#[test]
fn a_service_without_3deye_is_503() {
    let setup = setup().unconfigured();
    for query in ["", "?dryRun=true"] {
        assert_error(
            &setup.backfill(query),
            StatusCode::SERVICE_UNAVAILABLE,
            "3dEye provisioning is not configured",
        );
    }
    assert_eq!(setup.last_run(), Value::Null);
}
