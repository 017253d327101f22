//! Who may do what with whose second factor.

use http::Method;
use serde_json::{Value, json};

use super::{ADA, Accounts, BOB, Factor, TestAnswer, assert_problem, assert_verified};
use crate::kernel::Clock as _;
use crate::testing::service::ADMIN_KEY;

const OWN: &str = "@me";

/// A person's token, and whether the admin key comes beside it.
struct Person {
    name: &'static str,
    has_admin_key: bool,
    claims: Value,
    /// Whom the path names.
    path: &'static str,
}

fn person(name: &'static str, path: &'static str, claims: Value) -> Person {
    Person {
        name,
        has_admin_key: false,
        claims,
        path,
    }
}

fn with_admin_key(name: &'static str, path: &'static str, claims: Value) -> Person {
    Person {
        has_admin_key: true,
        ..person(name, path, claims)
    }
}

/// An action, and its body if it has one.
type Act<'a> = dyn Fn(&Accounts, &Factor) -> (&'static str, Option<Value>) + 'a;

/// What a caller is answered: status and code.
fn told(answer: &TestAnswer) -> String {
    let code = answer.json()["code"].as_str().map(str::to_owned);
    match code {
        Some(code) => format!("{} {code}", answer.status()),
        None => answer.status().to_string(),
    }
}

/// Ada's second factor is on, with codes and another set-up. The actions with what a right code makes of them,
/// and last those without one. `is_known`: the token was verified by an earlier request.
fn answers(person: &Person, is_known: bool) -> [String; 7] {
    let one = |act: &Act<'_>| {
        let accounts = Accounts::new();
        let factor = accounts.enrol(ADA);
        let (action, body) = act(&accounts, &factor);
        let (token, path) = (accounts.bearer(&person.claims), person.path);
        if is_known {
            let status = format!("/api/users/{path}/two_factor_status");
            accounts.service.get(&status).bearer(&token).send();
        }
        let path = format!("/api/users/{path}/{action}");
        let mut request = match body {
            Some(_) => accounts.service.post(&path),
            None => accounts.service.get(&path),
        };
        request = request.bearer(&token);
        if person.has_admin_key {
            request = request.header("x-admin-api-key", ADMIN_KEY);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        told(&request.send())
    };
    let code = |accounts: &Accounts, factor: &Factor| json!(accounts.code(&factor.secret));
    let replace = |accounts: &Accounts, current: Value| {
        let setup = accounts.start(ADA);
        let mut body = json!({ "token": accounts.code(&setup) });
        if !current.is_null() {
            body["current_token"] = current;
        }
        ("two_factor_validate", Some(body))
    };
    [
        one(&|_, _| ("two_factor_status", None)),
        one(&|accounts, factor| {
            let body = json!({ "token": code(accounts, factor) });
            ("two_factor_verify", Some(body))
        }),
        one(&|_, _| ("two_factor_start_setup", None)),
        one(&|accounts, factor| replace(accounts, code(accounts, factor))),
        one(&|accounts, _| replace(accounts, Value::Null)),
        one(&|_, _| ("two_factor_backup_codes", Some(json!({})))),
        one(&|_, _| ("two_factor_disable", Some(json!({})))),
    ]
}

/// A set-up is begun for the caller, also where the path names another user.
const DENIED_BUT_START: [&str; 7] = [DENIED, DENIED, OK, DENIED, DENIED, DENIED, DENIED];
const DENIED_WITHOUT_ACCOUNT: [&str; 7] = [DENIED, DENIED, UNKNOWN, DENIED, DENIED, DENIED, DENIED];

const OK: &str = "200";
const REQUIRED: &str = "400 required";
const UNKNOWN: &str = "401 authentication_failed";
const DENIED: &str = "403 permission_denied";
const OLD: &str = "403 sensitive_action_required_reauth";
const NONE: &str = "404 not_found";

