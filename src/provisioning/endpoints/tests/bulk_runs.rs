//! Runs over a list that the queue does: messages that come twice or never, processes that die, stops and pauses.

use std::time::Duration;

use serde_json::{Value, json};

use super::bulk::{offboard, replace};
use super::stops::crowd;
use super::{ANN, BOB, BOB_EMAIL, Setup, limited, setup, text};
use crate::app::delivery::{Verdict, run as deliver};
use crate::provisioning::fanout::ChunkId;
use crate::testing::service::Lines;
use crate::threedeye::simulated::Operation;

/// Longer than any claim.
const CLAIM: Duration = Duration::from_secs(61);

/// `count` users beside Ann and Bob, who all have accounts with a camera, and a queue.
pub fn people(count: u32) -> (Setup, Vec<String>) {
    let setup = crowd(count);
    let ids: Vec<String> = (0..count)
        .map(|number| format!("guest-{number:03}"))
        .collect();
    for id in &ids {
        setup.add_account(&format!("acc-{id}"), &format!("{id}@example.com"), &["r1"]);
        setup.provision(id);
    }
    (setup, ids)
}

/// The order for all of them.
pub fn replacing(ids: &[String]) -> Value {
    replace(&ids.iter().map(String::as_str).collect::<Vec<_>>())
}

impl Setup {
    /// Delivers these messages to a queue of this name.
    fn deliver_to(&self, queue: &str, chunks: &[ChunkId]) -> Vec<Verdict> {
        let messages: Vec<Option<ChunkId>> = chunks.iter().cloned().map(Some).collect();
        let services = self.service.services();
        let lines = Lines::default();
        let delivery = deliver(&services, queue, &messages, &lines);
        self.service.clock.run(delivery)
    }

    pub fn run_of(&self, run: &Value) -> Value {
        let path = format!("/admin/threedeye/backfill/runs/{}", text(&run["runId"]));
        self.service.get(&path).admin().send().json()
    }

    pub fn states(&self, run: &Value) -> Vec<String> {
        let users = self.users_of(run).into_iter();
        users.map(|(state, _)| state).collect()
    }

    fn taken(&self) -> Vec<ChunkId> {
        self.service.queued.take()
    }

