//! Stopping a run, and the pages of the ledger.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Setup, setup};
use crate::app::delivery::Verdict;
use crate::testing::service::TestAnswer;
use crate::threedeye::simulated::Operation;

const REASON: &str = "3dEye is being maintained";

/// So many users more, and a queue.
pub fn crowd(count: u32) -> Setup {
    let setup = setup();
    let service = setup.service.queue();
    for number in 0..count {
        let id = format!("guest-{number:03}");
        service.add_user(&id, Some(&format!("{id}@example.com")));
    }
    Setup { service, ..setup }
}

impl Setup {
    pub fn stop(&self, run: &str) -> TestAnswer {
        let path = format!("/admin/threedeye/backfill/runs/{run}/stop");
        let body = json!({ "reason": REASON });
        self.service.post(&path).admin().json(&body).send()
    }

    fn runs(&self, query: &str) -> Value {
        let path = format!("/admin/threedeye/backfill/runs{query}");
        let answer = self.service.get(&path).admin().send();
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()
    }

    /// Has `act` done to the database once 3dEye has had so many creates; each takes a second.
    pub fn after_creates(&self, count: u32, act: &'static str) {
        self.slow_down(Operation::Create, 1);
        let (database, left) = (self.service.database.clone(), Cell::new(count));
        self.intercept(move |request| {
            if request.method == http::Method::POST && request.url.ends_with("/users") {
                left.set(left.get().saturating_sub(1));
                if left.get() == 0 {
                    database.execute(act, ());
                }
            }
            None
        });
    }
}

#[test]
fn a_planned_run_is_stopped_and_its_users_are_due_again() {
    let setup = crowd(58);
    let planned = setup.backfill("?limit=100&mode=queue").json();
    assert_eq!(planned["total"], 60);
    let run = super::text(&planned["runId"]);
    let stopped = setup.stop(&run);
    assert_eq!(stopped.status(), 202);
    let told = stopped.json();
    assert_eq!(
        (&told["status"], &told["skipped"]),
        (&json!("ended_early"), &json!(60))
    );
    assert_eq!(told["chunks"], json!({ "planned": 2, "closed": 2 }));
    assert_eq!(told["errors"][0], format!("chunk 1: stopped: {REASON}"));
    let sql = "SELECT subject || ' ' || reason FROM audit_log WHERE action = 'run.stop'";
    let trail = || -> Vec<String> { setup.service.database.query(sql, [], |row| row.get(0)) };
    assert_eq!(trail(), [format!("{run} {REASON}")]);
    // Again, it changes nothing.
    assert_eq!(setup.stop(&run).json(), told);
    assert_eq!(trail().len(), 1);
    // No one has to wait for the end of the hold.
    assert_eq!(setup.backfill("?limit=100").json()["created"], 60);
}

#[test]
fn a_run_in_one_process_begins_no_further_user_once_it_is_stopped() {
    let setup = crowd(198);
    setup.after_creates(6, "UPDATE provisioning_runs SET stopped_at = 1");
    let told = setup.backfill("?limit=200").json();
    assert_eq!(
        (&told["success"], &told["total"]),
        (&json!(false), &json!(200))
    );
    let created = told["created"].as_u64().unwrap();
    // Six at a time for five seconds, and those that were at work then.
    assert!((6..=42).contains(&created), "{created}");
    assert_eq!(told["skipped"], 200 - created);
    let line = super::text(&told["errors"][0]);
    assert!(
        line.starts_with("run ended early: the run was stopped"),
        "{line}"
    );
    setup.mend();
    let sql = "SELECT count(*) FROM threedeye_users WHERE lease_token IS NOT NULL";
    let leased: Vec<u32> = setup.service.database.query(sql, [], |row| row.get(0));
    assert_eq!(leased, [0]);
    assert_eq!(
        setup.backfill("?limit=200").json()["created"],
        200 - created
    );
}

#[test]
fn a_message_of_a_stopped_run_finds_no_user() {
    let setup = crowd(1);
    setup.backfill("?limit=100&mode=queue");
    // The process that stopped it died before it gave the chunk up.
    let sql = "UPDATE provisioning_runs SET stopped_at = 1";
    setup.service.database.execute(sql, ());
    assert!(matches!(setup.deliver()[..], [Verdict::Retry(Some(_))]));
    assert!(setup.remote.directory().accounts.is_empty());
    let id: Vec<String> =
        setup
            .service
            .database
            .query("SELECT run_id FROM provisioning_runs", [], |row| row.get(0));
    assert_eq!(setup.stop(&id[0]).json()["skipped"], 3);
}

