//! Whom a run takes up, what it makes of each, and what it leaves in the ledger.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, OTHER_PASSWORD, Setup, limited, refused, setup};
use crate::kernel::Clock as _;
use crate::provisioning::policy::{CLOCK_SKEW, WATCH};
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};

const SECOND: Duration = Duration::from_secs(1);

/// As many users more.
fn many(count: u32) -> Setup {
    let setup = setup();
    for number in 0..count {
        let id = format!("guest-{number:02}");
        setup
            .service
            .add_user(&id, Some(&format!("{id}@example.com")));
    }
    setup
}

#[track_caller]
fn assert_counts(run: &Value, counts: [u32; 6]) {
    let fields = [
        "total",
        "created",
        "failed",
        "skipped",
        "quarantined",
        "remaining",
    ];
    let told = fields.map(|field| run[field].as_u64().unwrap());
    assert_eq!(told, counts.map(u64::from), "{run}");
}

impl Setup {
    fn set_email(&self, user: &str, email: Option<&str>) {
        let sql = "UPDATE users SET email = ?2 WHERE uuid = ?1";
        self.service.database.execute(sql, (user, email));
    }

    fn state(&self, user: &str) -> Value {
        self.diagnose(user)["mapping"]["state"].clone()
    }

    /// Refuses the creates of this e-mail alone.
    fn refuse_email(&self, email: &str, answer: fn() -> crate::kernel::http_client::HttpResponse) {
        let email = format!("\"{email}\"");
        self.intercept(move |request| {
            let body = request.body.as_deref().unwrap_or_default();
            let is_create = request.url.ends_with("/users");
            let names_it = String::from_utf8_lossy(body).contains(&email);
            (is_create && names_it).then(answer)
        });
    }
}

#[test]
fn a_run_takes_up_fifty_users_unless_told_otherwise() {
    let setup = many(51);
    assert_counts(&setup.run(), [50, 50, 0, 0, 0, 3]);
    assert_counts(&setup.backfill("?limit=2").json(), [2, 2, 0, 0, 0, 1]);
    assert_counts(&setup.backfill("?limit=500").json(), [1, 1, 0, 0, 0, 0]);
    let calls = setup.calls();
    assert_counts(&setup.run(), [0; 6]);
    assert_eq!(
        setup.calls(),
        calls,
        "where nothing is to be done, 3dEye is not asked"
    );
}

#[test]
fn users_without_an_email_are_never_taken_up() {
    let setup = setup();
    for (user, email) in [(ANN, None), (BOB, Some(""))] {
        setup.set_email(user, email);
    }
    setup.service.add_user(CYD, Some(" \t\n"));
    setup.service.add_user("dee", Some("dee@example.com"));
    setup
        .service
        .database
        .execute("DELETE FROM users WHERE uuid = 'dee'", ());
    assert_counts(&setup.run(), [0; 6]);
    setup.set_email(ANN, Some("late@example.com"));
    assert_counts(&setup.run(), [1, 1, 0, 0, 0, 0]);
    setup.assert_provisioned(ANN, "late@example.com", &[]);
    assert_eq!(setup.remote.directory().accounts.len(), 1);
}

