//! Alerts of the scheduled run, on the shipped SQL.

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::Method;
use serde_json::Value;

use super::ADA;
use super::schedule::{EMAIL, setup};
use crate::kernel::Clock as _;
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::kernel::ids::first_ulid_of;
use crate::testing::outside::WEBHOOK_URL;
use crate::testing::service::TestService;
use crate::testing::transport::header_of;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A receiver that a test can take down.
#[derive(Clone, Default)]
struct Receiver {
    is_down: Rc<Cell<bool>>,
    requests: Rc<RefCell<Vec<HttpRequest>>>,
}

impl HttpClient for Receiver {
    fn send(
        &self,
        request: HttpRequest,
        _: Duration,
        _: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        let status = if self.is_down.get() { 503 } else { 204 };
        self.requests.borrow_mut().push(request);
        Box::pin(ready(Ok(HttpResponse {
            status,
            headers: http::HeaderMap::new(),
            body: Vec::new(),
        })))
    }
}

impl Receiver {
    /// What was told since it was asked last: name and status of each alert, and `beat` for a sign of life.
    fn told(&self) -> Vec<String> {
        let requests = self.requests.take().into_iter();
        let word = |request: HttpRequest| {
            if request.method == Method::GET {
                return "beat".to_owned();
            }
            assert!(
                header_of(&request, "x-signature")
                    .unwrap()
                    .starts_with("t=")
            );
            let body: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
            assert_eq!(body["type"], "alert");
            assert!(body["id"].as_str().unwrap().starts_with("alr_"));
            assert!(body["text"].as_str().unwrap().starts_with("spkey-edge, "));
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            format!("{} {}", text("name"), text("status"))
        };
        requests.map(word).collect()
    }
}

/// A service whose alerts go to a receiver.
fn watched(service: TestService) -> (TestService, Receiver) {
    let receiver = Receiver::default();
    let service = service
        .setting("ALERT_WEBHOOK_URL", WEBHOOK_URL)
        .receiver(Rc::new(receiver.clone()));
    (service, receiver)
}

const NOTHING: [&str; 0] = [];

/// Adds users that were quarantined just now.
fn quarantine(service: &TestService, count: u32) {
    let now = service.clock.now().as_millis();
    service.database.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO threedeye_users (user_id, state, created_at, updated_at)
         SELECT 'q' || i || '-' || (SELECT count(*) FROM threedeye_users), 'quarantined', ?2, ?2 FROM n",
        (count, now),
    );
}

#[test]
fn an_alert_is_told_when_it_begins_and_when_it_ends_and_not_once_a_run() {
    let (service, receiver) = watched(setup().0);
    service.run_schedule();
    assert_eq!(receiver.told(), NOTHING);
    quarantine(&service, 11);
    let lines = service.run_schedule();
    assert_eq!(receiver.told(), ["quarantined firing"]);
    let line = lines.last().unwrap();
    assert_eq!(
        (&line["event"], &line["level"]),
        (&"alerts".into(), &"info".into())
    );
    assert_eq!(line["alerts.fired"], 1);
    service.run_schedule();
    assert_eq!(receiver.told(), NOTHING);
    service.pass(HOUR);
    service.run_schedule();
    assert_eq!(receiver.told(), ["quarantined resolved"]);
    service.run_schedule();
    assert_eq!(receiver.told(), NOTHING);
}

#[test]
fn the_limit_of_quarantines_is_a_setting() {
    let (service, receiver) = watched(setup().0.setting("ALERT_QUARANTINED", "2"));
    quarantine(&service, 2);
    service.run_schedule();
    assert_eq!(receiver.told(), NOTHING);
    quarantine(&service, 1);
    service.run_schedule();
    assert_eq!(receiver.told(), ["quarantined firing"]);
}

#[test]
fn a_receiver_that_was_down_is_told_all_in_order_with_the_same_ids() {
    let (service, receiver) = watched(setup().0);
    receiver.is_down.set(true);
    quarantine(&service, 11);
    let lines = service.run_schedule();
    let line = lines.last().unwrap();
    assert_eq!(line["level"], "error");
    assert_eq!(line["error.cause"], "the receiver answered 503");
    let first = receiver.requests.borrow()[0].body.clone();
    assert_eq!(receiver.told(), ["quarantined firing"]);
    service.pass(HOUR);
    service.run_schedule();
    // In order: what ended is not told before what began.
    assert_eq!(receiver.requests.borrow()[0].body, first);
    assert_eq!(receiver.told(), ["quarantined firing"]);
    receiver.is_down.set(false);
    service.run_schedule();
    assert_eq!(receiver.requests.borrow()[0].body, first);
    assert_eq!(
        receiver.told(),
        ["quarantined firing", "quarantined resolved"]
    );
    service.run_schedule();
    assert_eq!(receiver.told(), NOTHING);
}

#[test]
fn an_outage_of_3deye_is_told_by_health_and_then_by_those_who_wait() {
    // It cannot be reached.
    let (service, receiver) = watched(TestService::new());
    service.add_user(ADA, Some(EMAIL));
    service.run_schedule();
    assert_eq!(receiver.told(), ["health firing"]);
    service.pass(HOUR);
    service.run_schedule();
    let told = receiver.told();
    assert_eq!(told, ["oldest_due firing"]);
}

