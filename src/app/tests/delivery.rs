//! Deliveries of the queue, on the shipped SQL and a simulated 3dEye.

use serde_json::{Value, json};

use super::schedule::{EMAIL, setup};
use crate::app::delivery::{self, Verdict};
use crate::provisioning::fanout::ChunkId;
use crate::testing::service::{Lines, TestService};

const QUEUE: &str = "provisioning";

/// What becomes of the messages, and the log's line.
fn deliver(
    service: &TestService,
    queue: &str,
    messages: &[Option<ChunkId>],
) -> (Vec<Verdict>, Value) {
    let log = Lines::default();
    let services = service.services();
    let run = delivery::run(&services, queue, messages, &log);
    let verdicts = service.clock.run(run);
    let [line] = &log.0.take()[..] else {
        panic!("not one line")
    };
    (verdicts, line.clone())
}

/// The messages of a run that was planned for what is due.
fn planned(service: &TestService) -> Vec<Option<ChunkId>> {
    service.run_schedule();
    let sent = service.queued.borrow_mut().split_off(0);
    assert_eq!(sent.len(), 1);
    sent.into_iter().map(Some).collect()
}

#[test]
fn a_message_that_comes_twice_creates_an_account_once() {
    let (service, remote) = setup();
    let service = service.queue();
    let messages = planned(&service);
    for created in [1, 0] {
        let (verdicts, line) = deliver(&service, QUEUE, &messages);
        assert_eq!(verdicts, [Verdict::Acknowledge]);
        assert_eq!(line["event"], "queue.delivery");
        assert_eq!(line["level"], "info");
        assert_eq!(line["queue.name"], QUEUE);
        assert_eq!(line["run.created"], created);
        assert_eq!(remote.directory().with_email(EMAIL).len(), 1);
    }
}

#[test]
fn a_message_that_cannot_be_read_is_acknowledged_and_reported() {
    let (service, _) = setup();
    let service = service.queue();
    let mut messages = planned(&service);
    messages.push(None);
    let (verdicts, line) = deliver(&service, QUEUE, &messages);
    assert_eq!(verdicts, [Verdict::Acknowledge; 2]);
    assert_eq!(line["level"], "error");
    assert_eq!(line["queue.unreadable"], 1);
    assert_eq!(line["run.created"], 1);
}

#[test]
fn messages_come_again_where_3deye_is_not_configured() {
    let (service, _) = setup();
    let service = service.queue();
    let messages = planned(&service);
    let service = service.setting("THREEDEYE_API_KEY", "");
    service.restart();
    let (verdicts, line) = deliver(&service, QUEUE, &messages);
    assert_eq!(verdicts, [Verdict::Retry(None)]);
    assert_eq!(line["level"], "error");
    assert_eq!(line["queue.retried"], 1);
}

#[test]
fn users_of_a_dead_letter_are_due_for_the_next_run() {
    let (service, _) = setup();
    let service = service.queue();
    let messages = planned(&service);
    assert_eq!(service.run_schedule()[1]["run.total"], 0);
    let (verdicts, line) = deliver(&service, "spkey-dead-letters", &messages);
    assert_eq!(verdicts, [Verdict::Acknowledge]);
    assert_eq!(line["level"], "error");
    let run_id = &messages[0].as_ref().unwrap().run_id;
    assert_eq!(line["run.ids"], json!([run_id]));
    let next = planned(&service);
    assert_ne!(next, messages);
}
