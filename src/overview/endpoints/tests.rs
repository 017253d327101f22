//! How the service stands and went, through the router, on the shipped SQL.

use std::time::Duration;

use serde_json::{Value, json};

use crate::auth::fake;
use crate::kernel::Clock as _;
use crate::testing::service::TestService;

fn get(service: &TestService, path: &str) -> Value {
    let answer = service.get(path).admin().send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
    answer.json()
}

fn count(count: u32) -> Value {
    json!({ "count": count, "more": false })
}

/// Adds a user whose provisioning stands so.
fn add(service: &TestService, number: u32, state: &str, error: Option<&str>) {
    let id = format!("u{number}");
    service.add_user(&id, Some(&format!("{id}@example.com")));
    let insert = "
        INSERT INTO threedeye_users (user_id, state, email_key, password_sealed, last_error, created_at, updated_at)
        VALUES (?1, ?2, ?1 || '@example.com', iif(?2 = 'set_aside', NULL, 'x'), ?3, 1, 1)";
    service.database.execute(insert, (id, state, error));
}

#[test]
fn an_empty_service_has_nothing_to_tell() {
    let service = TestService::new();
    let overview = get(&service, "/admin/overview");
    assert_eq!(
        overview,
        json!({
            "waiting": count(0), "due": count(0), "failing": count(0), "attaching": count(0),
            "quarantined": count(0), "setAside": count(0), "noticesWaiting": count(0),
            "noticesFailing": count(0), "lockedOut": count(0), "oldestDueAt": null, "run": null,
            "paused": false, "totals": null, "at": fake::at(0),
        })
    );
}

#[test]
fn every_state_is_counted_and_the_run_under_way_is_told() {
    let service = TestService::new();
    add(&service, 1, "pending", None);
    add(&service, 2, "pending", Some("3dEye is unavailable"));
    add(&service, 3, "attaching", Some("x"));
    add(&service, 4, "quarantined", Some("x"));
    add(&service, 5, "quarantined", Some("x"));
    add(&service, 6, "set_aside", Some("x"));
    add(&service, 7, "complete", None);
    let now = fake::at(0).as_millis();
    service.database.execute(
        "UPDATE provisioning_queue SET due_at = ?1 WHERE user_id <> 'u1'",
        [now + 1],
    );
    for (id, attempts) in [("ntc_1", 0), ("ntc_2", 3)] {
        service.database.execute(
            "INSERT INTO notices (id, type, user_id, recipient, created_at, attempts, due_at)
             VALUES (?1, 'email_changed', 'u1', ?1, 0, ?2, 0)",
            (id, attempts),
        );
    }
    for (user, failures, until) in [
        ("u1", 5, now + 1),
        ("u2", 9, now),
        ("u3", 100, 0),
        ("u4", 4, 0),
    ] {
        service.database.execute(
            "INSERT INTO second_factors (user_id, backup_failures, backup_locked_until) VALUES (?1, ?2, ?3)",
            (user, failures, until),
        );
    }
    let minute = 60_000;
    for (id, mode, status, started, advanced) in [
        ("run_1", "inline", "running", now - 20 * minute, None),
        (
            "run_2",
            "queue",
            "running",
            now - 40 * minute,
            Some(now - minute),
        ),
        ("run_3", "inline", "completed", now - minute, None),
    ] {
        service.database.execute(
            "INSERT INTO provisioning_runs (run_id, trigger_kind, mode, actor, request_id, status, batch_limit,
               total, created, started_at, advanced_at)
             VALUES (?1, 'cron', ?2, 'cron', 'req', ?3, 50, 40, 7, ?4, ?5)",
            (id, mode, status, started, advanced),
        );
    }
    service.database.execute(
        "INSERT INTO provisioning_pause VALUES (1, 1, 0, 'x', 'x')",
        [],
    );
    let overview = get(&service, "/admin/overview");
    assert_eq!(overview["paused"], true);
    for (name, expected) in [
        ("waiting", 3),
        ("due", 1),
        ("failing", 1),
        ("attaching", 1),
        ("quarantined", 2),
        ("setAside", 1),
        ("noticesWaiting", 2),
        ("noticesFailing", 1),
        ("lockedOut", 2),
    ] {
        assert_eq!(overview[name], count(expected), "{name}: {overview}");
    }
    assert!(overview["oldestDueAt"].is_string());
    let run = &overview["run"];
    assert_eq!(
        (&run["runId"], &run["total"], &run["created"]),
        (&json!("run_2"), &json!(40), &json!(7))
    );
}

