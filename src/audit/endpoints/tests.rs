//! The audit trail through the router, on the shipped SQL.

use serde_json::{Value, json};

use crate::operators::Role;
use crate::testing::service::TestService;

const INSERT: &str = "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, reason, address)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '203.0.113.7')";

const T0: i64 = 1_700_000_000_000;

/// Adds a row `second` seconds after the first; its id is the number of rows there are then.
fn add(service: &TestService, second: i64, actor: &str, action: &str, subject: &str) {
    let request = format!("req_{second}");
    let reason: Option<&str> = None;
    let row = (
        T0 + second * 1000,
        actor,
        action,
        subject,
        "done",
        request,
        reason,
    );
    service.database.execute(INSERT, row);
}

fn read(service: &TestService, query: &str) -> Value {
    let answer = service.get(&format!("/admin/audit{query}")).admin().send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
    answer.json()
}

fn ids(page: &Value) -> Vec<u64> {
    let entries = page["entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["id"].as_u64().unwrap()).collect()
}

/// Cron, a person and an operator by turns, about three users.
fn trail(rows: i64) -> TestService {
    let service = TestService::new();
    for row in 1..=rows {
        let (actor, action) = match row % 3 {
            0 => ("operator:op_1 s***@smartphonekey.com", "threedeye.reset"),
            1 => ("cron", "threedeye.provision"),
            _ => ("user:ada", "profile.update"),
        };
        add(&service, row, actor, action, &format!("u{}", row % 2));
    }
    service
}

#[test]
fn each_filter_takes_what_it_names() {
    let service = trail(12);
    for (query, expected) in [
        ("?limit=2", &[12, 11][..]),
        ("?subject=u1", &[11, 9, 7, 5, 3, 1]),
        ("?subject=u1&people=true", &[11, 9, 5, 3]),
        ("?people=true", &[12, 11, 9, 8, 6, 5, 3, 2]),
        ("?actor=cron", &[10, 7, 4, 1]),
        ("?actor=operator", &[12, 9, 6, 3]),
        ("?actor=operator:op_1", &[12, 9, 6, 3]),
        (
            "?actor=operator:op_1%20s***@smartphonekey.com",
            &[12, 9, 6, 3],
        ),
        ("?actor=operator:op", &[]),
        ("?actor=user:ada", &[11, 8, 5, 2]),
        ("?action=profile.update&subject=u0", &[8, 2]),
        ("?requestId=req_7", &[7]),
        ("?before=4", &[3, 2, 1]),
        ("?from=2023-11-14T22:13:30Z", &[12, 11, 10]),
        ("?to=2023-11-14T22:13:23Z", &[2, 1]),
        (
            "?from=2023-11-14T22:13:23Z&to=2023-11-14T22:13:25Z",
            &[4, 3],
        ),
        ("?subject=nobody", &[]),
    ] {
        assert_eq!(ids(&read(&service, query)), expected, "{query}");
    }
}

#[test]
fn pages_end_to_end_are_the_trail_whatever_is_written_meanwhile() {
    for query in [
        "?limit=5",
        "?limit=5&people=true",
        "?limit=5&subject=u1",
        "?limit=5&actor=cron",
    ] {
        let service = trail(60);
        let all = ids(&read(&service, &query.replace("limit=5", "limit=200")));
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = read(&service, &format!("{query}{next}"));
            seen.extend(ids(&page));
            add(&service, 100, "cron", "x", "u1");
            let Some(before) = page["next"].as_str() else {
                break;
            };
            assert!(page["scannedTo"].is_string());
            next = format!("&before={before}");
        }
        assert_eq!(seen, all, "{query}");
    }
}