#[test]
fn a_user_under_anothers_lease_is_passed_over_until_it_ends() {
    let setup = setup();
    let until = setup.service.clock.now().as_millis() + 40_000;
    let held = "INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
        VALUES (?1, 'idle', 'other', ?2, 1, 1)";
    setup.service.database.execute(held, (ANN, until));
    assert_eq!(setup.run()["created"], 1);
    setup.assert_provisioned(BOB, BOB_EMAIL, &[]);
    assert!(setup.remote.directory().with_email(ANN_EMAIL).is_empty());
    setup.service.pass(Duration::from_secs(41));
    assert_eq!(setup.run()["created"], 1);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn a_user_that_fails_blocks_no_other_and_waits_longer_and_longer() {
    let setup = many(3);
    setup.refuse_email(ANN_EMAIL, || response(400, "ann@example.com is bad"));
    for _ in 0..6 {
        setup.backfill("?limit=1");
    }
    for user in ["guest-00", "guest-01", "guest-02"] {
        setup.assert_provisioned(user, &format!("{user}@example.com"), &[]);
    }
    assert!(setup.remote.directory().with_email(ANN_EMAIL).is_empty());

    let setup = self::setup();
    setup.set_email(BOB, None);
    setup.refuse_email(ANN_EMAIL, || response(400, "ann@example.com is bad"));
    for (attempt, seconds) in [(1, 0), (2, 30), (3, 60), (4, 120), (5, 240)] {
        let run = setup.run();
        assert_counts(&run, [1, 0, 1, 0, 0, 1]);
        let line = format!("{ANN}: 3dEye refused the request with status 400");
        assert_eq!(
            (&run["errors"], &run["success"]),
            (&json!([line]), &json!(true))
        );
        let due = setup.service.clock.now().plus(Duration::from_secs(seconds));
        let mapping = &setup.diagnose(ANN)["mapping"];
        assert_eq!(mapping["attempts"], attempt);
        assert_eq!(mapping["nextAttemptAt"], due.to_iso());
        if seconds > 0 {
            setup
                .service
                .pass(Duration::from_secs(seconds) - CLOCK_SKEW - SECOND);
            assert_eq!(setup.run()["total"], 0, "not before it is due");
            setup.service.pass(CLOCK_SKEW + SECOND);
        }
    }
    setup.set_email(ANN, Some("good@example.com"));
    assert_eq!(setup.run()["created"], 1);
    setup.assert_provisioned(ANN, "good@example.com", &[]);
}

#[test]
fn a_quarantined_user_costs_later_runs_a_look_at_the_list_for_a_day_and_then_nothing() {
    let setup = setup();
    setup.add_foreign_account("Ann@Example.com");
    let run = setup.run();
    assert_counts(&run, [2, 1, 1, 0, 1, 0]);
    let message = "the e-mail belongs to an account outside our customer";
    assert_eq!(run["errors"], json!([format!("{ANN}: {message}")]));
    let mapping = &setup.diagnose(ANN)["mapping"];
    let told = (&mapping["state"], &mapping["lastError"]);
    assert_eq!(told, (&json!("quarantined"), &json!(message)));
    let keep_ours = |account: &Account| account.ours;
    setup.remote.directory_mut().accounts.retain(keep_ours);
    let lists = setup.remote.calls(Operation::List);
    assert_eq!(setup.run()["total"], 0, "though the e-mail is free by now");
    assert_eq!(setup.remote.calls(Operation::List), lists + 1);
    setup.service.pass(WATCH);
    let calls = setup.calls();
    assert_eq!(setup.run()["total"], 0);
    assert_eq!(setup.calls(), calls);
    setup.reset(ANN, &json!({}));
    assert_eq!(setup.run()["created"], 1);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn the_second_user_of_an_email_is_set_aside_until_it_is_free_or_changes() {
    for (email_changes, email) in [(true, "bobby@example.com"), (false, ANN_EMAIL)] {
        let setup = setup();
        setup.set_email(BOB, Some(" ANN@Example.com "));
        setup.provision(ANN);
        let run = setup.run();
        assert_counts(&run, [1, 0, 1, 0, 0, 0]);
        let line = format!("{BOB}: another user holds the same e-mail");
        assert_eq!(run["errors"], json!([line]));
        assert_eq!(setup.state(BOB), "set_aside");
        assert_eq!(setup.run()["total"], 0);
        assert_eq!(setup.remote.directory().with_email(ANN_EMAIL).len(), 1);
        if email_changes {
            setup.set_email(BOB, Some(email));
        } else {
            setup.set_email(ANN, None);
            setup.reset(ANN, &json!({ "deleteRemote": false }));
        }
        assert_eq!(setup.run()["created"], 1);
        setup.assert_provisioned(BOB, email, &[]);
    }
}

#[test]
fn an_account_that_was_there_is_replaced_and_the_trail_tells() {
    let setup = setup();
    setup.set_email(BOB, None);
    setup.add_account("old", "Ann@Example.com", &["r1", "r2"]);
    assert_eq!(setup.run()["created"], 1);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    let account = setup.account(ANN_EMAIL);
    assert_ne!(
        (account.user.id.0.as_str(), account.password.as_str()),
        ("old", OTHER_PASSWORD)
    );
    assert_eq!(setup.diagnose(ANN)["recovery"]["found"], false);
    let request = setup.last_run()["runId"].clone();
    assert!(request.is_string());
    let sql = "SELECT action, outcome, actor FROM audit_log
        WHERE action <> 'threedeye.read_credentials' ORDER BY id";
    let rows: Vec<[String; 3]> = setup
        .service
        .database
        .query(sql, (), |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]));
    let told: Vec<[&str; 2]> = rows
        .iter()
        .map(|row| [row[0].as_str(), row[1].as_str()])
        .collect();
    let expected = [
        ["threedeye.save_roles", "2 role(s) of account old"],
        ["threedeye.provision", "replaced"],
    ];
    assert_eq!(told, expected);
    assert!(
        rows.iter()
            .all(|row| row[2].ends_with(" a***@smartphonekey.com (auth0|anna)"))
    );
}

#[test]
fn a_run_replaces_as_many_accounts_as_it_may_and_blocks_no_user_behind() {
    let mut setup = many(4);
    setup.service = setup.service.setting("BACKFILL_MAX_TAKEOVERS", "2");
    for (number, email) in [ANN_EMAIL, BOB_EMAIL, "guest-00@example.com"]
        .iter()
        .enumerate()
    {
        setup.add_account(&format!("old-{number}"), email, &[]);
    }
    let first = setup.run();
    assert_counts(&first, [6, 5, 0, 1, 0, 1]);
    assert_eq!(setup.remote.calls(Operation::Delete), 2);
    assert!(first["errors"].to_string().contains("take-over limit"));
    assert_eq!(setup.run()["created"], 1);

    let mut setup = many(4);
    setup.service = setup.service.setting("BACKFILL_MAX_TAKEOVERS", "2");
    for (number, email) in [ANN_EMAIL, BOB_EMAIL].iter().enumerate() {
        setup.add_account(&format!("old-{number}"), email, &[]);
    }
    for number in 0..3 {
        let email = format!("guest-{number:02}@example.com");
        setup.add_account(&format!("guests-{number}"), &email, &[]);
    }
    for _ in 0..8 {
        setup.backfill("?limit=3");
    }
    setup.assert_provisioned("guest-03", "guest-03@example.com", &[]);
    assert_eq!(setup.run()["remaining"], 0);
}

