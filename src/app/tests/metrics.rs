//! `GET /metrics`, on the shipped SQL.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use openmetrics_parser::prometheus::parse_prometheus;
use serde_json::json;

use super::ADA;
use super::schedule::{EMAIL, setup};
use crate::operators::Role;
use crate::provisioning::fanout::ChunkId;
use crate::testing::service::{Lines, TestService};

const MINUTE: Duration = Duration::from_secs(60);

/// Makes an API key.
fn key(service: &TestService, body: &serde_json::Value) -> String {
    let answer = service.post("/admin/api-keys").admin().json(body).send();
    assert_eq!(answer.status(), 201, "{}", answer.json());
    answer.json()["key"].as_str().unwrap().to_owned()
}

/// The metrics as text.
fn scrape(service: &TestService) -> String {
    let answer = service.get("/metrics").admin().send();
    assert_eq!(answer.status(), 200);
    let kind = answer.header("content-type");
    assert_eq!(kind, Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    String::from_utf8(answer.0.reply.body).unwrap()
}

/// The value of a sample, with its labels.
fn value(text: &str, sample: &str) -> Option<f64> {
    let line = text
        .lines()
        .find(|line| line.split_once(' ').is_some_and(|(it, _)| it == sample))?;
    line.split_once(' ').unwrap().1.parse().ok()
}

#[track_caller]
fn assert_values(service: &TestService, expected: &[(&str, f64)]) {
    let text = scrape(service);
    for (sample, expected) in expected {
        assert_eq!(value(&text, sample), Some(*expected), "{sample} in {text}");
    }
}

#[test]
fn a_key_with_the_scope_and_the_admin_pair_may_scrape() {
    let service = TestService::new();
    service.add_user(ADA, Some(EMAIL));
    let good = key(&service, &json!({ "scopes": ["metrics:read"] }));
    let others = key(&service, &json!({ "scopes": ["threedeye:read"] }));
    let adas = key(
        &service,
        &json!({ "scopes": ["metrics:read"], "userId": ADA }),
    );
    for (status, key) in [(200, &good), (403, &others), (403, &adas)] {
        let by_header = service.get("/metrics").header("x-api-key", key).send();
        assert_eq!(by_header.status(), status);
        assert_eq!(service.get("/metrics").bearer(key).send().status(), status);
    }
    assert_eq!(service.get("/metrics").admin().send().status(), 200);
    let session = service.sign_in(Role::Admin);
    let by_session = service.get("/metrics").session(&session).send();
    let unknown = format!("spk_{}", "A".repeat(43));
    for refused in [
        by_session,
        service.get("/metrics").send(),
        service.get("/metrics").bearer(&unknown).send(),
        service.get("/metrics").person(ADA).send(),
        service.get("/metrics").header("x-api-key", "spk_x").send(),
    ] {
        assert_eq!(refused.status(), 401);
    }
    let misspelt = service.get("/metrics?match[]=x").bearer(&good).send();
    assert_eq!(misspelt.status(), 400);
}

#[test]
fn gauges_are_those_of_the_last_scheduled_run_and_tell_their_age() {
    let (service, remote) = setup();
    let fresh = scrape(&service);
    assert_eq!(value(&fresh, "spkey_gauges_age_seconds"), None);
    assert_eq!(
        value(&fresh, "spkey_outcomes_total{outcome=\"created\"}"),
        Some(0.0)
    );
    let (id, password) = ("foreign", "Another-Password-1");
    remote
        .directory_mut()
        .add(id, "bob@example.com", password, &[], false);
    service.add_user("bob", Some("bob@example.com"));
    service.run_schedule();
    service.pass(MINUTE);
    assert_values(
        &service,
        &[
            ("spkey_gauges_age_seconds", 60.0),
            ("spkey_users_waiting", 0.0),
            ("spkey_users_quarantined", 1.0),
            ("spkey_oldest_due_age_seconds", 0.0),
            ("spkey_outcomes_total{outcome=\"created\"}", 1.0),
            ("spkey_outcomes_total{outcome=\"quarantined\"}", 1.0),
            ("spkey_outcomes_total{outcome=\"failed\"}", 0.0),
            ("spkey_scheduled_run_status{status=\"completed\"}", 1.0),
            ("spkey_scheduled_run_status{status=\"running\"}", 0.0),
            ("spkey_provisioning_paused", 0.0),
        ],
    );
    assert!(value(&scrape(&service), "spkey_database_size_bytes").unwrap() > 4096.0);
}

#[test]
fn users_that_fail_are_told_by_reason() {
    let service = TestService::new();
    let insert = "INSERT INTO threedeye_users (user_id, state, last_error, error_code, created_at, updated_at)
                  VALUES (?1, ?2, 'x', ?3, 1, 1)";
    for (user, state, reason) in [
        ("a", "pending", "unavailable"),
        ("b", "pending", "settling"),
        ("c", "pending", "unavailable"),
        ("d", "quarantined", "orphan"),
    ] {
        service.database.execute(insert, (user, state, reason));
    }
    service.run_schedule();
    assert_values(
        &service,
        &[
            ("spkey_users_failing{reason=\"unavailable\"}", 2.0),
            ("spkey_users_failing{reason=\"settling\"}", 1.0),
            ("spkey_users_failing{reason=\"orphan\"}", 0.0),
            ("spkey_users_quarantined", 1.0),
        ],
    );
}

#[test]
fn refusals_are_written_down_once_a_minute_and_never_cost_a_call_themselves() {
    let service = TestService::new();
    let refused = || service.get("/admin/audit").send();
    let count = |kind: &str| {
        let sample = format!("spkey_requests_refused_total{{kind=\"{kind}\"}}");
        value(&scrape(&service), &sample)
    };
    let (_, calls) = service.batches_of(|| {
        refused();
        service.pass(MINUTE);
        refused();
    });
    assert_eq!(calls, 0);
    // The scrape itself lets them be written down, after its answer.
    assert_eq!(count("unauthenticated"), Some(0.0));
    assert_eq!(count("unauthenticated"), Some(2.0));
    // Where the database fails, nothing that was counted is lost.
    refused();
    service.pass(MINUTE);
    service.spared_batches.set(Some(0));
    service.get("/health").send();
    service.spared_batches.set(None);
    service.pass(MINUTE);
    service.run_schedule();
    assert_eq!(count("unauthenticated"), Some(3.0));
}

#[test]
fn outcomes_of_the_same_kind_add_up_over_days() {
    let (service, _) = setup();
    let key = key(&service, &json!({ "scopes": ["metrics:read"] }));
    service.run_schedule();
    service.pass(Duration::from_secs(2 * 24 * 60 * 60));
    service.add_user("bob", Some("bob@example.com"));
    service.run_schedule();
    // Tokens have expired by now; keys have not.
    let scraped = service.get("/metrics").bearer(&key).send();
    let text = String::from_utf8(scraped.0.reply.body).unwrap();
    let created = "spkey_outcomes_total{outcome=\"created\"}";
    assert_eq!(value(&text, created), Some(2.0));
}

#[test]
fn dead_letters_are_counted() {
    let (service, _) = setup();
    let service = service.queue();
    service.run_schedule();
    let messages: Vec<Option<ChunkId>> =
        service.queued.borrow().iter().cloned().map(Some).collect();
    let (services, log) = (service.services(), Lines::default());
    let dead = crate::app::delivery::run(&services, "x-dead-letters", &messages, &log);
    service.clock.run(dead);
    assert_values(&service, &[("spkey_dead_letters_total", 1.0)]);
}

#[test]
fn head_is_no_scrape() {
    let service = TestService::new();
    let head = service.request(Method::HEAD, "/metrics").admin().send();
    assert_eq!(head.status(), 405);
}

/// The families of a scrape after a scheduled run, by a parser of the published grammar.
fn families(text: &str) -> Vec<String> {
    let parsed = parse_prometheus(text).unwrap();
    let mut names: Vec<String> = parsed.families.into_keys().collect();
    names.sort();
    names
}

/// What `promtool check metrics` asks for.
#[test]
fn names_and_helps_follow_the_rules_of_prometheus() {
    let (service, _) = setup();
    service.run_schedule();
    let text = scrape(&service);
    let found = families(&text);
    assert!(found.len() > 20, "{found:?}");
    for name in &found {
        let help = format!("# HELP {name} ");
        let mut helps = text.lines().filter_map(|line| line.strip_prefix(&help));
        assert!(helps.next().unwrap().ends_with('.'), "{name}");
        assert_eq!(helps.next(), None, "{name} comes twice");
        let is_counter = text.contains(&format!("# TYPE {name} counter\n"));
        assert_eq!(is_counter, name.ends_with("_total"), "{name}");
        let is_plain = |c: char| c.is_ascii_lowercase() || c == '_';
        let plain = name.strip_prefix("spkey_").unwrap();
        assert!(plain.chars().all(is_plain), "{name}");
        for end in ["_count", "_sum", "_bucket", "_milliseconds", "_gauge"] {
            assert!(!name.ends_with(end), "{name}");
        }
    }
}

/// The metrics that a file of `docs/` names.
fn named(file: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = file.split(|c| !is_part(c));
    words.filter(|word| word.starts_with("spkey_")).collect()
}

#[test]
fn the_guide_the_dashboard_and_the_rules_name_metrics_that_there_are() {
    let (service, _) = setup();
    service.run_schedule();
    // As after a night.
    let counted = "UPDATE gauges SET users = 1, complete = 1";
    service.database.execute(counted, []);
    let all = families(&scrape(&service));
    let all: BTreeSet<&str> = all.iter().map(String::as_str).collect();
    let guide = include_str!("../../../docs/MONITORING.md");
    let dashboard = include_str!("../../../docs/monitoring/dashboard.json");
    let rules = include_str!("../../../docs/monitoring/alerts.yml");
    for file in [guide, dashboard, rules] {
        let named = named(file);
        let unknown: Vec<&&str> = named.difference(&all).collect();
        assert_eq!(unknown, [] as [&&str; 0]);
    }
    let told = named(guide);
    let missing: Vec<&&str> = all.difference(&told).collect();
    assert_eq!(missing, [] as [&&str; 0]);
    // Each rule says what to do.
    let count = |text: &str| rules.matches(text).count();
    assert!(count("- alert: ") > 10);
    for part in ["expr: ", "severity: ", "summary: \"", "action: \""] {
        assert_eq!(count(part), count("- alert: "), "{part}");
    }
    let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
}
