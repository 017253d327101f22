//! Another e-mail: how it is asked for, confirmed and given up.

use http::Method;
use serde_json::{Value, json};

use super::{ADA, Accounts, BOB, assert_problem};
use crate::services::RateLimit;
use crate::testing::service::TestAnswer;

const NEW: &str = "thief@example.org";
const CANCEL: &str = "cancel_email_change_request";

impl Accounts {
    fn patch(&self, caller: &str, path: &str, body: &Value) -> TestAnswer {
        let request = self.service.request(Method::PATCH, path).bearer(caller);
        request.json(body).send()
    }

    fn ask(&self, user: &str, email: &str) -> TestAnswer {
        let body = json!({ "email": email });
        self.patch(&self.person(user), "/api/users/@me", &body)
    }

    /// The token that was delivered last.
    fn mailed_token(&self) -> String {
        let delivered = self.service.delivered.borrow();
        let token = |body: &[u8]| {
            let body: Value = serde_json::from_slice(body).unwrap();
            body["data"]["token"].as_str().map(str::to_owned)
        };
        let mut bodies = delivered.iter().rev().filter_map(|sent| sent.body.clone());
        bodies.find_map(|body| token(&body)).unwrap()
    }

    fn confirm(&self, user: &str, token: &str) -> TestAnswer {
        let body = json!({ "uuid": user, "token": token });
        self.service
            .post("/api/users/verify_email")
            .json(&body)
            .send()
    }

    fn shown(&self, user: &str) -> Value {
        let person = self.person(user);
        self.service
            .get("/api/users/@me")
            .bearer(&person)
            .send()
            .json()
    }

    fn set_email(&self, user: &str, email: &str) {
        let update = "UPDATE users SET email = ?2 WHERE uuid = ?1";
        self.service.database.execute(update, (user, email));
    }
}

#[track_caller]
fn assert_invalid_token(answer: &TestAnswer) {
    let detail = "This verification token is invalid or has expired.";
    let body = ["validation_error", "invalid_token", detail, "token"].map(Some);
    assert_problem(answer, 400, &body);
}

#[test]
fn a_recovered_account_outlives_the_token_of_the_thief() {
    let accounts = Accounts::new();
    assert_eq!(accounts.ask(ADA, NEW).json()["pending_email"], NEW);
    let token = accounts.mailed_token();
    // Another service moves the account to a safe address, and later back.
    accounts.set_email(ADA, "ada@safe.example");
    assert_eq!(accounts.shown(ADA)["pending_email"], Value::Null);
    assert_invalid_token(&accounts.confirm(ADA, &token));
    accounts.set_email(ADA, "ada@example.com");
    assert_invalid_token(&accounts.confirm(ADA, &token));
    assert_eq!(accounts.shown(ADA)["email"], "ada@example.com");
    // Asked for anew it takes effect.
    accounts.ask(ADA, NEW);
    let answer = accounts.confirm(ADA, &accounts.mailed_token());
    assert_eq!(answer.json(), json!({ "success": true }));
    let shown = accounts.shown(ADA);
    assert_eq!(
        (&shown["email"], &shown["is_email_verified"]),
        (&json!(NEW), &json!(true))
    );
    assert_eq!(accounts.service.told().last().unwrap(), "email_changed");
}

#[test]
fn support_gives_up_the_change_of_a_person() {
    let accounts = Accounts::new();
    accounts.ask(ADA, NEW);
    let token = accounts.mailed_token();
    let path = format!("/api/users/{ADA}/{CANCEL}");
    let of_ada = || accounts.service.request(Method::PATCH, &path);
    // Neither another person nor staff without the admin pair.
    for caller in [accounts.person(BOB), accounts.staff()] {
        assert_eq!(of_ada().bearer(&caller).send().status(), 403);
    }
    let answer = of_ada().admin().send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
    assert_eq!(answer.json()["uuid"], ADA);
    assert_eq!(answer.json()["pending_email"], Value::Null);
    assert_invalid_token(&accounts.confirm(ADA, &token));
    let audited =
        "SELECT actor FROM audit_log WHERE action = 'email_change.cancel' AND subject = ?1";
    let actor: Vec<String> = accounts
        .service
        .database
        .query(audited, [ADA], |row| row.get(0));
    assert!(actor[0].starts_with("admin-key:"), "{actor:?}");
    let nothing = ["validation_error", "email_change_request_not_found"];
    let again = of_ada().admin().send();
    let detail = "No active email change requests found.";
    assert_problem(
        &again,
        400,
        &[Some(nothing[0]), Some(nothing[1]), Some(detail), None],
    );
    let unknown = accounts.service.request(
        Method::PATCH,
        "/api/users/nobody/cancel_email_change_request",
    );
    assert_eq!(unknown.admin().send().status(), 404);
}

#[test]
fn a_person_gives_up_their_own_change_by_either_path() {
    let accounts = Accounts::new();
    for path in [
        format!("/api/users/{CANCEL}"),
        format!("/api/users/@me/{CANCEL}"),
    ] {
        accounts.ask(ADA, NEW);
        let answer = accounts.patch(&accounts.person(ADA), &path, &json!({}));
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(accounts.shown(ADA)["pending_email"], Value::Null, "{path}");
    }
}

#[test]
fn wrong_tokens_are_braked_by_address_and_a_right_one_never() {
    let accounts = Accounts::new();
    accounts.ask(ADA, NEW);
    let token = accounts.mailed_token();
    let wrong = || {
        let body = json!({ "uuid": ADA, "token": "wrong" });
        let request = accounts.service.post("/api/users/verify_email").json(&body);
        request.header("cf-connecting-ip", "192.0.2.7").send()
    };
    accounts.service.counted.take();
    assert_invalid_token(&wrong());
    // 60 are allowed in a minute, so that 40 wrong calls in a row end in 429.
    let counted = accounts.service.counted.take();
    let of_address = (RateLimit::Authentication, "192.0.2.7".to_owned());
    assert_eq!(counted, [of_address.clone(), of_address]);
    let exhausted = &accounts.service.exhausted;
    exhausted.borrow_mut().push(RateLimit::Authentication);
    let refused = wrong();
    assert_eq!(refused.status(), 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(accounts.confirm(ADA, &token).status(), 200);
}

#[test]
fn an_email_with_invisible_characters_is_refused_and_its_domain_is_stored_in_a_labels() {
    let accounts = Accounts::new();
    for code in [
        0x200b, 0x200d, 0xfeff, 0xad, 0x202e, 0x2060, 0x2800, 0x3164, 0xe0041,
    ] {
        let c = char::from_u32(code).unwrap();
        for email in [format!("a{c}@example.org"), format!("a@exa{c}mple.org")] {
            let body = [
                "validation_error",
                "invalid_input",
                "Enter a valid email address.",
                "email",
            ];
            assert_problem(&accounts.ask(ADA, &email), 400, &body.map(Some));
        }
    }
    assert!(accounts.service.told().is_empty());
    let pending = accounts.ask(ADA, "Jörg@Bücher.example").json();
    assert_eq!(pending["pending_email"], "Jörg@xn--bcher-kva.example");
}

#[test]
fn a_notice_goes_to_a_clean_address() {
    let accounts = Accounts::new();
    accounts.set_email(ADA, "\tLYNN.Conway@example.com\n");
    accounts.ask(ADA, NEW);
    let delivered = accounts.service.delivered.borrow();
    let body: Value = serde_json::from_slice(delivered[0].body.as_ref().unwrap()).unwrap();
    assert_eq!(body["to"], "LYNN.Conway@example.com");
}
