use std::time::Duration;

use serde_json::{Value, json};

use super::{error, ids, record, service};
use crate::kernel::Clock as _;
use crate::operators::Role;
use crate::testing::service::TestService;

fn list(service: &TestService, query: &str) -> Value {
    let answer = service.get(&format!("/admin/users{query}")).admin().send();
    assert_eq!(answer.status(), 200, "{query}: {}", answer.json());
    answer.json()
}

#[track_caller]
fn assert_listed(service: &TestService, query: &str, users: &[&str]) {
    assert_eq!(ids(&list(service, query)["users"]), users, "{query}");
}

/// A user in each state.
fn town() -> TestService {
    let service = service();
    for (user, state, error, at) in [
        ("ann", "quarantined", Some("orphan"), 10),
        ("annabel", "quarantined", Some("other_spelling"), 20),
        ("bob", "pending", Some("unavailable"), 30),
        ("twin-1", "attaching", Some("roles_pending"), 40),
        ("twin-2", "set_aside", Some("duplicate"), 50),
        ("gone", "leaving", None, 60),
        ("going", "leaving", Some("unavailable"), 55),
        ("kept", "left_in_place", Some("protected"), 70),
    ] {
        record(&service, user, state, error, at);
    }
    service.add_user("new", Some("new@example.com"));
    service.add_user("done", Some("done@example.com"));
    record(&service, "done", "complete", None, 80);
    service
}

#[test]
fn users_are_listed_by_where_they_stand() {
    let service = town();
    for (query, users) in [
        ("?state=quarantined", &["annabel", "ann"][..]),
        ("?state=failing", &["bob"]),
        ("?state=attaching", &["twin-1"]),
        ("?state=set_aside", &["twin-2"]),
        ("?state=leaving", &["going", "gone"]),
        ("?state=left_in_place", &["kept"]),
        ("?state=waiting", &["bob", "new", "twin-1"]),
        ("?reason=orphan", &["ann"]),
        ("?reason=unavailable", &["bob", "going"]),
        ("?state=failing&reason=unavailable", &["bob"]),
        ("?state=leaving&reason=unavailable", &["going"]),
        ("?state=quarantined&reason=other_spelling", &["annabel"]),
        ("?state=quarantined&reason=duplicate", &[]),
        (
            "",
            &["ann", "annabel", "bob", "done", "new", "twin-1", "twin-2"],
        ),
    ] {
        assert_listed(&service, query, users);
    }
}

#[test]
fn a_row_tells_where_its_user_stands() {
    let service = town();
    let rows = list(&service, "?state=quarantined&reason=orphan");
    let expected = json!({
        "userId": "ann",
        "email": "Ann@Example.com",
        "phoneNumber": "+491701234512",
        "createdAt": "2024-01-15T10:30:00.000Z",
        "state": "quarantined",
        "attempts": 1,
        "reason": "orphan",
        "lastError": "why",
        "nextAttemptAt": null,
        "twoFactor": false,
    });
    assert_eq!(rows["users"], json!([expected]));
    let cookie = service.sign_in(Role::Viewer);
    let path = "/admin/users?state=quarantined&reason=orphan";
    let masked = service.get(path).session(&cookie).send().json();
    assert_eq!(masked["users"][0]["email"], "A***@Example.com");
    assert_eq!(masked["users"][0]["phoneNumber"], "+49…12");
}

#[test]
fn the_locked_out_are_those_that_the_overview_counts() {
    let service = town();
    let now = service.clock.now().as_millis();
    for (user, failures, until, backup_failures, backup_until) in [
        ("ann", 5, now + 1, 0, 0),
        // The lock is over, or there was none.
        ("annabel", 5, now, 4, 0),
        ("bob", 4, 0, 0, 0),
        ("twin-1", 0, 0, 6, now + 1),
        // Until support unlocks.
        ("twin-2", 100, 0, 0, 0),
        ("done", 0, 0, 100, 0),
    ] {
        service.database.execute(
            "INSERT INTO second_factors
               (user_id, totp_failures, totp_locked_until, backup_failures, backup_locked_until)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (user, failures, until, backup_failures, backup_until),
        );
    }
    let locked_out = ["ann", "done", "twin-1", "twin-2"];
    assert_listed(&service, "?state=locked_out", &locked_out);
    let overview = service.get("/admin/overview").admin().send().json();
    let counted = json!({ "count": locked_out.len(), "more": false });
    assert_eq!(overview["lockedOut"], counted);
    let first = list(&service, "?state=locked_out&limit=3");
    let next = first["next"].as_str().unwrap();
    let query = format!("?state=locked_out&limit=3&after={next}");
    assert_listed(&service, &query, &["twin-2"]);
    service.pass(Duration::from_secs(1));
    assert_listed(&service, "?state=locked_out", &["done", "twin-2"]);
}

#[test]
fn pages_end_to_end_are_the_list() {
    let service = town();
    for number in 0..9 {
        // Some at the same moment.
        let user = format!("more-{number}");
        service.add_user(&user, Some(&format!("{user}@example.com")));
        record(
            &service,
            &user,
            "quarantined",
            Some("orphan"),
            100 + number / 3,
        );
    }
    for query in [
        "?",
        "?state=quarantined&",
        "?state=waiting&",
        "?state=leaving&",
        "?reason=unavailable&",
        "?reason=orphan&",
        "?state=quarantined&reason=orphan&",
    ] {
        let whole = list(&service, query.trim_end_matches(['&', '?']));
        assert!(whole["next"].is_null());
        let mut seen: Vec<String> = Vec::new();
        let mut after = String::new();
        loop {
            let page = list(&service, &format!("{query}limit=2{after}"));
            let users = ids(&page["users"]);
            assert!(users.len() <= 2);
            seen.extend(users.into_iter().map(str::to_owned));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen, ids(&whole["users"]), "{query}");
    }
}

#[test]
fn what_is_wrong_with_a_list_is_named() {
    let service = TestService::new();
    let made_up =
        "eyJwbGFjZV9zdGF0ZSI6IiIsInBsYWNlX2F0Ijo5MjIzMzcyMDM2ODU0Nzc1ODA3LCJwbGFjZV9pZCI6IiJ9";
    for (query, begins) in [
        (
            "state=complete".to_owned(),
            "state: must be waiting or failing",
        ),
        (
            "reason=bad_luck".to_owned(),
            "reason: must be not_configured or",
        ),
        (
            "state=waiting&reason=orphan".to_owned(),
            "reason: goes with",
        ),
        (
            "limit=201".to_owned(),
            "limit: must be an integer from 1 to 200",
        ),
        ("after=x".to_owned(), "after: must be"),
        (format!("after={made_up}"), "after: must be"),
        ("email=a".to_owned(), "email: unknown parameter"),
    ] {
        let answer = service.get(&format!("/admin/users?{query}")).admin().send();
        let (status, message) = error(&answer);
        assert_eq!(status, 400, "{query}");
        assert!(message.as_str().unwrap().starts_with(begins), "{message}");
    }
}
