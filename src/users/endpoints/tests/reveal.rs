use serde_json::{Value, json};

use super::{error, record, service};
use crate::operators::Role;
use crate::testing::service::TestService;

const ANN: &str = "/admin/users/ann/reveal";

fn trail(service: &TestService) -> Vec<Value> {
    let sql = "SELECT actor, action, subject, outcome, reason FROM audit_log ORDER BY id";
    service.database.query(sql, [], |row| {
        let texts: [Option<String>; 5] = [
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ];
        Ok(json!(texts))
    })
}

#[test]
fn what_was_asked_for_is_shown_and_written_down() {
    let service = service();
    let cookie = service.sign_in(Role::Support);
    let body = json!({ "fields": ["email", "phone"], "reason": " call back ann@example.com " });
    let shown = service.post(ANN).session(&cookie).json(&body).send();
    assert_eq!(
        shown.json(),
        json!({ "email": "Ann@Example.com", "phoneNumber": "+491701234512" })
    );
    let body = json!({ "fields": ["phone"], "reason": "ticket 7" });
    let shown = service.post(ANN).admin().json(&body).send();
    assert_eq!(
        shown.json(),
        json!({ "email": null, "phoneNumber": "+491701234512" })
    );
    let trail = trail(&service);
    let of_operator = &trail[0];
    assert!(of_operator[0].as_str().unwrap().starts_with("operator:"));
    assert_eq!(of_operator[1], "user.reveal");
    assert_eq!(of_operator[2], "ann");
    assert_eq!(of_operator[3], "email, phone");
    assert_eq!(of_operator[4], "call back a***@example.com");
    assert!(trail[1][0].as_str().unwrap().starts_with("admin-key:"));
    assert_eq!(
        (&trail[1][3], &trail[1][4]),
        (&json!("phone"), &json!("ticket 7"))
    );
    assert_eq!(trail.len(), 2);
}

#[test]
fn a_deleted_user_shows_the_last_email() {
    let service = service();
    record(&service, "gone", "leaving", None, 5);
    let body = json!({ "fields": ["email"], "reason": "who was this?" });
    let shown = service
        .post("/admin/users/gone/reveal")
        .admin()
        .json(&body)
        .send();
    assert_eq!(shown.json()["email"], "gone@example.com");
}

#[test]
fn nothing_is_shown_or_written_without_a_user_a_role_or_a_reason() {
    let service = service();
    let before = service.database.total_changes();
    for (path, body, status, message) in [
        (
            "/admin/users/nobody/reveal",
            json!({ "fields": ["email"], "reason": "x" }),
            404,
            "User not found",
        ),
        (ANN, json!({ "fields": ["email"] }), 400, "reason: required"),
        (
            ANN,
            json!({ "fields": ["email"], "reason": " " }),
            400,
            "reason: must not be empty",
        ),
        (
            ANN,
            json!({ "fields": [], "reason": "x" }),
            400,
            "fields: must not be empty",
        ),
        (
            ANN,
            json!({ "fields": ["password"], "reason": "x" }),
            400,
            "fields[0]: expected",
        ),
        (
            ANN,
            json!({ "fields": ["email"], "reason": "x".repeat(501) }),
            400,
            "reason: must be at most 500",
        ),
    ] {
        let answer = service.post(path).admin().json(&body).send();
        let (given, told) = error(&answer);
        assert_eq!(given, status, "{body}");
        assert!(told.as_str().unwrap().starts_with(message), "{told}");
    }
    assert_eq!(service.database.total_changes(), before);
    let cookie = service.sign_in(Role::Viewer);
    let body = json!({ "fields": ["email"], "reason": "curious" });
    let refused = service.post(ANN).session(&cookie).json(&body).send();
    assert_eq!(refused.status(), 403);
    assert_eq!(trail(&service), Vec::<Value>::new());
}
