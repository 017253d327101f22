//! What the console's operators see of people.

use http::Method;
use serde_json::json;

use super::{ADA, path_of};
use crate::app::ROUTES;
use crate::operators::Role;
use crate::testing::service::TestService;

const EMAIL: &str = "jane@example.com";
const PHONE: &str = "+49 170 1234512";

/// People write such things where they should not, too.
const TEXT: &str = "for jane@example.com, Tel.:+49 170 1234512 (work)";

/// A service where every text that a person or a program may write has both in it.
fn written_all_over() -> TestService {
    let service = TestService::new();
    let database = &service.database;
    let sql = "INSERT INTO users (uuid, email, phone_number, auth_subject, created_at)
               VALUES (?1, ?2, ?3, ?2, '2024-01-15T10:30:00.000Z')";
    database.execute(sql, (ADA, EMAIL, PHONE));
    for (path, body) in [
        (
            "/admin/api-keys",
            json!({ "scopes": ["threedeye:read"], "label": TEXT, "userId": ADA }),
        ),
        ("/admin/instances", json!({ "name": "rivia" })),
        ("/admin/instances/rivia/api-keys", json!({ "label": TEXT })),
        (
            "/admin/account-keys",
            json!({ "instance": "rivia", "role": "full", "label": TEXT }),
        ),
        (
            "/admin/instances/rivia/users",
            json!({ "username": TEXT, "userId": ADA }),
        ),
        ("/admin/dashboards", json!({ "teamId": 7, "name": TEXT })),
    ] {
        let made = service.post(path).admin().json(&body).send();
        assert_eq!(made.status(), 201, "{path}: {}", made.json());
    }
    let sql = "INSERT INTO notices (id, type, user_id, recipient, token_sealed, attempts, created_at, due_at)
               VALUES (?1, 'email_changed', ?2, ?3, 'x', 1, 1, 1)";
    database.execute(sql, ("ntc_1", ADA, EMAIL));
    database.execute(sql, ("ntc_2", ADA, PHONE));
    database.execute(
        "UPDATE audit_log SET subject = ?1, outcome = ?2, reason = ?2",
        (ADA, TEXT),
    );
    service
}

#[test]
fn no_page_shows_an_operator_an_email_or_a_phone_number_whole() {
    let service = written_all_over();
    let cookie = service.sign_in(Role::Admin);
    let mut masked = 0;
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        // What is stored about a person is theirs, and exported whole.
        if (route.handler.caller)().least_role.is_none() || route.operation == "exportUser" {
            continue;
        }
        let answer = service.get(&path_of(route.path)).session(&cookie).send();
        let body = String::from_utf8(answer.0.reply.body.clone()).unwrap();
        assert!(!body.contains(EMAIL), "{}: {body}", route.path);
        assert!(!body.contains("1234512"), "{}: {body}", route.path);
        masked += usize::from(body.contains("j***@example.com"));
        let whole = service.get(&path_of(route.path)).admin().send();
        let whole = String::from_utf8(whole.0.reply.body).unwrap();
        assert_eq!(whole.contains(EMAIL), body.contains("j***@example.com"));
    }
    // Users, a user, its diagnosis, notices, the audit trail and its export, dashboards, an instance's users, and
    // three lists of keys.
    assert_eq!(masked, 11);
}

#[test]
fn a_session_puts_no_personal_name_into_an_address() {
    let service = written_all_over();
    let cookie = service.sign_in(Role::Viewer);
    let list = |query: &str| service.get(&format!("/admin/instances/rivia/users?{query}"));
    for name in [
        "jane%40example.com",
        "%2B49%20170%201234512",
        "0170-1234512",
    ] {
        let query = format!("username={name}");
        let refused = list(&query).session(&cookie).send();
        assert_eq!(refused.status(), 400, "{name}");
        let message = refused.json()["message"].to_string();
        assert!(message.starts_with("\"username: "), "{message}");
        assert_eq!(list(&query).admin().send().status(), 200, "{name}");
    }
    let found = list("username=geralt").session(&cookie).send();
    assert_eq!(found.status(), 200);
}
