//! Notices leave with the answer of the request that wrote them.

use std::rc::Rc;

use http::Method;
use serde_json::json;

use super::ADA;
use super::schedule::ask_for_another_email;
use crate::testing::service::{TestService, Unreachable};

const BOB: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000002";
const ASKED: [&str; 2] = ["email_change_requested", "email_change_verification"];

fn service() -> TestService {
    let service = TestService::new().setting("THREEDEYE_API_KEY", "");
    service.add_user(ADA, Some("ada@example.com"));
    service
}

fn waiting(service: &TestService) -> Vec<String> {
    let sql = "SELECT type FROM notices ORDER BY id";
    service.database.query(sql, [], |row| row.get(0))
}

#[test]
fn notices_leave_right_after_the_answer_and_no_others_with_them() {
    let service = service();
    service.add_user(BOB, Some("bob@example.com"));
    let of_bob = "INSERT INTO notices (id, type, user_id, created_at, due_at)
                  VALUES ('ntc_bob', 'two_factor_enabled', ?1, 0, 0)";
    service.database.execute(of_bob, [BOB]);
    ask_for_another_email(&service);
    assert_eq!(service.told(), ASKED);
    assert_eq!(waiting(&service), ["two_factor_enabled"]);
    let lines = service.background_log.0.take();
    let [line] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(line["event"], "notices.delivery");
    assert_eq!(line["level"], "info");
    assert_eq!(line["notices.delivered"], 2);
    assert!(line["request.id"].as_str().unwrap().starts_with("req_"));
    // The cron trigger has the rest.
    service.run_schedule();
    assert_eq!(service.told().len(), 3);
}

#[test]
fn a_notice_whose_delivery_fails_or_is_lost_is_left_to_the_cron_trigger() {
    let mut service = service().receiver(Rc::new(Unreachable));
    ask_for_another_email(&service);
    assert_eq!(waiting(&service), ASKED);
    let lines = service.background_log.0.take();
    assert_eq!(lines[0]["level"], "warn");
    assert_eq!(lines[0]["notices.failed"], 2);
    // The receiver is back, and the wait after the failure over.
    service = service.without_receiver();
    service.pass(crate::account::outbox::FIRST_WAIT);
    service.run_schedule();
    assert_eq!(service.told(), ASKED);

    // The process ends with the answer.
    let cancel = "/api/users/cancel_email_change_request";
    service.request(Method::PATCH, cancel).person(ADA).send();
    let body = json!({"email": "ada@another.example"});
    let change = service.request(Method::PATCH, "/api/users/@me").person(ADA);
    let answer = change.json(&body).answer(service.services());
    assert_eq!(service.clock.run(answer).status(), 200);
    service.lose_background();
    assert_eq!(waiting(&service), ASKED);
    service.run_schedule();
    assert_eq!(service.told().len(), 4);
}

#[test]
fn a_request_that_writes_no_notice_and_a_service_without_a_receiver_make_no_call_more() {
    let service = service();
    let deaf = TestService::new().setting("NOTIFY_WEBHOOK_URL", "");
    deaf.add_user(ADA, Some("ada@example.com"));
    let patch = |service: &TestService, body| {
        let request = service.request(Method::PATCH, "/api/users/@me").person(ADA);
        let (answer, batches) = service.batches_of(|| request.json(&body).send());
        assert_eq!(answer.status(), 200);
        batches
    };
    let name = || json!({"first_name": "Ada"});
    let email = || json!({"email": "ada@new.example"});
    assert_eq!(patch(&service, name()), 2);
    assert_eq!(patch(&deaf, email()), 2);
    assert_eq!(waiting(&deaf), ASKED);
    // Claim and settlement.
    assert_eq!(patch(&service, email()), 4);
}