#[test]
fn a_run_that_died_is_closed_and_one_that_ended_stays_as_it_is() {
    let setup = crowd(0);
    let sql = "INSERT INTO provisioning_runs
        (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
        VALUES ('run_1', 'manual', 'cron', 'req', 'running', 50, 1)";
    setup.service.database.execute(sql, ());
    let told = setup.stop("run_1").json();
    assert_eq!(
        (&told["status"], &told["errors"]),
        (
            &json!("ended_early"),
            &json!([format!("stopped: {REASON}")]),
        )
    );
    assert!(told["finishedAt"].is_string());
    let ended = super::text(&setup.run()["runId"]);
    let told = setup.stop(&ended);
    assert_eq!(
        (told.status(), &told.json()["status"]),
        (202, &json!("completed"))
    );
    assert_eq!(setup.stop("run_2").status(), 404);
    let path = "/admin/threedeye/backfill/runs/run_1/stop";
    for body in [
        json!({}),
        json!({ "reason": "" }),
        json!({ "reason": "x", "run": 1 }),
    ] {
        let refused = setup.service.post(path).admin().json(&body).send();
        assert_eq!(refused.status(), 400, "{body}");
    }
}

#[test]
fn the_ledger_is_read_a_page_at_a_time_and_by_trigger_and_status() {
    let setup = crowd(0);
    for (number, trigger, status) in [
        (1, "manual", "completed"),
        (2, "cron", "ended_early"),
        (3, "cron", "completed"),
        (4, "manual", "ended_early"),
        (5, "cron", "completed"),
        // Two that began together.
        (6, "cron", "completed"),
    ] {
        let id = format!("run_01JZX00000000000000000000{number}");
        let sql = "INSERT INTO provisioning_runs
            (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
            VALUES (?1, ?2, 'cron', 'req', ?3, 50, min(?4, 5))";
        setup
            .service
            .database
            .execute(sql, (id, trigger, status, number));
    }
    let listed = |query: &str| -> Vec<u32> {
        let mut numbers = Vec::new();
        let mut before = String::new();
        loop {
            let page = setup.runs(&format!("?limit=2{query}{before}"));
            let runs = page["runs"].as_array().unwrap();
            assert!(runs.len() <= 2);
            let ids = runs.iter().map(|run| super::text(&run["runId"]));
            numbers.extend(ids.map(|id| id.split_at(id.len() - 1).1.parse::<u32>().unwrap()));
            let Some(next) = page["next"].as_str() else {
                return numbers;
            };
            before = format!("&before={next}");
        }
    };
    assert_eq!(listed(""), [6, 5, 4, 3, 2, 1]);
    assert_eq!(listed("&trigger=cron"), [6, 5, 3, 2]);
    assert_eq!(listed("&status=ended_early"), [4, 2]);
    assert_eq!(listed("&trigger=cron&status=completed"), [6, 5, 3]);
    assert!(listed("&status=running").is_empty());
    let unknown = setup.runs("?before=run_01JZX0000000000000000000EX");
    assert_eq!(unknown, json!({ "runs": [], "next": null }));
    for query in [
        "before=",
        "before=1",
        "status=odd",
        "trigger=queue",
        "after=x",
    ] {
        let path = format!("/admin/threedeye/backfill/runs?{query}");
        assert_eq!(
            setup.service.get(&path).admin().send().status(),
            400,
            "{query}"
        );
    }
}

#[test]
fn a_run_that_is_removing_accounts_stops_as_well() {
    let setup = crowd(0);
    let service = setup.service.setting("OFFBOARD_AFTER_HOURS", "0");
    let setup = Setup { service, ..setup };
    assert_eq!(setup.run()["created"], 2);
    setup.service.database.execute("DELETE FROM users", ());
    setup.service.pass(Duration::from_secs(120));
    setup.slow_down(Operation::Delete, 6);
    let (database, done) = (setup.service.database.clone(), Cell::new(false));
    setup.intercept(move |request| {
        if request.method == http::Method::DELETE && !done.replace(true) {
            database.execute("UPDATE provisioning_runs SET stopped_at = 1", ());
        }
        None
    });
    let told = setup.run();
    assert_eq!(
        (&told["removed"], &told["success"]),
        (&json!(1), &json!(false))
    );
    setup.mend();
    assert_eq!(setup.run()["removed"], 1);
}