#[test]
fn a_list_that_waits_in_the_queue_is_under_way() {
    let service = TestService::new();
    let since = fake::at(0).as_millis() - 20 * 60_000;
    service.database.execute(
        "INSERT INTO provisioning_runs (run_id, trigger_kind, mode, action, actor, request_id, status, batch_limit,
           started_at, advanced_at)
         VALUES ('run_1', 'manual', 'queue', 'reset', 'ann', 'req', 'running', 50, ?1, ?1)",
        [since],
    );
    assert_eq!(get(&service, "/admin/overview")["run"]["runId"], "run_1");
}

#[test]
fn what_is_more_than_a_thousand_is_not_counted_on() {
    let service = TestService::new();
    service.database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
         INSERT INTO users (uuid, email, created_at) SELECT 'u' || i, 'u' || i || '@example.com', '' FROM n",
        [],
    );
    let overview = get(&service, "/admin/overview");
    let more = json!({ "count": 1000, "more": true });
    assert_eq!((&overview["waiting"], &overview["due"]), (&more, &more));
}

#[test]
fn an_answer_is_told_again_for_ten_seconds() {
    let service = TestService::new();
    let read = || service.batches_of(|| get(&service, "/admin/overview")["due"]["count"].clone());
    assert_eq!(read(), (json!(0), 1));
    service.add_user("u1", Some("u1@example.com"));
    service.pass(Duration::from_millis(9_999));
    assert_eq!(read(), (json!(0), 0));
    service.pass(Duration::from_millis(1));
    assert_eq!(read(), (json!(1), 1));
}

/// Adds to a count of today, which begins at this service's midnight.
fn add_count(service: &TestService, day: i64, name: &str, detail: &str, hours: &Value) {
    let value: i64 = hours
        .as_object()
        .unwrap()
        .values()
        .map(|n| n.as_i64().unwrap())
        .sum();
    service.database.execute(
        "INSERT INTO daily_counts (day, name, detail, value, hours) VALUES (?1, ?2, ?3, ?4, ?5)",
        (day, name, detail, value, hours.to_string()),
    );
}

#[test]
fn counts_are_told_by_the_day_and_by_the_hour() {
    let service = TestService::new();
    // 2026-11-21 is day 20,778.
    add_count(&service, 20_778, "created", "", &json!({ "0": 3, "10": 4 }));
    add_count(&service, 20_778, "adopted", "", &json!({ "10": 1 }));
    add_count(&service, 20_779, "replaced", "", &json!({ "5": 2 }));
    add_count(
        &service,
        20_778,
        "failed",
        "unavailable",
        &json!({ "10": 5 }),
    );
    add_count(
        &service,
        20_778,
        "quarantined",
        "orphan",
        &json!({ "10": 6 }),
    );
    add_count(
        &service,
        20_779,
        "set_aside",
        "duplicate",
        &json!({ "23": 7 }),
    );
    add_count(&service, 20_778, "time", "300", &json!({ "10": 5 }));
    add_count(&service, 20_778, "time", "more", &json!({ "0": 3 }));
    add_count(&service, 20_778, "users", "", &json!({}));
    let days = get(
        &service,
        "/admin/stats?from=2026-11-21T12:00:00Z&to=2026-11-23T00:00:00Z",
    );
    let bucket = |start: &str, numbers: [u32; 7]| {
        let [
            created,
            adopted,
            replaced,
            roles,
            failed,
            quarantined,
            set_aside,
        ] = numbers;
        json!({
            "start": start, "created": created, "adopted": adopted, "replaced": replaced, "rolesAttached": roles,
            "failed": failed, "quarantined": quarantined, "setAside": set_aside,
        })
    };
    assert_eq!(
        days["buckets"],
        json!([
            bucket("2026-11-21T00:00:00.000Z", [7, 1, 0, 0, 11, 6, 0]),
            bucket("2026-11-22T00:00:00.000Z", [0, 0, 2, 0, 7, 0, 7]),
        ])
    );
    assert_eq!(
        days["reasons"],
        json!([
            { "reason": "duplicate", "count": 7 },
            { "reason": "orphan", "count": 6 },
            { "reason": "unavailable", "count": 5 },
        ])
    );
    let waits: Vec<(&Value, &Value)> = days["timeToProvision"]
        .as_array()
        .unwrap()
        .iter()
        .map(|wait| (&wait["atMostSeconds"], &wait["count"]))
        .collect();
    assert_eq!(waits[1], (&json!(300), &json!(5)));
    assert_eq!(waits[5], (&Value::Null, &json!(3)));
    let hours = get(
        &service,
        "/admin/stats?from=2026-11-21T10:30:00Z&to=2026-11-21T12:00:00Z&bucket=hour",
    );
    assert_eq!(
        hours["buckets"],
        json!([
            bucket("2026-11-21T10:00:00.000Z", [4, 1, 0, 0, 11, 6, 0]),
            bucket("2026-11-21T11:00:00.000Z", [0; 7]),
        ])
    );
    assert_eq!(
        hours["timeToProvision"][5]["count"], 0,
        "midnight was another hour"
    );
}

