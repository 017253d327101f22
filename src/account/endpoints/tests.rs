//! The second factor of a person from its set-up to its end, through the router; and who may use it.

use serde_json::{Value, json};

use crate::account::TotpSecret;
use crate::kernel::{Clock as _, Secret, Timestamp};
use crate::testing::service::{TestAnswer, TestService, claims, token};

const ADA: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000001";

fn service() -> TestService {
    let service = TestService::new();
    service.add_user(ADA, Some("ada@example.com"));
    service
}

/// Another API key with the scope `user:verify`.
fn api_key(service: &TestService, user: Option<&str>) -> String {
    let body = json!({ "scopes": ["user:verify"], "label": "sign-in", "userId": user });
    let made = service.post("/admin/api-keys").admin().json(&body).send();
    assert_eq!(made.status(), 201, "{}", made.json());
    made.json()["key"].as_str().unwrap().to_owned()
}

/// As ada, who has just signed in.
fn post(service: &TestService, action: &str, body: &Value) -> TestAnswer {
    let path = format!("/api/users/@me/{action}");
    service.post(&path).person(ADA).json(body).send()
}

fn status(service: &TestService) -> Value {
    let path = "/api/users/@me/two_factor_status";
    service.get(path).person(ADA).send().json()
}

/// The sign-in service presents a code; tells the method that was proved, or the error's code.
fn verify(service: &TestService, key: &str, code: &str) -> Value {
    let path = format!("/api/users/{ADA}/two_factor_verify");
    let body = json!({ "token": code });
    let answer = service.post(&path).bearer(key).json(&body).send().json();
    let told = answer.get("method").or_else(|| answer.get("code"));
    told.unwrap().clone()
}

#[test]
fn a_second_factor_from_its_set_up_to_its_end() {
    let service = service();
    let key = api_key(&service, None);
    let start = "/api/users/@me/two_factor_start_setup";
    let setup = service.get(start).person(ADA).send().json();
    let secret = Secret::new(setup["secret"].as_str().unwrap());
    let secret = TotpSecret::from_base32(&secret).unwrap();
    let code = |seconds: i64| {
        let now = service.clock.now().as_millis();
        secret.code_at(Timestamp::from_millis(now + seconds * 1000))
    };
    assert_eq!(status(&service)["is_enabled"], false);
    assert_eq!(verify(&service, &key, &code(0)), "token_invalid");

    let first = json!({ "token": code(-30) });
    let validated = post(&service, "two_factor_validate", &first);
    assert_eq!(validated.json(), json!({ "success": true }));
    let again = post(&service, "two_factor_validate", &first);
    assert_eq!(again.json()["code"], "setup_expired");

    let made = post(&service, "two_factor_backup_codes", &json!({})).json();
    let backup_codes = made["backup_codes"].as_array().unwrap();
    assert_eq!(status(&service)["backup_codes"], made["backup_codes"]);

    assert_eq!(verify(&service, &key, &code(0)), "totp");
    assert_eq!(verify(&service, &key, &code(0)), "token_invalid");
    let backup_code = backup_codes[0].as_str().unwrap();
    assert_eq!(verify(&service, &key, backup_code), "backup_code");
    assert_eq!(verify(&service, &key, backup_code), "token_invalid");
    assert_eq!(status(&service)["backup_codes_remaining"], 9);
    let read = "SELECT last_used_at FROM api_keys";
    let used: Vec<Option<i64>> = service.database.query(read, [], |row| row.get(0));
    assert!(used[0].is_some());

    let missing = post(&service, "two_factor_disable", &json!({}));
    assert_eq!(missing.json()["code"], "required");
    let proof = json!({ "token": backup_codes[1] });
    let disabled = post(&service, "two_factor_disable", &proof);
    assert_eq!(disabled.json(), json!({ "success": true }));
    assert_eq!(status(&service)["is_enabled"], false);
    let kinds = "SELECT type FROM notices ORDER BY created_at, id";
    let notices: Vec<String> = service.database.query(kinds, [], |row| row.get(0));
    assert_eq!(notices.len(), 4, "{notices:?}");
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
