//! The outbox through the router, on the shipped SQL.

use std::rc::Rc;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::auth::fake;
use crate::operators::Role;
use crate::testing::service::{TestService, Unreachable};

/// Adds a notice that is due so many seconds from now.
fn add(service: &TestService, number: u32, (kind, user): (&str, &str), attempts: u32, due: i64) {
    service.database.execute(
        "INSERT INTO notices (id, type, user_id, recipient, created_at, attempts, due_at, last_cause)
         VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)",
        (
            format!("ntc_{number:03}"),
            kind,
            user,
            format!("jane{number}@example.com"),
            attempts,
            fake::at(0).as_millis() + due * 1000,
            (attempts > 0).then_some("503"),
        ),
    );
}

fn read(service: &TestService, query: &str) -> Value {
    let answer = service
        .get(&format!("/admin/notices{query}"))
        .admin()
        .send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
    answer.json()
}

fn ids(page: &Value) -> Vec<String> {
    let notices = page["notices"].as_array().unwrap().iter();
    notices
        .map(|notice| notice["id"].as_str().unwrap()[4..].to_owned())
        .collect()
}

fn outbox() -> TestService {
    let service = TestService::new();
    add(&service, 1, ("email_changed", "ann"), 0, 30);
    add(&service, 2, ("two_factor_disabled", "bob"), 2, 20);
    add(&service, 3, ("email_changed", "bob"), 1, 20);
    add(&service, 4, ("email_changed", "eve"), 1, 10);
    service
}

fn audit(service: &TestService) -> Vec<String> {
    let read = "SELECT action || ' ' || subject || ' ' || outcome FROM audit_log ORDER BY id";
    service.database.query(read, [], |row| row.get(0))
}

#[test]
fn the_outbox_is_listed_by_when_it_is_due() {
    let service = outbox();
    for (query, expected) in [
        ("", &["004", "002", "003", "001"][..]),
        ("?state=failing", &["004", "002", "003"]),
        ("?type=email_changed", &["004", "003", "001"]),
        ("?type=email_changed&state=failing", &["004", "003"]),
        ("?userId=bob", &["002", "003"]),
        ("?userId=bob&type=email_changed", &["003"]),
        ("?userId=ann&state=failing", &[]),
    ] {
        assert_eq!(ids(&read(&service, query)), expected, "{query}");
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let sign = if query.is_empty() { "?" } else { "&" };
            let page = read(&service, &format!("{query}{sign}limit=1{next}"));
            seen.extend(ids(&page));
            let Some(after) = page["next"].as_str() else {
                break;
            };
            next = format!("&after={after}");
        }
        assert_eq!(seen, expected, "{query}, a notice a page");
    }
}

#[test]
fn recipients_are_masked_for_operators() {
    let service = outbox();
    let session = service.sign_in(Role::Viewer);
    service.database.execute(
        "UPDATE notices SET recipient = '+491701234512' WHERE id = 'ntc_002'",
        [],
    );
    service.database.execute(
        "UPDATE notices SET recipient = NULL WHERE id = 'ntc_003'",
        [],
    );
    let recipients = |page: &Value| -> Vec<Value> {
        let notices = page["notices"].as_array().unwrap().iter();
        notices.map(|notice| notice["recipient"].clone()).collect()
    };
    let seen = service
        .get("/admin/notices")
        .session(&session)
        .send()
        .json();
    let masked = [
        json!("j***@example.com"),
        json!("+49…12"),
        Value::Null,
        json!("j***@example.com"),
    ];
    assert_eq!(recipients(&seen), masked);
    assert_eq!(
        recipients(&read(&service, ""))[0],
        json!("jane4@example.com")
    );
}

#[test]
fn a_notice_is_delivered_at_once_and_the_persons_history_tells() {
    let service = outbox();
    let session = service.sign_in(Role::Support);
    let deliver = |id: &str| {
        let path = format!("/admin/notices/{id}/deliver");
        service.post(&path).session(&session).send().status()
    };
    assert_eq!(deliver("ntc_002"), 202);
    assert_eq!(service.told(), ["two_factor_disabled"]);
    assert_eq!(ids(&read(&service, "")), ["004", "003", "001"]);
    assert_eq!(deliver("ntc_002"), 404, "it is gone");
    assert_eq!(audit(&service), ["notice.deliver bob ntc_002 is due now"]);
}

#[test]
fn all_that_fail_are_delivered_at_once() {
    let service = outbox();
    let deliver = |state: &str| {
        let request = service.post("/admin/notices/deliver").admin();
        let answer = request.json(&json!({ "state": state })).send();
        assert_eq!(answer.status(), 202, "{}", answer.json());
        answer.json()["due"].clone()
    };
    assert_eq!(deliver("failing"), 3);
    assert_eq!(ids(&read(&service, "")), ["001"]);
    assert_eq!(deliver("failing"), 0);
    assert_eq!(deliver("waiting"), 1);
    assert_eq!(ids(&read(&service, "")), [""; 0]);
    assert_eq!(
        audit(&service),
        [
            "notice.deliver notices:failing due now",
            "notice.deliver notices:waiting due now"
        ]
    );
}

#[test]
fn a_dropped_notice_is_not_sent_and_the_persons_history_tells() {
    let service = outbox();
    for _ in 0..2 {
        let drop = service
            .request(Method::DELETE, "/admin/notices/ntc_002")
            .admin();
        assert_eq!(drop.send().status(), 204);
    }
    service.pass(Duration::from_secs(60));
    service.run_schedule();
    assert_eq!(service.told(), ["email_changed"; 3]);
    assert_eq!(
        audit(&service),
        ["notice.drop bob ntc_002 was not delivered"]
    );
}

#[test]
fn without_a_receiver_no_delivery_is_promised() {
    let service = outbox().setting("NOTIFY_WEBHOOK_URL", "");
    let one = service
        .post("/admin/notices/ntc_001/deliver")
        .admin()
        .send();
    let all = service.post("/admin/notices/deliver").admin();
    let all = all.json(&json!({ "state": "waiting" })).send();
    for answer in [one, all] {
        assert_eq!(answer.status(), 503);
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains("NOTIFY_WEBHOOK_URL"), "{message}");
    }
    assert!(audit(&service).is_empty());
}

#[test]
fn changing_the_outbox_takes_support() {
    let service = outbox();
    let session = service.sign_in(Role::Viewer);
    let requests = [
        service.post("/admin/notices/ntc_001/deliver"),
        service
            .post("/admin/notices/deliver")
            .json(&json!({ "state": "failing" })),
        service.request(Method::DELETE, "/admin/notices/ntc_001"),
    ];
    for request in requests {
        assert_eq!(request.session(&session).send().status(), 403);
    }
    assert_eq!(ids(&read(&service, "")).len(), 4);
}

#[test]
fn why_a_delivery_failed_is_told() {
    let mut service = TestService::new().receiver(Rc::new(Unreachable));
    add(&service, 1, ("email_changed", "ann"), 0, 0);
    service.run_schedule();
    let failing = |service: &TestService| {
        let page = read(service, "?state=failing");
        let notice = page["notices"][0].clone();
        (notice["attempts"].clone(), notice["lastCause"].clone())
    };
    assert_eq!(failing(&service), (json!(1), json!("unreachable")));
    service = service.without_receiver();
    let deliver = service.post("/admin/notices/ntc_001/deliver").admin();
    assert_eq!(deliver.send().status(), 202);
    assert_eq!(ids(&read(&service, "")), [""; 0]);
}