#[test]
fn a_notice_that_fails_for_an_hour_a_dead_letter_and_a_run_that_died_are_told() {
    let (service, receiver) = watched(setup().0);
    let now = service.clock.now().as_millis();
    let hour_ago = now - 3_600_000;
    service.database.execute(
        "INSERT INTO notices (id, type, user_id, created_at, attempts, due_at) VALUES ('ntc_1', 'x', 'a', ?1, 3, ?2)",
        (hour_ago, now + 1_000_000),
    );
    service.database.execute(
        "INSERT INTO counters (name, value, changed_at) VALUES ('dead_letters', 1, ?1)",
        [now],
    );
    service.database.execute(
        "INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
         VALUES (?2, 'manual', 'x', 'x', 'running', 50, ?1)",
        (now - 1_200_000, first_ulid_of("run", service.clock.now())),
    );
    service.run_schedule();
    let told = receiver.told();
    let expected = [
        "dead_letter firing",
        "notices_failing firing",
        "run_died firing",
    ];
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    service.database.execute("DELETE FROM notices", []);
    service.pass(2 * HOUR);
    service.run_schedule();
    let mut told = receiver.told();
    told.retain(|it| !it.starts_with("health"));
    told.sort();
    let expected = [
        "dead_letter resolved",
        "notices_failing resolved",
        "run_died resolved",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_list_that_waits_in_the_queue_rings_no_alarm() {
    let (service, receiver) = watched(setup().0);
    let since = service.clock.now().as_millis() - 1_200_000;
    for (mode, expected) in [("queue", &[][..]), ("inline", &["run_died firing"])] {
        service.database.execute(
            "INSERT INTO provisioning_runs
               (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at, advanced_at, mode, action)
             VALUES (?2, 'manual', 'x', 'x', 'running', 50, ?1, ?1, ?3, 'reset')",
            (since, first_ulid_of("run", service.clock.now()), mode),
        );
        service.run_schedule();
        assert_eq!(receiver.told(), expected);
        service
            .database
            .execute("DELETE FROM provisioning_runs", []);
    }
}

#[test]
fn a_crash_between_noting_and_telling_loses_no_alert() {
    let (service, receiver) = watched(setup().0);
    service.run_schedule();
    quarantine(&service, 11);
    let (_, all) = service.batches_of(|| service.run_schedule());
    receiver.requests.take();
    // However many calls of the database succeed in a run, at the end it has been told.
    for spared in 0..all + 2 {
        let (service, receiver) = watched(setup().0);
        service.run_schedule();
        quarantine(&service, 11);
        service.spared_batches.set(Some(spared));
        service.run_schedule();
        service.spared_batches.set(None);
        service.run_schedule();
        let told = receiver.told();
        assert!(
            told.contains(&"quarantined firing".to_owned()),
            "{spared}: {told:?}"
        );
    }
}

#[test]
fn a_monitor_elsewhere_hears_of_every_run_that_went_to_its_end() {
    let (service, receiver) = watched(setup().0.setting("ALERT_HEARTBEAT_URL", WEBHOOK_URL));
    service.run_schedule();
    assert_eq!(receiver.told(), ["beat"]);
    // An outage of 3dEye is told by an alert; cron is alive.
    let (down, hears) = watched(TestService::new().setting("ALERT_HEARTBEAT_URL", WEBHOOK_URL));
    down.add_user(ADA, Some(EMAIL));
    down.run_schedule();
    assert_eq!(hears.told(), ["health firing", "beat"]);
    // Without the database no alert can be told, so silence does.
    service.spared_batches.set(Some(0));
    service.run_schedule();
    assert_eq!(receiver.told(), NOTHING);
    service.spared_batches.set(None);
    receiver.is_down.set(true);
    let lines = service.run_schedule();
    assert_eq!(lines.last().unwrap()["event"], "alerts.heartbeat");
}

#[test]
fn without_a_receiver_nothing_is_kept_for_it() {
    let (service, _) = setup();
    quarantine(&service, 11);
    service.run_schedule();
    let count = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table}");
        service.database.query(&sql, [], |row| row.get::<_, u32>(0))
    };
    assert_eq!(
        (count("alerts"), count("alert_changes")),
        (vec![0], vec![0])
    );
}

#[test]
fn with_a_queue_the_end_of_the_run_before_is_what_is_told() {
    let (service, receiver) = watched(setup().0.queue());
    service.run_schedule();
    let end = |status: &str| {
        let sql = "UPDATE provisioning_runs SET status = ?1";
        service.database.execute(sql, [status]);
    };
    end("ended_early");
    service.pass(HOUR / 4);
    service.run_schedule();
    assert_eq!(receiver.told(), ["health firing"]);
    end("completed");
    service.pass(HOUR / 4);
    service.run_schedule();
    assert_eq!(receiver.told(), ["health resolved"]);
}
