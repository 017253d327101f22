//! The endpoints through the router, on the shipped SQL, with a clock that the tests turn.

mod access;
mod dashboards;
mod disable;
mod email_changes;
mod lockout;
mod profile;
mod proof;
mod second_factor;
mod support;

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::account::totp::TotpSecret;
use crate::auth::fake;
use crate::kernel::{Clock as _, Secret};
use crate::testing::service::{ADMIN_KEY, TestAnswer, TestService, token};

const ADA: &str = "0b9f3c1e-5d1f-4c8e-9d57-00000000000a";
const BOB: &str = "0b9f3c1e-5d1f-4c8e-9d57-00000000000b";

/// Of an authenticator.
const STEP: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3600);

/// Has the right form, and is no code of any user.
const WRONG_BACKUP_CODE: &str = "aaaa-bbbb-cccc-dddd";

/// The service with the users Ada and Bob, whose clock shows the beginning of a time step.
struct Accounts {
    service: TestService,
}

/// What a person knows who has turned the second factor on.
struct Factor {
    secret: TotpSecret,
    codes: Vec<String>,
}

impl Accounts {
    fn new() -> Self {
        Self::of(TestService::new())
    }

    fn of(service: TestService) -> Self {
        let into_step = fake::NOW.rem_euclid(30);
        service.pass(STEP - Duration::from_secs(into_step.unsigned_abs()));
        service.add_user(ADA, Some("ada@example.com"));
        service.add_user(BOB, Some("bob@example.com"));
        Self { service }
    }

    /// A token of this moment.
    fn bearer(&self, claims: &Value) -> String {
        let now = self.service.clock.now().as_secs();
        let mut all = json!({
            "iss": "https://id.example/", "aud": "spkey", "auth_time": now, "exp": now + 86_400,
        });
        let all_claims = all.as_object_mut().unwrap();
        all_claims.extend(claims.as_object().unwrap().clone());
        token(&all)
    }

    fn person(&self, user: &str) -> String {
        self.bearer(&json!({ "sub": user }))
    }

    /// A person who has just shown their second factor to the issuer.
    fn strong(&self, user: &str) -> String {
        self.bearer(&json!({ "sub": user, "amr": ["mfa"] }))
    }

    fn staff(&self) -> String {
        self.bearer(&json!({ "sub": "auth0|support", "is_staff": true }))
    }

    /// A new API key with this scope, bound to a user or to none.
    fn api_key(&self, scope: &str, user: Option<&str>) -> String {
        let body = json!({ "scopes": [scope], "userId": user });
        let made = self.service.post("/admin/api-keys").admin().json(&body);
        made.send().json()["key"].as_str().unwrap().to_owned()
    }

    /// A token that makes the admin pair together with the admin key.
    fn admin(&self) -> String {
        self.bearer(&json!({
            "sub": "auth0|grace", "email": "grace@smartphonekey.com", "email_verified": true,
        }))
    }

    /// Sends it with the admin pair.
    fn post_by_admin(&self, path: &str, body: Option<&Value>) -> TestAnswer {
        let request = self.service.post(path).bearer(&self.admin());
        let request = request.header("x-admin-api-key", ADMIN_KEY);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    fn get(&self, caller: &str, action: &str) -> TestAnswer {
        let path = format!("/api/users/@me/{action}");
        self.service.get(&path).bearer(caller).send()
    }

    fn post(&self, caller: &str, action: &str, body: Option<&Value>) -> TestAnswer {
        self.post_for(caller, "@me", action, body)
    }

    fn post_for(&self, caller: &str, user: &str, action: &str, body: Option<&Value>) -> TestAnswer {
        let path = format!("/api/users/{user}/{action}");
        let request = self.service.request(Method::POST, &path).bearer(caller);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    }

    fn verify(&self, user: &str, code: &str) -> TestAnswer {
        let body = json!({ "token": code });
        self.post(&self.person(user), "two_factor_verify", Some(&body))
    }

    fn validate(&self, user: &str, code: &str) -> TestAnswer {
        let body = json!({ "token": code });
        self.post(&self.person(user), "two_factor_validate", Some(&body))
    }

    /// Validates a set-up in place of the second factor of which `current` is a code.
    fn replace(&self, user: &str, code: &str, current: &str) -> TestAnswer {
        let body = json!({ "token": code, "current_token": current });
        self.post(&self.person(user), "two_factor_validate", Some(&body))
    }

    /// The kinds of the notices in the outbox.
    fn notices(&self) -> Vec<String> {
        self.service.told()
    }

    fn is_on(&self, user: &str) -> bool {
        let answer = self.get(&self.person(user), "two_factor_status").json();
        answer["is_enabled"].as_bool().unwrap()
    }

    fn start(&self, user: &str) -> TotpSecret {
        let begun = self
            .get(&self.person(user), "two_factor_start_setup")
            .json();
        let secret = Secret::new(begun["secret"].as_str().unwrap());
        TotpSecret::from_base32(&secret).unwrap()
    }

    /// Turns the second factor on. The clock then shows a step of which no code was used.
    fn enrol(&self, user: &str) -> Factor {
        let secret = self.start(user);
        let validated = self.validate(user, &self.code(&secret));
        assert_eq!(validated.status(), 200, "{}", validated.json());
        let codes = self.post(&self.person(user), "two_factor_backup_codes", None);
        let codes = serde_json::from_value(codes.json()["backup_codes"].take()).unwrap();
        self.service.pass(STEP);
        Factor { secret, codes }
    }

    /// What the authenticator shows.
    fn code(&self, secret: &TotpSecret) -> String {
        secret.code_at(self.service.clock.now())
    }

    /// Six digits that the authenticator shows neither now nor a step from now.
    fn wrong_code(&self, secret: &TotpSecret) -> String {
        let now = self.service.clock.now();
        let right = [now.minus(STEP), now, now.plus(STEP)].map(|at| secret.code_at(at));
        let mut codes = (0..).map(|number| format!("{number:06}"));
        codes.find(|code| !right.contains(code)).unwrap()
    }
}

#[track_caller]
fn assert_fine(answer: &TestAnswer, body: &Value) {
    assert_eq!((answer.status(), &answer.json()), (200, body));
}

#[track_caller]
fn assert_verified(answer: &TestAnswer, method: &str) {
    assert_fine(answer, &json!({ "success": true, "method": method }));
}

#[track_caller]
fn assert_problem(answer: &TestAnswer, status: u16, body: &[Option<&str>; 4]) {
    let [kind, code, detail, attr] = body;
    let expected = json!({ "type": kind, "code": code, "detail": detail, "attr": attr });
    assert_eq!((answer.status(), answer.json()), (status, expected));
}

#[track_caller]
fn assert_wrong_code(answer: &TestAnswer) {
    let body = ["validation_error", "token_invalid", "Token is not valid"].map(Some);
    let [kind, code, detail] = body;
    assert_problem(answer, 400, &[kind, code, detail, None]);
}

#[track_caller]
fn assert_not_recent(answer: &TestAnswer) {
    let detail = "This action requires you to be recently authenticated.";
    let code = "sensitive_action_required_reauth";
    let body = [Some("authentication_error"), Some(code), Some(detail), None];
    assert_problem(answer, 403, &body);
}

#[track_caller]
fn assert_locked(answer: &TestAnswer, seconds: u64) {
    let detail = format!("Request was throttled. Expected available in {seconds} seconds.");
    let body = [
        Some("throttled_error"),
        Some("throttled"),
        Some(&*detail),
        None,
    ];
    assert_problem(answer, 429, &body);
    assert_eq!(answer.header("retry-after"), Some(&*seconds.to_string()));
}