#[test]
fn the_depth_has_a_point_for_each_of_300_parts() {
    let service = TestService::new();
    let now = service.clock.now().as_millis();
    for sample in 0..100 {
        service.database.execute(
            "INSERT INTO depth_samples (at, waiting, due, oldest_due_at, notices) VALUES (?1, ?2, 1, ?1 - 1, 0)",
            (now - sample * 900_000, sample),
        );
    }
    let day = format!(
        "/admin/stats?bucket=hour&from={}&to={}",
        service
            .clock
            .now()
            .minus(Duration::from_secs(86_400))
            .to_iso(),
        service.clock.now().to_iso(),
    );
    let depth = get(&service, &day)["depth"].clone();
    assert_eq!(depth.as_array().unwrap().len(), 96);
    assert_eq!(
        (&depth[0]["waiting"], &depth[95]["waiting"]),
        (&json!(96), &json!(1))
    );
    assert!(depth[0]["oldestDueAt"].as_str() < depth[0]["at"].as_str());
    let month = get(&service, "/admin/stats");
    let points = month["depth"].as_array().unwrap().len();
    // Parts of 2 h 24 min: eleven of the last day.
    assert!((10..=12).contains(&points), "{points}");
}

/// What the charts tell of today.
fn today(service: &TestService) -> (Value, Vec<u64>) {
    let now = service.clock.now();
    let path = format!(
        "/admin/stats?from={}&to={}",
        now.minus(Duration::from_millis(1)).to_iso(),
        now.plus(Duration::from_secs(1)).to_iso()
    );
    let stats = get(service, &path);
    let waits = stats["timeToProvision"].as_array().unwrap().iter();
    let waits = waits.map(|wait| wait["count"].as_u64().unwrap()).collect();
    (stats["buckets"][0].clone(), waits)
}

#[test]
fn a_scheduled_run_and_a_single_login_leave_their_marks() {
    let (service, _remote) = TestService::with_3deye("svc@example.com", |remote| remote);
    service.add_user("ann", Some("ann@example.com"));
    service.pass(Duration::from_secs(240));
    service.add_user("bob", Some("bob@example.com"));
    service.run_schedule();
    let (bucket, waits) = today(&service);
    assert_eq!(
        (&bucket["created"], &bucket["failed"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(waits, [1, 1, 0, 0, 0, 0]);
    service.add_user("eve", Some("eve@example.com"));
    service.pass(Duration::from_secs(600));
    let login = service.get("/users/eve/3deye-credentials").admin().send();
    assert_eq!(login.status(), 200);
    let (bucket, waits) = today(&service);
    assert_eq!(bucket["created"], 3);
    assert_eq!(waits, [1, 1, 1, 0, 0, 0]);
    let samples = "SELECT waiting || ' ' || due || ' ' || notices FROM depth_samples";
    let samples: Vec<String> = service.database.query(samples, [], |row| row.get(0));
    assert_eq!(samples, ["2 2 0"], "as it was before the run");
}

#[test]
fn users_are_counted_once_a_night() {
    let service = TestService::new();
    service.add_user("u1", None);
    add(&service, 2, "complete", None);
    let counted = || -> Vec<String> {
        let select = "SELECT name || ' ' || value FROM daily_counts ORDER BY day, name";
        service.database.query(select, [], |row| row.get(0))
    };
    let midnight = 86_400 - service.clock.now().as_secs() % 86_400;
    service.pass(Duration::from_secs(u64::try_from(midnight).unwrap() + 3600));
    service.run_schedule();
    assert_eq!(counted(), [""; 0], "it is one in the morning");
    service.pass(Duration::from_secs(3600));
    service.run_schedule();
    service.add_user("u3", None);
    service.run_schedule();
    assert_eq!(counted(), ["complete 1", "users 2"]);
    let totals = get(&service, "/admin/overview")["totals"].clone();
    assert_eq!(
        (&totals["users"], &totals["complete"]),
        (&json!(2), &json!(1))
    );
    service.pass(Duration::from_secs(86_400));
    service.run_schedule();
    assert_eq!(counted()[3], "users 3");
}

#[test]
fn samples_are_forgotten_after_ninety_days() {
    let service = TestService::new();
    service.run_schedule();
    service.pass(Duration::from_secs(90 * 86_400));
    service.run_schedule();
    let count = "SELECT count(*) FROM depth_samples";
    let count: Vec<u32> = service.database.query(count, [], |row| row.get(0));
    assert_eq!(count, [1]);
}