#[test]
fn a_page_looks_at_a_bounded_number_of_rows_and_leads_on() {
    let service = trail(4000);
    add(&service, 0, "cron", "rare", "u9");
    service
        .database
        .execute("UPDATE audit_log SET id = 0 WHERE action = 'rare'", []);
    service
        .database
        .execute("UPDATE audit_log SET action = 'rare' WHERE id = 50", []);
    let first = read(&service, "?action=rare");
    assert_eq!(ids(&first), [0_u64; 0]);
    assert_eq!(first["next"], "2121");
    assert_eq!(first["scannedTo"], "2023-11-14T22:48:41.000Z");
    let second = read(&service, "?action=rare&before=2121");
    assert_eq!(ids(&second), [0_u64; 0]);
    let third = read(&service, "?action=rare&before=201");
    assert_eq!(ids(&third), [50, 0]);
    assert_eq!(
        (&third["next"], &third["scannedTo"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_time_long_ago_is_found_at_once_and_its_beginning_ends_the_search() {
    let service = trail(6000);
    // 22:13:20 and 100 s; the row before is older.
    let page = read(&service, "?to=2023-11-14T22:15:01Z&limit=1");
    assert_eq!(ids(&page), [100]);
    let page = read(&service, "?from=2023-11-14T23:50:00Z&action=none");
    // An entry may be written some minutes after its moment, so the search goes on for as long.
    assert_eq!(page["next"], Value::Null, "{page}");
}

#[test]
fn an_entry_written_late_is_found_by_its_moment() {
    let service = trail(3000);
    // Of a run that took ten minutes.
    add(&service, 2400, "cron", "late", "u1");
    let query = "?from=2023-11-14T22:53:19Z&to=2023-11-14T22:53:21Z&action=late";
    assert_eq!(ids(&read(&service, query)), [3001]);
}

#[test]
fn an_entry_names_the_actor_in_parts_and_tells_the_reason() {
    let service = trail(0);
    let row = (
        T0,
        "operator:op_1 s***@smartphonekey.com",
        "threedeye.reset",
        "u1",
        "rows cleared",
        "req_1",
        "jane@example.com asked",
    );
    service.database.execute(INSERT, row);
    let expected = |reason: &str| {
        json!({
            "id": 1,
            "at": "2023-11-14T22:13:20.000Z",
            "actor": { "kind": "operator", "id": "op_1", "name": "s***@smartphonekey.com" },
            "action": "threedeye.reset",
            "subject": "u1",
            "outcome": "rows cleared",
            "reason": reason,
            "requestId": "req_1",
            "address": "203.0.113.7",
        })
    };
    assert_eq!(
        read(&service, "")["entries"][0],
        expected("jane@example.com asked")
    );
    let session = service.sign_in(Role::Viewer);
    let seen = service.get("/admin/audit").session(&session).send().json();
    assert_eq!(seen["entries"][0], expected("j***@example.com asked"));
}

#[test]
fn an_export_leads_on_from_part_to_part_and_is_written_down() {
    let service = trail(7000);
    let (mut path, mut lines, mut parts) = (
        "/admin/audit/export?format=ndjson&people=true&subject=u1&before=6999".to_owned(),
        Vec::new(),
        0,
    );
    loop {
        let answer = service.get(&path).admin().send();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
        let text = String::from_utf8(answer.0.reply.body.clone()).unwrap();
        lines.extend(text.lines().map(|line| {
            let entry: Value = serde_json::from_str(line).unwrap();
            entry["id"].as_u64().unwrap()
        }));
        parts += 1;
        let Some(link) = answer.header("link") else {
            break;
        };
        let next = link.strip_prefix('<').unwrap();
        path = next.strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    let expected: Vec<u64> = (1..6999)
        .rev()
        .filter(|id| id % 2 == 1 && id % 3 != 1)
        .collect();
    assert_eq!(lines, expected);
    assert_eq!(parts, 1, "an index finds those of one subject");
    let exports = "SELECT count(*) FROM audit_log WHERE action = 'audit.export'";
    let exports: Vec<u32> = service.database.query(exports, [], |row| row.get(0));
    assert_eq!(exports, [1]);
    let answer = service
        .get("/admin/audit/export?action=none")
        .admin()
        .send();
    let link = answer.header("link").unwrap();
    assert!(
        link.starts_with("</admin/audit/export?action=none&before=2"),
        "{link}"
    );
}

#[test]
fn an_export_is_for_admins_and_masked_for_operators() {
    let service = trail(0);
    let row = (
        T0,
        "cron",
        "x",
        "u1",
        "=1+1",
        "req_1",
        "jane@example.com asked",
    );
    service.database.execute(INSERT, row);
    for (role, status) in [
        (Role::Viewer, 403),
        (Role::Support, 403),
        (Role::Admin, 200),
    ] {
        let session = service.sign_in(role);
        let answer = service.get("/admin/audit/export").session(&session).send();
        assert_eq!(answer.status(), status);
        if status == 200 {
            let text = String::from_utf8(answer.0.reply.body).unwrap();
            assert!(
                text.contains(",x,u1,'=1+1,j***@example.com asked,req_1,"),
                "{text}"
            );
        }
    }
    let whole = service.get("/admin/audit/export").admin().send();
    let text = String::from_utf8(whole.0.reply.body).unwrap();
    assert!(text.contains("jane@example.com asked"), "{text}");
}
