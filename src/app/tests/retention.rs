//! What the scheduled run deletes, on the shipped SQL.

use std::time::Duration;

use super::schedule::setup;
use crate::kernel::ids::first_ulid_of;
use crate::kernel::{Clock as _, Timestamp};
use crate::testing::service::TestService;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn count(service: &TestService, table: &str) -> u32 {
    let sql = format!("SELECT count(*) FROM {table}");
    service.database.query(&sql, [], |row| row.get(0))[0]
}

fn days_ago(service: &TestService, days: u32) -> Timestamp {
    service.clock.now().minus(DAY * days)
}

/// Adds audit rows of this moment.
fn add_entries(service: &TestService, count: u32, at: Timestamp) {
    service.database.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
         INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
         SELECT ?2, 'cron', 'x', 'u' || i, 'x', 'x' FROM n",
        (count, at.as_millis()),
    );
}

/// Adds an ended run with a chunk.
fn add_run(service: &TestService, at: Timestamp) {
    add_run_like(service, at, ("completed", "inline", None));
}

/// Adds a run with its status, its mode and what was asked for.
fn add_run_like(
    service: &TestService,
    at: Timestamp,
    (status, mode, bulk): (&str, &str, Option<&str>),
) {
    let id = first_ulid_of("run", at);
    service.database.execute(
        "INSERT INTO provisioning_runs
           (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at, mode, bulk, advanced_at)
         VALUES (?1, 'cron', 'cron', 'x', ?2, 50, ?3, ?4, ?5, ?6)",
        (&id, status, at.as_millis(), mode, bulk, service.clock.now().as_millis()),
    );
    service.database.execute(
        "INSERT INTO provisioning_chunks (run_id, chunk, user_ids, planned, waiting) VALUES (?1, 1, '[]', 0, 0)",
        [&id],
    );
    service.database.execute(
        "INSERT INTO provisioning_bulk_users (run_id, chunk, n, state) VALUES (?1, 1, 1, 'done')",
        [&id],
    );
}

#[test]
fn what_is_older_than_the_setting_says_is_deleted_and_nothing_else() {
    let (service, _) = setup();
    let service = service.setting("AUDIT_DAYS", "100");
    add_entries(&service, 3, days_ago(&service, 101));
    add_entries(&service, 2, days_ago(&service, 99));
    add_run(&service, days_ago(&service, 101));
    add_run(&service, days_ago(&service, 99));
    for days in [101, 99] {
        let day = days_ago(&service, days).as_secs() / 86_400;
        service.database.execute(
            "INSERT INTO daily_counts (day, name, value) VALUES (?1, 'created', 1), (?1, 'users', 5)",
            [day],
        );
    }
    for (email, days) in [("old@example.com", 2), ("new@example.com", 0)] {
        let at = days_ago(&service, days).as_millis();
        let row = (email, at);
        service
            .database
            .execute("INSERT INTO threedeye_removals VALUES (?1, ?2)", row);
    }
    service.run_schedule();
    // The run of this event and the account that it made are there as well.
    assert_eq!(count(&service, "audit_log WHERE action = 'x'"), 2);
    let before = first_ulid_of("run", days_ago(&service, 1));
    assert_eq!(
        count(
            &service,
            &format!("provisioning_runs WHERE run_id < '{before}'")
        ),
        1
    );
    assert_eq!(count(&service, "provisioning_chunks"), 1);
    assert_eq!(count(&service, "provisioning_bulk_users"), 1);
    let today = service.clock.now().as_secs() / 86_400;
    assert_eq!(
        count(&service, &format!("daily_counts WHERE day < {today}")),
        2
    );
    assert_eq!(count(&service, "threedeye_removals"), 1);
    // What was counted since the beginning stays.
    let created = "counters WHERE name = 'outcomes' AND kind = 'created' AND value = 3";
    assert_eq!(count(&service, created), 1);
}

#[test]
fn much_is_deleted_a_little_at_a_time() {
    let (service, _) = setup();
    add_entries(&service, 2_500, days_ago(&service, 401));
    add_entries(&service, 1, days_ago(&service, 399));
    for left in [1_501, 501, 1, 1] {
        service.run_schedule();
        assert_eq!(count(&service, "audit_log WHERE action = 'x'"), left);
    }
}

#[test]
fn a_run_that_is_not_at_its_end_is_kept_however_old_it_is() {
    let (service, _) = setup();
    let service = service.setting("AUDIT_DAYS", "2");
    let runs = [
        (("running", "queue", None), 1),
        (("running", "queue", Some("{}")), 1),
        (("running", "inline", Some("{}")), 1),
        // It died, and no one gives it up.
        (("running", "inline", None), 0),
        (("ended_early", "queue", None), 0),
        (("completed", "queue", Some("{}")), 0),
    ];
    for (days, (run, _)) in (3..).zip(runs) {
        add_run_like(&service, days_ago(&service, days), run);
    }
    let ids: Vec<String> = (3..)
        .zip(runs)
        .map(|(days, _)| first_ulid_of("run", days_ago(&service, days)))
        .collect();
    service.run_schedule();
    for (id, (run, kept)) in ids.iter().zip(runs) {
        for table in [
            "provisioning_runs",
            "provisioning_chunks",
            "provisioning_bulk_users",
        ] {
            let left = count(&service, &format!("{table} WHERE run_id = '{id}'"));
            assert_eq!(left, kept, "{table}, {run:?}");
        }
    }
}

#[test]
fn charts_keep_their_ninety_days_whatever_is_kept_of_the_trail() {
    let (service, _) = setup();
    let service = service.setting("AUDIT_DAYS", "2");
    for days in [91, 89] {
        let day = days_ago(&service, days).as_secs() / 86_400;
        let insert = "INSERT INTO daily_counts (day, name, value) VALUES (?1, 'users', 5)";
        service.database.execute(insert, [day]);
    }
    service.run_schedule();
    let today = service.clock.now().as_secs() / 86_400;
    assert_eq!(
        count(&service, &format!("daily_counts WHERE day < {today}")),
        1
    );
}
