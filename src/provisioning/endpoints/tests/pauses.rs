//! Pausing all runs.

use serde_json::{Value, json};

use super::stops::crowd;
use super::{ANN, ANN_EMAIL, Setup};
use crate::app;
use crate::operators::Role;
use crate::testing::service::{Lines, TestAnswer};

impl Setup {
    fn pause(&self, paused: bool) -> TestAnswer {
        let body = json!({ "paused": paused, "reason": "3dEye is being maintained" });
        let path = "/admin/threedeye/pause";
        let request = self.service.request(http::Method::PUT, path);
        request.admin().json(&body).send()
    }

    fn health(&self) -> Value {
        let answer = self.service.get("/health").send();
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()["checks"]["scheduledRun"].clone()
    }

    /// Delivers what was sent to the queue; tells the verdicts.
    pub fn deliver(&self) -> Vec<app::delivery::Verdict> {
        let messages: Vec<_> = self.service.queued.take().into_iter().map(Some).collect();
        let services = self.service.services();
        let log = Lines::default();
        let delivery = app::delivery::run(&services, "provisioning", &messages, &log);
        self.service.clock.run(delivery)
    }
}

#[test]
fn no_run_begins_while_they_are_paused_and_single_acts_go_on() {
    let setup = crowd(1);
    assert_eq!(
        setup.pause(false).json(),
        json!({ "paused": false, "since": null, "by": null, "reason": null })
    );
    let paused = setup.pause(true).json();
    assert_eq!(paused["paused"], true);
    assert!(
        paused["by"]
            .as_str()
            .unwrap()
            .contains("a***@smartphonekey.com")
    );
    for query in ["", "?mode=queue"] {
        assert_eq!(setup.backfill(query).status(), 409);
    }
    assert_eq!(setup.backfill("?dryRun=true").json()["total"], 3);
    let lines = setup.service.run_schedule();
    let line = lines.last().unwrap();
    assert_eq!(
        (&line["run.paused"], &line["level"]),
        (&json!(true), &json!("info"))
    );
    assert_eq!(setup.health(), "paused");
    let runs: Vec<u32> =
        setup
            .service
            .database
            .query("SELECT count(*) FROM provisioning_runs", [], |row| {
                row.get(0)
            });
    assert_eq!(runs, [0]);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    // What is so already stays as it was decided, and leaves no row in the trail.
    assert_eq!(setup.pause(true).json(), paused);
    assert_eq!(setup.pause(false).json()["paused"], false);
    let trail = "SELECT outcome FROM audit_log WHERE action = 'runs.pause' ORDER BY id";
    let trail: Vec<String> = setup.service.database.query(trail, [], |row| row.get(0));
    assert_eq!(trail, ["paused", "resumed"]);
    assert_eq!(setup.health(), "none_yet");
    assert_eq!(setup.backfill("").json()["created"], 2);
}

#[test]
fn a_planned_run_is_given_up_and_its_users_wait_for_the_next_one() {
    let setup = crowd(58);
    let run = super::text(&setup.backfill("?limit=100&mode=queue").json()["runId"]);
    setup.pause(true);
    let verdicts = setup.deliver();
    assert_eq!(verdicts, [app::delivery::Verdict::Acknowledge; 2]);
    let path = format!("/admin/threedeye/backfill/runs/{run}");
    let told = setup.service.get(&path).admin().send().json();
    assert_eq!(
        (&told["status"], &told["done"]),
        (&json!("ended_early"), &json!(0))
    );
    assert_eq!(
        told["errors"][0],
        "chunk 1: runs are paused; its users wait for the next run"
    );
    assert_eq!(setup.remote.directory().accounts.len(), 0);
    setup.pause(false);
    assert_eq!(setup.backfill("?limit=100").json()["created"], 60);
}

#[test]
fn a_run_at_work_begins_no_further_user() {
    let setup = crowd(198);
    setup.after_creates(
        6,
        "INSERT INTO provisioning_pause (id, paused, since, actor, reason) VALUES (1, 1, 1, 'a', 'r')
         ON CONFLICT DO NOTHING",
    );
    let told = setup.backfill("?limit=200").json();
    let created = told["created"].as_u64().unwrap();
    assert!((6..=42).contains(&created), "{created}");
    assert!(super::text(&told["errors"][0]).starts_with("run ended early: runs are paused"));
}

#[test]
fn a_consumer_at_work_leaves_the_rest_to_a_delivery_after_the_pause() {
    let setup = crowd(48);
    setup.backfill("?limit=100&mode=queue");
    setup.after_creates(
        6,
        "INSERT INTO provisioning_pause (id, paused, since, actor, reason) VALUES (1, 1, 1, 'a', 'r')
         ON CONFLICT DO NOTHING",
    );
    let messages = setup.service.queued.borrow().clone();
    assert!(matches!(
        setup.deliver()[..],
        [app::delivery::Verdict::Retry(Some(_))]
    ));
    let created = setup.remote.directory().accounts.len();
    assert!((6..=42).contains(&created), "{created}");
    setup.mend();
    *setup.service.queued.borrow_mut() = messages;
    assert_eq!(setup.deliver(), [app::delivery::Verdict::Acknowledge]);
    assert_eq!(setup.remote.directory().accounts.len(), created);
    setup.pause(false);
    assert_eq!(setup.backfill("?limit=100").json()["created"], 50 - created);
}

#[test]
fn only_an_admin_pauses_and_says_why() {
    let setup = crowd(0);
    let path = "/admin/threedeye/pause";
    let body = json!({ "paused": true, "reason": "maintenance" });
    let put = || setup.service.request(http::Method::PUT, path);
    let support = setup.service.sign_in(Role::Support);
    assert_eq!(put().session(&support).json(&body).send().status(), 403);
    let admin = setup.service.sign_in(Role::Admin);
    let told = put().session(&admin).json(&body).send().json();
    assert_eq!(told["by"], "operator:op_admin a***@smartphonekey.com");
    for bad in [
        json!({ "paused": true }),
        json!({ "reason": "x" }),
        json!({ "paused": 1, "reason": "x" }),
        json!({ "paused": true, "reason": "a\u{0}" }),
    ] {
        assert_eq!(put().admin().json(&bad).send().status(), 400, "{bad}");
    }
}
