//! 3dEye down, slow or misleading: an answer in our own words, and nothing is concluded or lost.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{
    ANN, ANN_EMAIL, BOB, BOB_EMAIL, OPERATIONS, assert_error, break_down, limited, login_page,
    refused, setup,
};
use crate::kernel::Clock as _;
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

/// Words that must not reach a client.
const UPSTREAM_TEXT: &str = "text-of-the-upstream";

#[test]
fn an_upstream_that_cannot_be_reached_is_told_by_every_endpoint() {
    let setup = setup();
    break_down(&setup.remote, &OPERATIONS, &Fault::Unreachable);
    let message = "3dEye is unavailable";
    for refused in [
        setup.credentials(ANN),
        setup.reset(BOB, &json!({ "deleteRemote": true })),
        setup.backfill(""),
    ] {
        assert_error(&refused, StatusCode::BAD_GATEWAY, message);
    }
    assert_eq!(setup.last_run()["status"], "ended_early");
    let done = setup.reset(BOB, &json!({ "reprovision": true })).json();
    assert_eq!(done["reprovision"]["error"], message);
    assert_eq!(setup.diagnose(ANN)["remote"]["error"], message);
}

#[test]
fn a_login_that_is_refused_is_502_and_concludes_nothing() {
    let setup = setup();
    setup.break_down(Operation::Token, &refused(401, ""));
    let message = "3dEye refused our credentials";
    assert_error(&setup.credentials(ANN), StatusCode::BAD_GATEWAY, message);
    let changes = [Operation::Create, Operation::Delete];
    assert_eq!(changes.map(|kind| setup.remote.calls(kind)), [0, 0]);
}

#[test]
fn a_token_that_is_revoked_in_the_middle_of_a_run_is_renewed_once() {
    let setup = setup();
    for number in 0..10 {
        let email = format!("guest{number}@example.com");
        setup
            .service
            .add_user(&format!("guest-{number}"), Some(&email));
    }
    let revoked = [vec![Fault::None; 4], vec![refused(401, "")]].concat();
    setup.remote.faults().plan(Operation::Create, revoked);
    assert_eq!(setup.run()["created"], 12);
    assert_eq!(setup.remote.directory().accounts.len(), 12);
    assert_eq!(setup.remote.calls(Operation::Token), 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

/// Lists that must not be relied on, and what is said of them.
fn misleading_lists() -> Vec<(Fault, &'static str)> {
    let words = UPSTREAM_TEXT;
    let mut lists: Vec<_> = [
        (500, "3dEye is unavailable"),
        (503, "3dEye is unavailable"),
        (401, "3dEye refused our credentials"),
        (302, "3dEye refused the request with status 302"),
        (403, "3dEye refused the request with status 403"),
        (404, "3dEye refused the request with status 404"),
    ]
    .map(|(status, message)| (refused(status, format!("<h1>{words}</h1>")), message))
    .into();
    lists.push((Fault::Hangs, "3dEye is unavailable"));
    lists.push((Fault::Unreachable, "3dEye is unavailable"));
    let texts = [
        String::from_utf8(login_page().body).unwrap(),
        String::new(),
        "null".to_owned(),
        format!("\"{words}\""),
        format!("{{\"data\":\"{words}\"}}"),
        r#"{"data":[{"id":"u1"#.to_owned(),
        format!("{{\"data\":{}{}}}", "[".repeat(5000), "]".repeat(5000)),
        " ".repeat(5 << 20),
    ];
    let users = [
        json!({ "id": 1 }),
        json!([{ "id": "1", "email": 7, "roles": [] }]),
        json!([{ "id": {}, "email": "a@example.com", "roles": [] }]),
        json!([{ "id": "1", "email": "a@example.com", "roles": [{ "name": "x" }] }]),
    ];
    let users = users.map(|users| json!({ "data": users, "total": 1 }).to_string());
    let unreadable = texts.into_iter().chain(users);
    lists.extend(unreadable.map(|body| (refused(200, body), "3dEye's answer was unreadable")));
    lists
}

#[test]
fn a_list_that_cannot_be_relied_on_is_502_and_loses_nothing() {
    for (number, (fault, message)) in misleading_lists().into_iter().enumerate() {
        let setup = setup();
        setup.break_down(Operation::List, &fault);
        let answer = setup.credentials(ANN);
        assert_error(&answer, StatusCode::BAD_GATEWAY, message);
        // Three tries, or one more with a new token.
        assert!(setup.remote.calls(Operation::List) <= 3, "{number}");
        let changes = [Operation::Create, Operation::Delete];
        assert_eq!(changes.map(|kind| setup.remote.calls(kind)), [0, 0]);
        setup.mend();
        assert_eq!(setup.run()["created"], 2, "{number}");
        setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
        setup.assert_provisioned(BOB, BOB_EMAIL, &[]);
    }
}

#[test]
fn a_list_that_fails_once_is_asked_for_again() {
    let once = [refused(500, ""), Fault::Hangs, Fault::AnswerLost];
    for fault in once {
        let setup = setup();
        setup.remote.faults().plan(Operation::List, [fault]);
        setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
        assert_eq!(setup.remote.calls(Operation::Create), 1);
    }
}

#[test]
fn a_later_page_that_fails_concludes_nothing_from_the_earlier_ones() {
    let setup = setup().page_size("4");
    for number in 0..10 {
        let email = format!("guest{number}@example.com");
        setup.add_account(&format!("guest-{number}"), &email, &[]);
    }
    setup.remote.faults().plan(Operation::List, [Fault::None]);
    setup.break_down(Operation::List, &refused(403, ""));
    let message = "3dEye refused the request with status 403";
    assert_error(&setup.credentials(ANN), StatusCode::BAD_GATEWAY, message);
    assert_eq!(setup.remote.calls(Operation::Create), 0);
}

#[test]
fn a_rate_limit_is_waited_for_by_a_read_and_ends_a_run() {
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    for retry_after in [
        Some("1"),
        None,
        Some("0"),
        Some(past),
        Some("-5"),
        Some("soon"),
        Some("99999999999999999999"),
        Some("0.5"),
    ] {
        let fault = limited(retry_after);
        let reading = setup();
        let began = reading.service.clock.now();
        reading
            .remote
            .faults()
            .plan(Operation::List, [fault.clone()]);
        reading.assert_provisioned(ANN, ANN_EMAIL, &[]);
        let waited = reading.service.clock.now().since(began);
        let asked = Duration::from_secs(u64::from(retry_after == Some("1")));
        assert!(waited >= asked, "{retry_after:?}");

        let creating = setup();
        for number in 0..7 {
            let email = format!("guest{number}@example.com");
            creating
                .service
                .add_user(&format!("guest-{number}"), Some(&email));
        }
        creating.break_down(Operation::Create, &fault);
        let first = creating.run();
        assert_eq!(
            (&first["success"], &first["created"]),
            (&json!(false), &json!(0))
        );
        assert!(
            creating.remote.calls(Operation::Create) <= 6,
            "no new one is begun"
        );
        creating.mend();
        assert_eq!(creating.run()["created"], 9, "{retry_after:?}");
        assert_eq!(creating.remote.directory().accounts.len(), 9);
    }
}

#[test]
fn being_rate_limited_is_502_and_says_for_how_long() {
    let setup = setup();
    setup.break_down(Operation::List, &limited(Some("77")));
    let answer = setup.credentials(ANN);
    assert_error(&answer, StatusCode::BAD_GATEWAY, "3dEye limits our rate");
    assert_eq!(answer.header("retry-after"), Some("77"));
}