/// The truth table of people: a token's e-mail, verified or not, of staff's domain or not, its claims, its age,
/// `amr`, programs' tokens, the admin key.
#[test]
fn a_caller_may_do_what_their_token_and_their_keys_prove() {
    let staff = |mut more: Value| {
        more["sub"] = json!("auth0|support");
        more
    };
    let of_domain = |mut more: Value, is_verified: bool| {
        more["email"] = json!("grace@smartphonekey.com");
        more["email_verified"] = json!(is_verified);
        staff(more)
    };
    let old = 0;
    let rows = [
        // status, verify, start, replace with a code, replace, new codes, disable
        (
            person("signed in", OWN, json!({ "sub": ADA })),
            [OK, OK, OK, OK, REQUIRED, REQUIRED, REQUIRED],
        ),
        (
            person(
                "signed in, verified",
                OWN,
                json!({ "sub": ADA, "email": "ada@example.com", "email_verified": true }),
            ),
            [OK, OK, OK, OK, REQUIRED, REQUIRED, REQUIRED],
        ),
        (
            person("amr mfa", OWN, json!({ "sub": ADA, "amr": ["pwd", "mfa"] })),
            [OK, OK, OK, OK, OK, OK, OK],
        ),
        (
            person("amr otp", OWN, json!({ "sub": ADA, "amr": ["pwd", "otp"] })),
            [OK, OK, OK, OK, REQUIRED, REQUIRED, REQUIRED],
        ),
        (
            person(
                "long ago",
                OWN,
                json!({ "sub": ADA, "amr": ["mfa"], "auth_time": old }),
            ),
            [OK, OLD, OLD, OLD, OLD, OLD, OLD],
        ),
        (
            person(
                "unknown when",
                OWN,
                json!({ "sub": ADA, "amr": ["mfa"], "auth_time": null }),
            ),
            [OK, OLD, OLD, OLD, OLD, OLD, OLD],
        ),
        (
            person(
                "by their own id",
                ADA,
                json!({ "sub": ADA, "amr": ["mfa"] }),
            ),
            DENIED_BUT_START,
        ),
        (
            person("another person", ADA, json!({ "sub": BOB, "amr": ["mfa"] })),
            DENIED_BUT_START,
        ),
        (
            person(
                "staff by claim",
                ADA,
                staff(json!({ "is_staff": true, "amr": ["mfa"] })),
            ),
            [OK, DENIED, NONE, NONE, NONE, DENIED, DENIED],
        ),
        (
            person(
                "staff by claim, long ago",
                ADA,
                staff(json!({ "is_staff": true, "auth_time": old })),
            ),
            [OK, OLD, NONE, OLD, OLD, OLD, OLD],
        ),
        (
            person(
                "own, as staff",
                OWN,
                json!({ "sub": ADA, "is_staff": true }),
            ),
            [OK, OK, OK, OK, REQUIRED, REQUIRED, REQUIRED],
        ),
        (
            person("staff by domain", ADA, of_domain(json!({}), true)),
            DENIED_WITHOUT_ACCOUNT,
        ),
        (
            person(
                "staff by domain, unverified",
                ADA,
                of_domain(json!({}), false),
            ),
            DENIED_WITHOUT_ACCOUNT,
        ),
        (
            person(
                "a program that is called staff",
                ADA,
                staff(json!({ "is_staff": true, "gty": "client-credentials" })),
            ),
            DENIED_WITHOUT_ACCOUNT,
        ),
        (
            with_admin_key("admin pair", ADA, of_domain(json!({}), true)),
            [OK, OK, NONE, NONE, NONE, DENIED, OK],
        ),
        (
            with_admin_key(
                "admin pair, long ago",
                ADA,
                of_domain(json!({ "auth_time": old }), true),
            ),
            [OK, OLD, NONE, OLD, OLD, OLD, OLD],
        ),
        (
            with_admin_key("admin pair, unverified", ADA, of_domain(json!({}), false)),
            [UNKNOWN; 7],
        ),
        (
            with_admin_key(
                "admin pair of a program",
                ADA,
                of_domain(json!({ "gty": "client-credentials" }), true),
            ),
            DENIED_WITHOUT_ACCOUNT,
        ),
        (
            with_admin_key(
                "admin key, staff by claim",
                ADA,
                staff(json!({ "is_staff": true })),
            ),
            [UNKNOWN; 7],
        ),
    ];
    let wrong = rows.iter().filter_map(|(person, expected)| {
        let answers = [false, true].map(|is_known| answers(person, is_known));
        let all_as_expected = answers.iter().all(|answers| answers == expected);
        (!all_as_expected).then(|| format!("{}: {answers:?}", person.name))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_api_key_reads_the_status_and_verifies_within_its_scope_and_its_user() {
    let accounts = Accounts::new();
    accounts.enrol(ADA);
    let any = accounts.api_key("user:verify", None);
    let own = accounts.api_key("user:verify", Some(ADA));
    let write = accounts.api_key("user:write", Some(ADA));
    let unknown = "spk_unknown".to_owned();
    let body = json!({ "token": "000000" });
    for (key, user, status, verified) in [
        (&any, ADA, OK, "400 token_invalid"),
        (&any, BOB, OK, "400 2fa_not_enabled"),
        (&any, OWN, DENIED, DENIED),
        (&any, "no-such-user", NONE, NONE),
        (&own, OWN, OK, "400 token_invalid"),
        (&own, ADA, OK, "400 token_invalid"),
        (&own, BOB, DENIED, DENIED),
        (&write, OWN, DENIED, DENIED),
        (&unknown, ADA, UNKNOWN, UNKNOWN),
    ] {
        let read = format!("/api/users/{user}/two_factor_status");
        let answer = accounts.service.get(&read).bearer(key).send();
        assert_eq!(told(&answer), status, "{read}");
        let answer = accounts.post_for(key, user, "two_factor_verify", Some(&body));
        assert_eq!(told(&answer), verified, "verify {user}");
        for action in [
            "two_factor_disable",
            "two_factor_backup_codes",
            "two_factor_validate",
        ] {
            let answer = accounts.post_for(key, user, action, Some(&body));
            let is_refused = if key == &unknown { UNKNOWN } else { DENIED };
            assert_eq!(told(&answer), is_refused, "{action} {user}");
        }
    }
}

#[test]
fn a_sign_in_service_learns_whether_to_ask_for_a_code_and_sees_none() {
    for setting in ["second_factor", "recent"] {
        let service = crate::testing::service::TestService::new();
        let accounts = Accounts::of(service.setting("TWO_FACTOR_DISABLE", setting));
        let factor = accounts.enrol(ADA);
        for key in [
            accounts.api_key("user:verify", None),
            accounts.api_key("user:verify", Some(ADA)),
        ] {
            let status = |user: &str| {
                let path = format!("/api/users/{user}/two_factor_status");
                accounts.service.get(&path).bearer(&key).send().json()
            };
            let expected = json!({
                "is_enabled": true, "backup_codes": [], "backup_codes_remaining": 10,
                "method": "TOTP", "has_passkeys": false, "has_totp": true,
                "passkeys_enabled_for_2fa": false,
            });
            assert_eq!(status(ADA), expected);
        }
        let noted = "SELECT count(*) FROM api_keys WHERE last_used_at IS NOT NULL";
        let noted: Vec<u32> = accounts.service.database.query(noted, (), |row| row.get(0));
        assert_eq!(noted, [2]);
        let key = accounts.api_key("user:verify", None);
        let answer = accounts.post_for(
            &key,
            BOB,
            "two_factor_verify",
            Some(&json!({ "token": factor.codes[0] })),
        );
        let body = [
            "validation_error",
            "2fa_not_enabled",
            "2FA must be enabled first",
        ];
        let [kind, code, detail] = body.map(Some);
        assert_problem(&answer, 400, &[kind, code, detail, None]);
    }
}

#[test]
fn putting_somebody_into_a_team_takes_a_recent_sign_in() {
    let accounts = Accounts::new();
    let now = accounts.service.clock.now().as_secs();
    for (auth_time, status) in [(now - 7200, 403), (now, 200)] {
        let token = accounts.bearer(&json!({
            "sub": "auth0|grace", "email": "grace@smartphonekey.com", "email_verified": true,
            "auth_time": auth_time,
        }));
        let path = format!("/admin/users/{ADA}/team");
        let request = accounts.service.request(Method::PUT, &path).bearer(&token);
        let request = request.header("x-admin-api-key", ADMIN_KEY);
        let answer = request.json(&json!({ "teamId": 7 })).send();
        assert_eq!(answer.status(), status);
    }
}

#[test]
fn only_a_recent_admin_pair_unlocks() {
    let accounts = Accounts::new();
    let factor = accounts.enrol(ADA);
    let path = format!("/admin/users/{ADA}/two-factor/unlock");
    let now = accounts.service.clock.now().as_secs();
    let of_domain = |verified: bool, auth_time: i64| {
        accounts.bearer(&json!({
            "sub": "auth0|grace", "email": "grace@smartphonekey.com", "email_verified": verified,
            "auth_time": auth_time,
        }))
    };
    for (token, has_admin_key, status) in [
        (of_domain(true, now), true, 204),
        (of_domain(true, now - 7200), true, 403),
        (of_domain(false, now), true, 401),
        (of_domain(true, now), false, 401),
        (accounts.staff(), true, 401),
        (accounts.staff(), false, 401),
        (accounts.person(ADA), false, 401),
        (accounts.api_key("user:verify", None), false, 401),
    ] {
        let mut request = accounts.service.post(&path).bearer(&token);
        if has_admin_key {
            request = request.header("x-admin-api-key", ADMIN_KEY);
        }
        assert_eq!(request.send().status(), status);
    }
    assert_verified(&accounts.verify(ADA, &factor.codes[0]), "backup_code");
}
