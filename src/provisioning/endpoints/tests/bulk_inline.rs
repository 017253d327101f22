//! Lists without a queue: all is done before the answer, and what is not reached is told.

use serde_json::{Value, json};

use super::bulk::planned;
use super::bulk_runs::{people, replacing};
use super::{Setup, text};
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

/// So many users with accounts, and no queue.
fn few(count: u32) -> (Setup, Vec<String>) {
    let (mut setup, ids) = people(count);
    setup.service.has_queue = false;
    (setup, ids)
}

impl Setup {
    /// The run of a list whose process died amid it.
    fn interrupted(&self, ids: &[String]) -> Value {
        let order = replacing(ids);
        let preview = self.preview_bulk(&order);
        self.service.spared_batches.set(Some(45));
        assert_eq!(self.bulk(&planned(&order, &preview)).status(), 500);
        self.mend();
        // The same request once more tells of the same run, and does no one again.
        let died = self.bulk(&planned(&order, &preview)).json();
        assert_eq!(died["status"], "running");
        died
    }
}

/// The run ended early, and tells what became of each.
#[track_caller]
fn assert_tells_of_all(setup: &Setup, run: &Value, ids: &[String]) {
    assert_eq!(run["status"], "ended_early", "{run}");
    let states = setup.states(run);
    let is_open = |state: &String| ["waiting", "working"].contains(&state.as_str());
    assert!(!states.iter().any(is_open), "{states:?}");
    let figures = ["done", "failed", "skipped"].map(|name| run[name].as_u64().unwrap());
    assert_eq!(figures.iter().sum::<u64>(), ids.len() as u64, "{run}");
}

/// The last line of the run's errors.
fn last_error(run: &Value) -> String {
    text(run["errors"].as_array().unwrap().last().unwrap())
}

#[test]
fn outages_end_a_list_in_one_process_and_tell_whom_it_did_not_reach() {
    let (setup, ids) = few(12);
    let order = replacing(&ids);
    let preview = setup.preview_bulk(&order);
    setup.break_down(Operation::Delete, &Fault::Unreachable);
    let run = setup.bulk(&planned(&order, &preview)).json();
    assert_eq!(run["status"], "ended_early", "{run}");
    let failed = run["failed"].as_u64().unwrap();
    assert!((5..=8).contains(&failed), "{run}");
    assert_eq!(run["skipped"], 12 - failed);
    let errors = run["errors"].as_array().unwrap();
    let last = text(errors.last().unwrap());
    assert!(
        last.ends_with("left as they were: run ended early: five upstream failures in a row"),
        "{last}"
    );
}

#[test]
fn a_pause_or_a_stop_ends_a_list_in_one_process() {
    for (act, why) in [
        (
            "INSERT OR IGNORE INTO provisioning_pause VALUES (1, 1, 1, 'x', 'y')",
            "runs are paused",
        ),
        (
            "UPDATE provisioning_runs SET stopped_at = 1",
            "the run was stopped",
        ),
    ] {
        let (setup, ids) = few(12);
        setup.after_creates(4, act);
        let order = replacing(&ids);
        let preview = setup.preview_bulk(&order);
        let run = setup.bulk(&planned(&order, &preview)).json();
        let done = run["done"].as_u64().unwrap();
        assert!((4..=7).contains(&done), "{run}");
        assert_eq!(
            (&run["status"], &run["skipped"]),
            (&json!("ended_early"), &json!(12 - done))
        );
        let last = last_error(&run);
        assert!(last.ends_with(&format!("run ended early: {why}")), "{last}");
        assert_eq!(setup.resets().len() as u64, done);
    }
}

#[test]
fn a_list_that_died_in_one_process_is_stopped_and_tells_who_was_left() {
    let (setup, ids) = few(9);
    let died = setup.interrupted(&ids);
    let stopped = setup.stop(&text(&died["runId"])).json();
    assert_tells_of_all(&setup, &stopped, &ids);
    let states = setup.states(&died);
    let count = |state: &str| states.iter().filter(|one| *one == state).count();
    assert!(count("done") > 0 && count("skipped") > 0, "{states:?}");
    assert!((1..=3).contains(&count("failed")), "{states:?}");
}

#[test]
fn a_list_that_died_in_one_process_is_given_up_by_a_later_run_also_where_a_stop_broke_off() {
    for (has_queue, stop_breaks_off) in [(false, false), (true, false), (false, true)] {
        let (mut setup, ids) = few(9);
        let died = setup.interrupted(&ids);
        if stop_breaks_off {
            // The order is written down, and no chunk is given up.
            setup.service.spared_batches.set(Some(1));
            assert_eq!(setup.stop(&text(&died["runId"])).status(), 500);
            setup.mend();
            assert_eq!(setup.run_of(&died)["status"], "running");
        }
        setup.service.has_queue = has_queue;
        setup.run_by_cron();
        assert_eq!(setup.run_of(&died)["status"], "running");
        setup.run_by_cron();
        let run = setup.run_of(&died);
        assert_tells_of_all(&setup, &run, &ids);
        let last = last_error(&run);
        assert!(last.ends_with("the process that did it died"), "{last}");
    }
}

#[test]
fn one_process_does_fifty_users_within_d1s_limit_and_tells_who_is_left() {
    let (setup, ids) = few(53);
    let order = replacing(&ids);
    let preview = setup.preview_bulk(&order);
    let (answer, calls) = setup
        .service
        .batches_of(|| setup.bulk(&planned(&order, &preview)));
    let run = answer.json();
    assert_eq!(
        (&run["status"], &run["done"], &run["skipped"]),
        (&json!("ended_early"), &json!(50), &json!(3)),
        "{run}"
    );
    let why = "run ended early: one process does 50 users of a list; send another list with those that are left";
    let last = last_error(&run);
    assert!(last.ends_with(why), "{last}");
    assert!(calls <= 1000, "{calls}");
}

#[test]
fn a_list_in_one_process_that_a_failure_of_the_database_ends_is_not_left_open() {
    let (setup, ids) = few(9);
    let order = replacing(&ids);
    let preview = setup.preview_bulk(&order);
    let trigger = "CREATE TRIGGER fails BEFORE UPDATE ON provisioning_bulk_users WHEN NEW.n = 4 AND NEW.state = 'done'
                   BEGIN SELECT RAISE(ABORT, 'made to fail'); END";
    setup.service.database.execute(trigger, []);
    assert_eq!(setup.bulk(&planned(&order, &preview)).status(), 500);
    let run = setup.bulk(&planned(&order, &preview)).json();
    assert_tells_of_all(&setup, &run, &ids);
}
