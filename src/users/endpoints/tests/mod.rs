//! What support sees of users, through the router, on the shipped SQL.

mod addresses;
mod detail;
mod list;
mod reveal;
mod search;

use serde_json::{Value, json};

use crate::operators::Role;
use crate::testing::service::{TestAnswer, TestService};

/// A service with a few users, two of which share an e-mail.
fn service() -> TestService {
    let service = TestService::new();
    for (uuid, email, phone, subject) in [
        ("ann", "Ann@Example.com", "+491701234512", "auth0|ann"),
        (
            "annabel",
            "annabel@example.com",
            "01701234567",
            "auth0|annabel",
        ),
        ("bob", "bob@other.example", "+4179555", "auth0|bob"),
        ("twin-1", "twin@example.com", "+4179556", "auth0|1"),
        ("twin-2", " TWIN@example.com", "+4179557", "auth0|2"),
    ] {
        service.database.execute(
            "INSERT INTO users (uuid, email, phone_number, created_at, auth_subject)
             VALUES (?1, ?2, ?3, '2024-01-15T10:30:00.000Z', ?4)",
            (uuid, email, phone, subject),
        );
    }
    service
}

/// Records a state of a user, changed at this millisecond.
fn record(service: &TestService, user: &str, state: &str, error: Option<&str>, at: i64) {
    let left = state.starts_with("lea") || state.starts_with("left");
    service.database.execute(
        "INSERT INTO threedeye_users (user_id, state, email_key, password_sealed, threedeye_id, attempts,
           last_error, error_code, created_at, updated_at, left_state, left_email, leaving_since)
         VALUES (?1, ?2, iif(?5, NULL, (SELECT email_key FROM users WHERE uuid = ?1)),
           iif(?5 OR ?2 = 'set_aside', NULL, (SELECT 'x' FROM users WHERE uuid = ?1 AND email_key IS NOT NULL)), 'acc-' || ?1, 1,
           'why', ?3, ?4, ?4, iif(?5, 'complete', NULL), iif(?5, 'gone@example.com', NULL), iif(?5, ?4, NULL))",
        (user, state, error, at, left),
    );
    if error.is_none() {
        let sql = "UPDATE threedeye_users SET last_error = NULL, attempts = 0 WHERE user_id = ?1";
        service.database.execute(sql, [user]);
    }
}

/// An answer of a call by the pair, and of the same by an operator with this role.
fn both(
    service: &TestService,
    role: Role,
    send: impl Fn(&TestService, Option<&str>) -> TestAnswer,
) -> [TestAnswer; 2] {
    let cookie = service.sign_in(role);
    [send(service, None), send(service, Some(&cookie))]
}

fn ids(users: &Value) -> Vec<&str> {
    let users = users.as_array().unwrap().iter();
    users.map(|user| user["userId"].as_str().unwrap()).collect()
}

/// The text of an answer.
fn text(answer: &TestAnswer) -> String {
    String::from_utf8(answer.0.reply.body.clone()).unwrap()
}

fn error(answer: &TestAnswer) -> (u16, Value) {
    (answer.status(), json!(answer.json()["message"]))
}
