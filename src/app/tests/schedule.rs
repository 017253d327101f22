//! The cron trigger, on the shipped SQL and a simulated 3dEye.

use std::cell::RefCell;
use std::rc::Rc;

use http::Method;
use serde_json::{Value, json};

use super::ADA;
use crate::app::schedule;
use crate::auth::fake;
use crate::kernel::log::{Level, Log};
use crate::testing::service::TestService;
use crate::testing::transport::VirtualClock;
use crate::threedeye::simulated::Simulated;
use crate::threedeye::simulated::faults::Planned;

pub const EMAIL: &str = "ada@example.com";

/// The log's lines.
#[derive(Default)]
pub struct Lines(pub RefCell<Vec<Value>>);

impl Log for Lines {
    fn write(&self, level: Level, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], json!(level));
        self.0.borrow_mut().push(line);
    }
}

pub type Remote = Simulated<Rc<VirtualClock>, Planned<Rc<VirtualClock>>>;

/// A service with one user, who has no account yet, and its 3dEye.
pub fn setup() -> (TestService, Remote) {
    let clock = Rc::new(VirtualClock::starting(fake::at(0)));
    let faults = Planned::new(Rc::clone(&clock));
    let remote = Simulated::new("svc@example.com", Rc::clone(&clock), faults);
    let config = remote.config(500);
    let login = config.login.unwrap();
    let service = TestService::with_remote(clock, Rc::new(remote.clone()))
        .setting("THREEDEYE_BASE_URL", &config.base_url)
        .setting("THREEDEYE_API_KEY", config.api_key.expose())
        .setting("THREEDEYE_CUSTOMER_ID", &config.customer_id)
        .setting("THREEDEYE_USERNAME", &login.username)
        .setting("THREEDEYE_PASSWORD", login.password.expose());
    service.add_user(ADA, Some(EMAIL));
    (service, remote)
}

/// The lines of one event of the cron trigger.
pub fn pass(service: &TestService) -> Vec<Value> {
    let log = Lines::default();
    let services = service.services();
    service.clock.run(schedule::run(&services, &log));
    log.0.into_inner()
}

/// Leaves a notice for the old address and one for the new.
fn ask_for_another_email(service: &TestService) {
    let body = json!({"email": "ada@new.example"});
    let change = service.request(Method::PATCH, "/api/users/@me/");
    let answer = change.person(ADA).json(&body).send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
}

#[test]
fn a_pass_delivers_notices_and_creates_missing_accounts() {
    let (service, remote) = setup();
    ask_for_another_email(&service);
    let lines = pass(&service);
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
    let lines = pass(&service);
    assert_eq!(service.delivered.borrow().len(), 2);
    assert_eq!(remote.directory().with_email(EMAIL).len(), 1);
    assert_eq!(lines[0]["notices.claimed"], 0);
    assert_eq!(lines[1]["run.total"], 0);
}

#[test]
fn an_unreachable_3deye_keeps_no_notice_from_its_receiver() {
    let service = TestService::new();
    service.add_user(ADA, Some(EMAIL));
    ask_for_another_email(&service);
    let lines = pass(&service);
    assert_eq!(service.delivered.borrow().len(), 2);
    assert_eq!(lines[1]["level"], "error");
    assert_eq!(lines[1]["run.created"], 0);
    assert!(lines[1]["error.cause"].is_string());
}

#[test]
fn a_pass_with_a_queue_plans_and_leaves_the_work_to_it() {
    let (service, remote) = setup();
    let service = service.queue();
    let lines = pass(&service);
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
    assert_eq!(pass(&service), Vec::<Value>::new());
}
