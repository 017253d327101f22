//! The second factor of a person from its set-up to its end, through the router; and who may use it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::types::FromSql;
use serde_json::{Value, json};

use crate::account::TotpSecret;
use crate::account::backup_code::BACKUP_CODES;
use crate::account::lockout::{FAILURES_BEFORE_LOCK, FIRST_LOCK};
use crate::account::totp::SETUP_TTL;
use crate::kernel::{Clock as _, Secret, Timestamp};
use crate::testing::service::{TestService, claims, token};

const ADA: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000001";

fn service() -> TestService {
    let service = TestService::new();
    service.add_user(ADA, Some("ada@example.com"));
    service
}

/// An API key with the scope `user:verify`, bound to a user or to none.
fn api_key(service: &TestService, user: Option<&str>) -> String {
    let body = json!({ "scopes": ["user:verify"], "label": "sign-in", "userId": user });
    let made = service.post("/admin/api-keys").admin().json(&body).send();
    assert_eq!(made.status(), 201, "{}", made.json());
    made.json()["key"].as_str().unwrap().to_owned()
}

/// Ada with her authenticator, and the service that signs her in by an API key.
struct Ada {
    service: TestService,
    key: String,
    secret: TotpSecret,
}

impl Ada {
    /// Her set-up has begun.
    fn setting_up() -> Self {
        let service = service();
        let key = api_key(&service, None);
        let start = "/api/users/@me/two_factor_start_setup";
        let setup = service.get(start).person(ADA).send().json();
        let secret = Secret::new(setup["secret"].as_str().unwrap());
        let secret = TotpSecret::from_base32(&secret).unwrap();
        Self {
            service,
            key,
            secret,
        }
    }

    /// Her second factor was turned on by a code of the step before this one.
    fn protected() -> Self {
        let ada = Self::setting_up();
        assert_eq!(ada.validate(&ada.code(-30)), json!({ "success": true }));
        ada
    }

    /// What her authenticator shows so many seconds from now.
    fn code(&self, seconds: i64) -> String {
        let now = self.service.clock.now().as_millis();
        let at = Timestamp::from_millis(now + seconds * 1000);
        self.secret.code_at(at)
    }

    /// As ada, who has just signed in.
    fn post(&self, action: &str, body: &Value) -> Value {
        let path = format!("/api/users/@me/{action}");
        let signed_in = self.service.post(&path).person(ADA);
        signed_in.json(body).send().json()
    }

    fn validate(&self, code: &str) -> Value {
        self.post("two_factor_validate", &json!({ "token": code }))
    }

    fn status(&self) -> Value {
        let path = "/api/users/@me/two_factor_status";
        self.service.get(path).person(ADA).send().json()
    }

    /// The sign-in service presents a code; tells the method that was proved, or the error's code.
    fn verify(&self, code: &str) -> String {
        let path = format!("/api/users/{ADA}/two_factor_verify");
        let request = self.service.post(&path).bearer(&self.key);
        let answer = request.json(&json!({ "token": code })).send().json();
        let told = answer.get("method").or_else(|| answer.get("code"));
        told.unwrap().as_str().unwrap().to_owned()
    }

    fn make_backup_codes(&self) -> Vec<String> {
        let made = self.post("two_factor_backup_codes", &json!({}));
        serde_json::from_value(made["backup_codes"].clone()).unwrap()
    }

    fn one<T: FromSql>(&self, sql: &str) -> T {
        let mut rows = self.service.database.query(sql, [], |row| row.get(0));
        rows.pop().unwrap()
    }
}

#[test]
fn a_second_factor_from_its_set_up_to_its_end() {
    let ada = Ada::setting_up();
    assert_eq!(ada.status()["is_enabled"], false);
    let first = ada.code(0);
    assert_eq!(ada.validate(&first), json!({ "success": true }));
    assert_eq!(ada.validate(&first)["code"], "setup_expired");
    assert_eq!(ada.verify(&first), "token_invalid");
    let next = ada.code(30);
    assert_eq!(ada.verify(&next), "totp");
    assert_eq!(ada.verify(&next), "token_invalid");
    let used: Option<i64> = ada.one("SELECT last_used_at FROM api_keys");
    assert!(used.is_some());

    let missing = ada.post("two_factor_disable", &json!({}));
    assert_eq!(missing["code"], "required");
    let proof = json!({ "token": ada.make_backup_codes()[0] });
    let disabled = ada.post("two_factor_disable", &proof);
    assert_eq!(disabled, json!({ "success": true }));
    assert_eq!(ada.status()["is_enabled"], false);
    let notices: i64 = ada.one("SELECT count(*) FROM notices");
    // Turned on, a code used, turned off.
    assert_eq!(notices, 3);
}

#[test]
fn a_set_up_expires() {
    let ada = Ada::setting_up();
    ada.service.pass(SETUP_TTL);
    assert_eq!(ada.validate(&ada.code(0))["code"], "setup_expired");
}