#[test]
fn roles_that_wait_from_before_are_attached_to_the_account_that_comes() {
    let setup = setup();
    setup.add_account("other", "other@example.com", &["r1", "r2"]);
    let waiting = "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, '[\"r1\",\"r2\"]', 1)";
    setup.service.database.execute(waiting, [ANN]);
    assert_eq!(setup.run()["created"], 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    assert_eq!(setup.diagnose(ANN)["recovery"]["found"], false);
}

#[test]
fn a_rate_limit_or_five_outages_in_a_row_end_a_run_and_lose_nothing() {
    for (fault, ended) in [
        (
            limited(Some("60")),
            "run ended early: 3dEye limits our rate",
        ),
        (
            Fault::Mangled(|_| response(500, "")),
            "run ended early: five upstream failures in a row",
        ),
    ] {
        let setup = many(18);
        setup
            .remote
            .faults()
            .plan(Operation::Create, vec![Fault::None; 3]);
        setup.break_down(Operation::Create, &fault);
        // So that no account can be proved to be the user's yet.
        setup.remote.faults().plan(Operation::Token, [Fault::None]);
        setup.break_down(Operation::Token, &refused(500, ""));
        let first = setup.run();
        assert_eq!(
            (&first["success"], &first["total"]),
            (&json!(false), &json!(20))
        );
        let lines = first["errors"].as_array().unwrap();
        assert!(
            lines
                .iter()
                .any(|line| line.as_str().unwrap().starts_with(ended)),
            "{first}"
        );
        assert!(
            first["skipped"].as_u64().unwrap() >= 8,
            "no new one was taken up"
        );
        assert!(setup.remote.calls(Operation::Create) <= 13);
        let done: u64 = ["created", "failed", "skipped"]
            .iter()
            .map(|field| first[field].as_u64().unwrap())
            .sum();
        assert_eq!(done, 20);
        setup.mend();
        for _ in 0..3 {
            setup.run();
        }
        assert_eq!(setup.remote.directory().accounts.len(), 20);
        for number in 0..18 {
            let id = format!("guest-{number:02}");
            setup.assert_provisioned(&id, &format!("{id}@example.com"), &[]);
        }
    }
}

#[test]
fn failures_that_speak_against_single_users_do_not_end_a_run() {
    let setup = many(16);
    setup.refuse(Operation::Create, 400, 3);
    setup.remote.faults().plan(Operation::Create, [Fault::None]);
    setup.refuse(Operation::Create, 400, 4);
    assert_counts(&setup.run(), [18, 11, 7, 0, 0, 7]);
}

#[test]
fn the_ledger_tells_of_every_run_newest_first() {
    let setup = setup();
    let mut ids = Vec::new();
    for _ in 0..3 {
        setup.service.pass(Duration::from_secs(1));
        ids.insert(0, setup.backfill("?limit=1").json()["runId"].clone());
    }
    let list = |query: &str| {
        let path = format!("/admin/threedeye/backfill/runs{query}");
        let answer = setup.service.get(&path).admin().send().json();
        answer["runs"].as_array().unwrap().clone()
    };
    let told: Vec<Value> = list("?limit=200")
        .iter()
        .map(|run| run["runId"].clone())
        .collect();
    assert_eq!(told, ids);
    let began = setup
        .service
        .clock
        .now()
        .minus(Duration::from_secs(2))
        .to_iso();
    let expected = json!({
        "runId": ids[2], "trigger": "manual", "mode": "inline",
        "action": "backfill", "status": "completed", "died": false, "limit": 1,
        "total": 1, "created": 1, "failed": 0, "skipped": 0, "quarantined": 0, "remaining": 1,
        "errors": [], "startedAt": began, "finishedAt": began,
    });
    assert_eq!(list("")[2], expected);
    for number in 0..25 {
        let sql = "INSERT INTO provisioning_runs (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at)
            VALUES (printf('run_9%025d', ?1), 'cron', 'cron', 'req_x', 'running', 50, 9000000000000 + ?1)";
        setup.service.database.execute(sql, [number]);
    }
    let shown = list("");
    let newest = json!("run_90000000000000000000000024");
    assert_eq!((shown.len(), &shown[0]["runId"]), (20, &newest));
    let open = (
        &shown[0]["status"],
        &shown[0]["finishedAt"],
        &shown[0]["remaining"],
    );
    assert_eq!(open, (&json!("running"), &Value::Null, &Value::Null));
}
