//! The cron trigger, on the shipped SQL and a simulated 3dEye.

use http::Method;
use serde_json::{Value, json};

use super::ADA;
use crate::testing::service::{Remote, TestService};

pub const EMAIL: &str = "ada@example.com";

/// A service with one user, who has no account yet, and its 3dEye.
pub fn setup() -> (TestService, Remote) {
    let (service, remote) = TestService::with_3deye("svc@example.com", |remote| remote);
    service.add_user(ADA, Some(EMAIL));
    (service, remote)
}

/// Makes a notice for the old address and one for the new.
pub fn ask_for_another_email(service: &TestService) {
    let body = json!({"email": "ada@new.example"});
    let change = service.request(Method::PATCH, "/api/users/@me/");
    let answer = change.person(ADA).json(&body).send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
}

/// Leaves two notices, as of requests that could not deliver them.
fn leave_notices(service: &TestService) {
    let insert = "INSERT INTO notices (id, type, user_id, recipient, created_at, due_at)
                  VALUES (?1, 'email_changed', ?2, ?1, 0, 0)";
    for id in ["ntc_1", "ntc_2"] {
        service.database.execute(insert, (id, ADA));
    }
}

#[test]
fn a_pass_delivers_notices_and_creates_missing_accounts() {
    let (service, remote) = setup();
    leave_notices(&service);
    let lines = service.run_schedule();
    assert_eq!(service.delivered.borrow().len(), 2);
    assert_eq!(remote.directory().with_email(EMAIL).len(), 1);
    let [notices, run] = lines.as_slice() else {
        panic!("{lines:?}")
    };
    assert_eq!(notices["event"], "notices.delivery");
    assert_eq!(notices["level"], "info");
    assert_eq!(notices["notices.delivered"], 2);
    assert_eq!(run["event"], "backfill.run");
    assert_eq!(run["level"], "info");
    assert_eq!(run["run.created"], 1);
    assert_eq!(run["error.cause"], Value::Null);
    // Nothing is left to do.
    let lines = service.run_schedule();
    assert_eq!(service.delivered.borrow().len(), 2);
    assert_eq!(remote.directory().with_email(EMAIL).len(), 1);
    assert_eq!(lines[0]["notices.claimed"], 0);
    assert_eq!(lines[1]["run.total"], 0);
}

#[test]
fn an_unreachable_3deye_keeps_no_notice_from_its_receiver() {
    let service = TestService::new();
    service.add_user(ADA, Some(EMAIL));
    leave_notices(&service);
    let lines = service.run_schedule();
    assert_eq!(service.delivered.borrow().len(), 2);
    assert_eq!(lines[1]["level"], "error");
    assert_eq!(lines[1]["run.created"], 0);
    assert!(lines[1]["error.cause"].is_string());
}

#[test]
fn a_pass_with_a_queue_plans_and_leaves_the_work_to_it() {
    let (service, remote) = setup();
    let service = service.queue();
    let lines = service.run_schedule();
    assert_eq!(service.queued.borrow().len(), 1);
    assert_eq!(remote.directory().with_email(EMAIL).len(), 0);
    assert_eq!(lines[1]["run.total"], 1);
    assert_eq!(lines[1]["run.created"], 0);
}

#[test]
fn a_pass_does_nothing_where_nothing_is_configured() {
    let service = TestService::new()
        .setting("THREEDEYE_API_KEY", "")
        .setting("NOTIFY_WEBHOOK_URL", "");
    service.add_user(ADA, Some(EMAIL));
    assert_eq!(service.run_schedule(), Vec::<Value>::new());
}