    pub fn resets(&self) -> Vec<(String, u32)> {
        let sql = "SELECT subject, count(*) FROM audit_log WHERE action = 'threedeye.reset'
                   GROUP BY subject ORDER BY subject";
        let database = &self.service.database;
        database.query(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// No user was reset more than once, and each has its one account with its camera.
    #[track_caller]
    fn assert_each_once(&self, ids: &[String]) {
        for (user, times) in self.resets() {
            assert_eq!(times, 1, "{user}");
        }
        for id in ids {
            self.assert_provisioned(id, &format!("{id}@example.com"), &["r1"]);
        }
    }
}

#[test]
fn a_planned_list_is_worked_off_by_the_queue_and_a_message_that_comes_twice_finds_no_one() {
    let (setup, ids) = people(12);
    let begun = setup.carry_out(&replacing(&ids));
    assert_eq!(begun.status(), 202, "{}", begun.json());
    let run = begun.json();
    let location = begun.header("location").unwrap().to_owned();
    assert_eq!(
        location,
        format!("/admin/threedeye/backfill/runs/{}", text(&run["runId"]))
    );
    assert_eq!(
        (&run["planned"], &run["done"], &run["chunks"]["planned"]),
        (&json!(12), &json!(0), &json!(3))
    );
    let messages = setup.taken();
    assert_eq!(messages.len(), 3);
    let acknowledged = [Verdict::Acknowledge; 3];
    assert_eq!(setup.deliver_to("runs", &messages), acknowledged);
    assert_eq!(setup.deliver_to("runs", &messages), acknowledged);
    let run = setup.run_of(&run);
    assert_eq!(
        (&run["status"], &run["done"], &run["chunks"]["closed"]),
        (&json!("completed"), &json!(12), &json!(3))
    );
    assert_eq!(setup.resets().len(), 12);
    setup.assert_each_once(&ids);
    let sql = "SELECT count(*) FROM audit_log WHERE action = 'threedeye.reset'
               AND actor LIKE 'admin-key:%' AND reason LIKE 'moved%' AND address IS NULL";
    let told: Vec<u32> = setup.service.database.query(sql, [], |row| row.get(0));
    assert_eq!(told, [12]);
}

#[test]
fn a_list_behind_a_slow_backfill_gets_its_half_of_the_time() {
    let (setup, ids) = people(2);
    for number in 0..400 {
        let id = format!("new-{number:03}");
        setup
            .service
            .add_user(&id, Some(&format!("{id}@example.com")));
    }
    let path = "/admin/backfill-threedeye?mode=queue&limit=400";
    assert_eq!(setup.service.post(path).admin().send().status(), 202);
    let run = setup.carry_out(&replacing(&ids)).json();
    let messages = setup.taken();
    assert_eq!(messages.len(), 9);
    // Six at a time, a minute and a half for sixty of them.
    setup.slow_down(Operation::Create, 9);
    let verdicts = setup.deliver_to("runs", &messages);
    let retried = verdicts.iter().filter(|one| **one != Verdict::Acknowledge);
    assert!(retried.count() > 0, "the backfill took its time");
    assert_eq!(setup.run_of(&run)["done"], 2);
}

#[test]
fn an_account_that_the_preview_did_not_show_is_not_replaced() {
    let setup = crowd(1);
    let run = setup
        .carry_out(&json!({ "action": "provision", "users": [ANN, BOB] }))
        .json();
    setup.add_account("new", BOB_EMAIL, &["r1"]);
    setup.deliver_to("runs", &setup.taken());
    let changed = ("refused".to_owned(), Some("plan_outdated".to_owned()));
    assert_eq!(setup.users_of(&run), [("done".to_owned(), None), changed]);
    assert_eq!(setup.account(BOB_EMAIL).user.id.0, "new");
}

#[test]
fn a_list_waits_while_3deye_asks_a_backfill_to() {
    let (setup, ids) = people(2);
    setup.service.add_user("new", Some("new@example.com"));
    let path = "/admin/backfill-threedeye?mode=queue";
    assert_eq!(setup.service.post(path).admin().send().status(), 202);
    let run = setup.carry_out(&replacing(&ids)).json();
    setup.break_down(Operation::Create, &limited(Some("7")));
    let verdicts = setup.deliver_to("runs", &setup.service.queued.borrow().clone());
    assert_eq!(verdicts, [Verdict::Retry(Some(Duration::from_secs(7))); 2]);
    assert_eq!(setup.states(&run), ["waiting", "waiting"]);
    assert!(setup.resets().is_empty());
}

#[test]
fn a_list_that_never_comes_is_given_up_and_told_as_a_dead_letter() {
    let (setup, ids) = people(2);
    setup.carry_out(&replacing(&ids));
    let open =
        "SELECT count(*) FROM provisioning_runs WHERE action = 'reset' AND status = 'running'";
    setup.service.pass(Duration::from_secs(23 * 60 * 60));
    setup.service.run_schedule();
    assert_eq!(setup.count(open), 1);
    setup.service.pass(Duration::from_secs(2 * 60 * 60));
    setup.service.run_schedule();
    assert_eq!(setup.count(open), 0);
    let left = "SELECT count(*) FROM provisioning_bulk_users WHERE state = 'skipped'";
    assert_eq!(setup.count(left), 2);
    let letters = "SELECT value FROM counters WHERE name = 'dead_letters'";
    // The other is what the first plan cut for Ann and Bob.
    assert_eq!(setup.count(letters), 2);
}

#[test]
fn two_deliveries_at_once_do_each_user_once() {
    let (setup, ids) = people(6);
    let run = setup.carry_out(&replacing(&ids)).json();
    let messages: Vec<Option<ChunkId>> = setup.taken().into_iter().map(Some).collect();
    let (first, second) = (setup.service.services(), setup.service.services());
    let lines = Lines::default();
    let both = futures_util::future::join(
        deliver(&first, "runs", &messages, &lines),
        deliver(&second, "runs", &messages, &lines),
    );
    setup.service.clock.run(both);
    assert_eq!(setup.run_of(&run)["done"], 6);
    setup.assert_each_once(&ids);
}

/// Delivers again and again, as the queue does, and to the dead letters in the end.
fn deliver_to_the_end(setup: &Setup, messages: &[ChunkId]) {
    setup.mend();
    for _ in 0..4 {
        setup.service.pass(CLAIM);
        let verdicts = setup.deliver_to("runs", messages);
        if verdicts.iter().all(|one| *one == Verdict::Acknowledge) {
            return;
        }
    }
    setup.deliver_to("dead-letters", messages);
}

#[test]
fn a_delivery_that_dies_at_any_step_resets_no_user_twice_and_loses_none() {
    let mut outcomes = Vec::new();
    for spared in 0..40 {
        let (setup, ids) = people(4);
        let run = setup.carry_out(&replacing(&ids)).json();
        let messages = setup.taken();
        setup.service.spared_batches.set(Some(spared));
        setup.deliver_to("runs", &messages);
        deliver_to_the_end(&setup, &messages);
        let ended = setup.run_of(&run);
        assert_ne!(ended["status"], "running", "{spared}: {ended}");
        let states = setup.states(&run);
        assert!(
            states
                .iter()
                .all(|state| ["done", "failed"].contains(&&**state)),
            "{spared}: {:?}",
            setup.users_of(&run)
        );
        // Who was interrupted is the next run's.
        setup.service.pass(2 * CLAIM);
        setup.run();
        setup.assert_each_once(&ids);
        outcomes.extend(states);
    }
    // Most of what dies is made good.
    let failed = outcomes.iter().filter(|state| *state == "failed").count();
    assert!(
        failed < outcomes.len() / 4,
        "{failed} of {}",
        outcomes.len()
    );
}

#[test]
fn a_run_whose_3deye_dies_at_any_step_resets_no_user_twice() {
    for spared in 0..24 {
        let (setup, ids) = people(3);
        let run = setup.carry_out(&replacing(&ids)).json();
        let messages = setup.taken();
        super::crashes::spare_requests(&setup, spared, true);
        setup.deliver_to("runs", &messages);
        deliver_to_the_end(&setup, &messages);
        assert_ne!(setup.run_of(&run)["status"], "running", "{spared}");
        for attempt in 1..4 {
            setup.service.pass(attempt * 2 * CLAIM);
            setup.run();
        }
        setup.assert_each_once(&ids);
    }
}

#[test]
fn an_off_boarding_that_dies_at_any_step_deletes_no_one_who_comes_back() {
    for spared in 0..24 {
        let setup = setup();
        let service = setup.service.queue();
        let setup = Setup { service, ..setup };
        setup.provision(ANN);
        setup.provision(BOB);
        let run = setup.carry_out(&offboard(&[ANN, BOB])).json();
        let messages = setup.taken();
        setup.service.spared_batches.set(Some(spared));
        setup.deliver_to("runs", &messages);
        setup.mend();
        let before = setup.states(&run);
        // Another service adds those again that are gone.
        let sql = "SELECT count(*) FROM users WHERE uuid = ?1";
        let database = &setup.service.database;
        let is_there = |id: &str| database.query(sql, [id], |row| row.get::<_, u32>(0)) == [1];
        let back: Vec<&str> = [ANN, BOB].into_iter().filter(|id| !is_there(id)).collect();
        for id in &back {
            setup
                .service
                .add_user(id, Some(&format!("{id}@example.com")));
        }
        deliver_to_the_end(&setup, &messages);
        assert_ne!(setup.run_of(&run)["status"], "running", "{spared}");
        for ((id, before), after) in [ANN, BOB].iter().zip(before).zip(setup.users_of(&run)) {
            assert_eq!(is_there(id), back.contains(id), "{spared}: {id}");
            // One that came back before its end was written down is not told as deleted.
            if back.contains(id) && before != "done" {
                let returned = ("failed".to_owned(), Some("returned".to_owned()));
                assert_eq!(after, returned, "{spared}: {id}");
            }
        }
        let sql = "SELECT count(*) FROM audit_log WHERE action = 'user.delete'";
        let deleted: Vec<u32> = database.query(sql, [], |row| row.get(0));
        assert_eq!(deleted, [2], "{spared}");
    }
}

#[test]
fn a_reset_user_that_was_reset_by_another_meanwhile_is_refused_alone() {
    let (setup, ids) = people(3);
    let run = setup.carry_out(&replacing(&ids)).json();
    let again = json!({ "deleteRemote": true, "preserveRoles": true, "reprovision": true });
    assert_eq!(setup.reset(&ids[1], &again).status(), 200);
    setup.deliver_to("runs", &setup.taken());
    let changed = ("refused".to_owned(), Some("plan_outdated".to_owned()));
    let users = setup.users_of(&run);
    assert_eq!(users[1], changed);
    let run = setup.run_of(&run);
    assert_eq!((&run["done"], &run["failed"]), (&json!(2), &json!(1)));
    setup.assert_each_once(&ids);
}

#[test]
fn a_stopped_list_begins_no_further_user() {
    let (setup, ids) = people(25);
    let run = setup.carry_out(&replacing(&ids)).json();
    let messages = setup.taken();
    setup.deliver_to("runs", &messages[..2]);
    let path = format!(
        "/admin/threedeye/backfill/runs/{}/stop",
        text(&run["runId"])
    );
    let body = json!({ "reason": "the wrong house" });
    let stopped = setup.service.post(&path).admin().json(&body).send().json();
    assert_eq!(
        (&stopped["status"], &stopped["done"], &stopped["skipped"]),
        (&json!("ended_early"), &json!(10), &json!(15))
    );
    assert_eq!(
        stopped["errors"][0],
        "chunk 3: 5 user(s) left as they were: stopped: the wrong house"
    );
    setup.deliver_to("runs", &messages);
    assert_eq!(setup.run_of(&run), stopped);
    assert_eq!(setup.resets().len(), 10);
}

#[test]
fn a_list_is_stopped_in_the_middle_and_tells_who_was_at_work() {
    let (setup, ids) = people(10);
    let run = setup.carry_out(&replacing(&ids)).json();
    setup.after_creates(2, "UPDATE provisioning_runs SET stopped_at = 1");
    let verdicts = setup.deliver_to("runs", &setup.service.queued.borrow().clone());
    assert!(
        matches!(verdicts[..], [.., Verdict::Retry(_)]),
        "{verdicts:?}"
    );
    let done = setup.run_of(&run)["done"].as_u64().unwrap();
    assert!((2..=5).contains(&done), "{done}");
    assert_eq!(setup.resets().len() as u64, done);
    setup.deliver_to("dead-letters", &setup.taken());
    let ended = setup.run_of(&run);
    assert_eq!(
        (&ended["status"], &ended["skipped"]),
        (&json!("ended_early"), &json!(10 - done))
    );
}

#[test]
fn paused_runs_leave_a_list_as_it_is_and_say_so() {
    let (setup, ids) = people(3);
    let run = setup.carry_out(&replacing(&ids)).json();
    let pause = "INSERT INTO provisioning_pause VALUES (1, 1, 1, 'x', 'y')";
    setup.service.database.execute(pause, ());
    assert_eq!(
        setup.deliver_to("runs", &setup.taken()),
        [Verdict::Acknowledge]
    );
    let users = setup.users_of(&run);
    assert_eq!(
        users[0],
        ("skipped".to_owned(), Some("run_ended".to_owned()))
    );
    assert_eq!(setup.run_of(&run)["status"], "ended_early");
    assert!(setup.resets().is_empty());
}

#[test]
fn a_rate_limit_ends_a_delivery_and_the_others_are_done_later() {
    let (setup, ids) = people(9);
    let run = setup.carry_out(&replacing(&ids)).json();
    let messages = setup.taken();
    setup.break_down(Operation::Delete, &limited(Some("7")));
    let verdicts = setup.deliver_to("runs", &messages);
    assert_eq!(verdicts, [Verdict::Retry(Some(Duration::from_secs(7))); 2]);
    setup.mend();
    setup.deliver_to("runs", &messages);
    let ended = setup.run_of(&run);
    let failed = ended["failed"].as_u64().unwrap();
    assert!((1..=3).contains(&failed), "{ended}");
    assert_eq!(ended["done"], 9 - failed);
    assert_eq!(ended["status"], "completed");
}
