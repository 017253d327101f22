//! 3dEye's user endpoints are guesses: each other reading that is tolerated works from end to end.

use std::time::Duration;

use serde_json::json;

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, refused, setup};
use crate::kernel::http_client::HttpResponse;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, Style, response};

type Mangle = fn(HttpResponse) -> HttpResponse;

/// An account is found, adopted, replaced, made and deleted, though 3dEye speaks so.
fn assert_understood(what: &str, style: Style, mangled: &[(Operation, Mangle)]) {
    let setup = setup();
    setup.remote.speak(style);
    for (operation, mangle) in mangled {
        setup.break_down(*operation, &Fault::Mangled(*mangle));
    }
    for number in 0..9 {
        let email = format!("guest{number}@example.com");
        setup.add_account(&format!("guest-{number}"), &email, &[]);
    }
    setup.add_account("old", "ANN@example.com", &["r1", "r2"]);
    for _ in 0..3 {
        setup.run();
    }
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    setup.assert_provisioned(BOB, BOB_EMAIL, &[]);
    let found = setup.diagnose(ANN);
    assert_eq!(found["mapping"]["remoteAccountExists"], true, "{what}");
    assert_eq!(found["remote"]["customerUserCount"], 11, "{what}");
    assert_eq!(found["remote"]["match"]["roleCount"], 2, "{what}");
    let id = setup.provision(BOB);
    let deleted = setup.reset(BOB, &json!({ "deleteRemote": true })).json();
    assert_eq!(deleted["remote"]["deletedThreedeyeUserId"], id, "{what}");
    assert!(setup.remote.directory().with_email(BOB_EMAIL).is_empty());
}

#[test]
fn every_reading_of_the_api_that_is_tolerated_works() {
    let usual = Style::default();
    let short = Duration::from_secs(1);
    let styles = [
        ("as known", usual),
        (
            "PascalCase",
            Style {
                pascal_case: true,
                ..usual
            },
        ),
        (
            "roles as ids",
            Style {
                bare_roles: true,
                ..usual
            },
        ),
        (
            "no total",
            Style {
                told_total: false,
                ..usual
            },
        ),
        (
            "created under data",
            Style {
                enveloped: true,
                ..usual
            },
        ),
        (
            "tokens of a second",
            Style {
                token_lifetime: short,
                ..usual
            },
        ),
        (
            "all at once",
            Style {
                pascal_case: true,
                bare_roles: true,
                told_total: false,
                enveloped: true,
                taken_in_words: true,
                token_lifetime: short,
            },
        ),
    ];
    for (what, style) in styles {
        assert_understood(what, style, &[]);
    }
    assert_understood(
        "other statuses",
        usual,
        &[
            (Operation::Create, |answer| response(200, answer.body)),
            (Operation::Delete, |_| response(200, "")),
            (Operation::Attach, |_| response(201, "")),
        ],
    );
    assert_understood(
        "no id in the answer to a create",
        usual,
        &[(Operation::Create, |_| response(201, "{}"))],
    );
}

#[test]
fn a_taken_email_is_an_orphan_however_it_is_told() {
    for (status, body) in [
        (409, "taken"),
        (400, "{\"Message\":\"User already exists\"}"),
        (422, "<html>E-mail ALREADY in use</html>"),
    ] {
        let setup = setup();
        setup.add_foreign_account(ANN_EMAIL);
        setup.break_down(Operation::Create, &refused(status, body));
        let run = setup.backfill("?limit=1").json();
        assert_eq!(run["quarantined"], 1, "{status} {body}");
        assert_eq!(setup.diagnose(ANN)["mapping"]["state"], "quarantined");
        assert_eq!(setup.account(ANN_EMAIL).user.id.0, "foreign");
    }
}