#[test]
fn each_of_ten_backup_codes_is_accepted_once() {
    let ada = Ada::protected();
    let codes = ada.make_backup_codes();
    assert_eq!(codes.len(), BACKUP_CODES);
    assert_eq!(ada.status()["backup_codes"], json!(codes));
    for code in codes {
        assert_eq!(ada.verify(&code.to_uppercase()), "backup_code");
        assert_eq!(ada.verify(&code), "token_invalid");
    }
    let kind = "SELECT count(*) FROM notices WHERE type = 'backup_code_used'";
    assert_eq!(ada.one::<u32>(kind) as usize, BACKUP_CODES);
    assert_eq!(ada.status()["backup_codes_remaining"], 0);
}

#[test]
fn wrong_codes_lock_their_own_kind_only_and_right_ones_too() {
    let ada = Ada::protected();
    for _ in 0..FAILURES_BEFORE_LOCK {
        // Neither kind of code, and so a wrong backup code.
        assert_eq!(ada.verify("?"), "token_invalid");
    }
    assert_eq!(ada.verify("?"), "throttled");
    let right = ada.code(0);
    assert_eq!(ada.verify(&right), "totp");
    for _ in 0..FAILURES_BEFORE_LOCK {
        assert_eq!(ada.verify(&right), "token_invalid");
    }
    assert_eq!(ada.verify(&ada.code(30)), "throttled");
    ada.service.pass(FIRST_LOCK);
    assert_eq!(ada.verify(&ada.code(0)), "totp");
}

#[test]
fn no_code_is_accepted_or_counted_where_the_second_factor_is_off() {
    let ada = Ada::setting_up();
    for text in [&ada.code(0), "aaaa-aaaa-aaaa-aaaa", "?"] {
        assert_eq!(ada.verify(text), "token_invalid");
    }
    let failures = "SELECT totp_failures + backup_failures FROM second_factors";
    assert_eq!(ada.one::<u32>(failures), 0);
}

#[test]
fn a_secret_moves_to_the_current_key_when_it_is_used_and_without_a_key_nothing_is_checked() {
    let mut ada = Ada::protected();
    let secret = "SELECT secret_sealed FROM second_factors";
    let before: String = ada.one(secret);
    let (old, new) = (STANDARD.encode([7; 32]), STANDARD.encode([8; 32]));
    let with_keys = |service: TestService, current: &str, previous: &str| {
        let service = service.setting("CREDENTIALS_KEY", current);
        let service = service.setting("CREDENTIALS_KEY_PREVIOUS", previous);
        service.restart();
        service
    };
    ada.service = with_keys(ada.service, "", "");
    assert_eq!(ada.verify(&ada.code(0)), "error");
    assert_eq!(ada.one::<String>(secret), before);
    ada.service = with_keys(ada.service, &new, &old);
    assert_eq!(ada.verify(&ada.code(0)), "totp");
    ada.service = with_keys(ada.service, &new, "");
    assert_eq!(ada.verify(&ada.code(30)), "totp");
}

#[test]
fn a_caller_has_access_to_their_own_account_and_staff_to_every_one() {
    let service = service();
    let ben = "0b9f3c1e-5d1f-4c8e-9d57-000000000002";
    service.add_user(ben, Some("ben@example.com"));
    let person = token(&claims(ADA));
    let mut of_staff = claims("auth0|anna");
    of_staff["email"] = json!("anna@smartphonekey.com");
    of_staff["email_verified"] = json!(true);
    let staff = token(&of_staff);
    let mut late = claims(ADA);
    late["auth_time"] = json!(late["auth_time"].as_u64().unwrap() - 7200);
    let late = token(&late);
    let (any, own) = (api_key(&service, None), api_key(&service, Some(ADA)));
    for (credential, user, action, expected) in [
        (&person, "@me", "two_factor_disable", 200),
        (&late, "@me", "two_factor_disable", 403),
        (&person, ADA, "two_factor_disable", 403),
        (&staff, ben, "two_factor_disable", 200),
        (&staff, "no such user", "two_factor_disable", 404),
        // Without an account of their own.
        (&staff, "@me", "two_factor_disable", 404),
        (&any, ben, "two_factor_disable", 403),
        (&any, ben, "two_factor_verify", 400),
        (&any, "@me", "two_factor_verify", 403),
        (&any, "no such user", "two_factor_verify", 404),
        (&own, "@me", "two_factor_verify", 400),
        (&own, ben, "two_factor_verify", 403),
        // A scope that the key does not have.
        (&own, "@me", "push_tokens", 403),
        (&"spk_unknown".to_owned(), ADA, "two_factor_verify", 401),
    ] {
        let path = format!("/api/users/{}/{action}", user.replace(' ', "%20"));
        let body = json!({ "token": "000000", "platform": "ios" });
        let answer = service.post(&path).bearer(credential).json(&body).send();
        assert_eq!(answer.status(), expected, "{path}: {}", answer.json());
    }
}
