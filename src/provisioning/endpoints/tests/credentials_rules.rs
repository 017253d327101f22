//! Who gets the credentials of whom, and that many who ask at once get those of one account.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, Setup, UNKNOWN, assert_error, setup, text};
use crate::auth::fake;
use crate::kernel::Clock as _;
use crate::testing::service::{ADMIN_KEY, TestAnswer, TestRequest, claims, token};
use crate::threedeye::simulated::Operation;

const FORBIDDEN: &str = "You do not have permission to perform this action";

/// Ann has the subject `auth0|ann`.
fn people() -> Setup {
    let setup = setup();
    let subject = "UPDATE users SET auth_subject = 'auth0|ann' WHERE uuid = ?1";
    setup.service.database.execute(subject, [ANN]);
    setup
}

impl Setup {
    fn ask(&self, user: &str) -> TestRequest<'_> {
        let path = format!("/users/{user}/3deye-credentials");
        self.service.get(&path)
    }

    /// A new API key: its id and itself.
    fn api_key(&self, scope: &str, user: Option<&str>) -> (String, String) {
        let body = json!({ "scopes": [scope], "userId": user });
        let made = self.service.post("/admin/api-keys").admin().json(&body);
        let made = made.send().json();
        (text(&made["id"]), text(&made["key"]))
    }
}

#[track_caller]
fn assert_unauthorized(answer: &TestAnswer) {
    let (status, error) = (answer.status(), answer.json()["error"].clone());
    assert_eq!((status, error), (401, json!("Unauthorized")));
}

fn with(field: &str, value: Value) -> Value {
    let mut all = claims(ANN);
    all[field] = value;
    all
}

#[test]
fn without_a_good_token_the_answer_is_401_before_the_database_is_asked() {
    let setup = people();
    let forged = token(&claims(ANN)).replace('.', ".x");
    let unsigned = fake::encode(r#"{"alg":"none"}"#) + "." + &fake::encode(claims(ANN).to_string());
    let headers = [
        None,
        Some("Bearer x".to_owned()),
        Some(format!("Basic {}", token(&claims(ANN)))),
        Some(format!("Bearer {forged}")),
        Some(format!("Bearer {unsigned}.")),
        Some(format!(
            "Bearer {}",
            token(&with("exp", json!(fake::NOW - 120)))
        )),
        Some(format!("Bearer {}", token(&with("aud", json!("other"))))),
        Some(format!("Bearer {}", token(&with("iss", json!("other"))))),
        Some(format!(
            "Bearer {}",
            fake::rsa_token("key-1", 2, &claims(ANN))
        )),
    ];
    for header in headers {
        let mut request = setup.ask(ANN);
        if let Some(value) = &header {
            request = request.header("authorization", value);
        }
        let (answer, batches) = setup.service.batches_of(|| request.send());
        assert_unauthorized(&answer);
        assert_eq!(batches, 0, "{header:?}");
    }
    for subject in [Value::Null, json!("")] {
        let request = setup.ask(ANN).bearer(&token(&with("sub", subject)));
        assert_unauthorized(&request.send());
    }
    assert_eq!(setup.calls(), 0);
}

#[test]
fn another_person_does_not_even_learn_whether_the_user_exists() {
    let setup = people();
    let upper = ANN.to_uppercase();
    let padded = format!("{ANN} ");
    for subject in [BOB, "auth0|bob", ANN_EMAIL, &upper, &padded, "auth0|ANN"] {
        for user in [ANN, UNKNOWN] {
            let answer = setup.ask(user).person(subject).send();
            assert_error(&answer, StatusCode::FORBIDDEN, FORBIDDEN);
        }
    }
    // The e-mail of an administrator alone opens no other account.
    let mut admin = claims("auth0|ada");
    admin["email"] = json!("ada@smartphonekey.com");
    admin["email_verified"] = json!(true);
    let answer = setup.ask(ANN).bearer(&token(&admin)).send();
    assert_error(&answer, StatusCode::FORBIDDEN, FORBIDDEN);
    assert_eq!(setup.calls(), 0);
}

#[test]
fn a_subject_that_is_another_users_id_opens_that_users_account_alone() {
    let setup = people();
    let database = &setup.service.database;
    // As a row that is older than the trigger which refuses it.
    database.execute("DROP TRIGGER users_update_subject", ());
    database.execute(
        "UPDATE users SET auth_subject = ?2 WHERE uuid = ?1",
        [BOB, ANN],
    );
    assert_eq!(setup.ask(ANN).person(ANN).send().status(), 200);
    assert_error(
        &setup.ask(BOB).person(ANN).send(),
        StatusCode::FORBIDDEN,
        FORBIDDEN,
    );
    assert_eq!(setup.ask(BOB).person(BOB).send().status(), 200);
}

#[test]
fn an_api_key_needs_the_scope_and_the_user_whose_it_is() {
    let setup = people();
    let by = |key: &str, user: &str| setup.ask(user).header("x-api-key", key).send();
    let (_, services) = setup.api_key("threedeye:read", None);
    for user in [ANN, BOB] {
        assert_eq!(by(&services, user).status(), 200);
    }
    assert_error(
        &by(&services, UNKNOWN),
        StatusCode::NOT_FOUND,
        "User not found",
    );
    let (_, anns) = setup.api_key("threedeye:read", Some(ANN));
    assert_eq!(by(&anns, ANN).status(), 200);
    for user in [BOB, UNKNOWN] {
        assert_error(&by(&anns, user), StatusCode::FORBIDDEN, FORBIDDEN);
    }
    for scope in ["user:write", "user:verify"] {
        let (_, other) = setup.api_key(scope, None);
        assert_error(&by(&other, ANN), StatusCode::FORBIDDEN, FORBIDDEN);
    }
    let (id, revoked) = setup.api_key("threedeye:read", None);
    assert_eq!(by(&revoked, ANN).status(), 200);
    let path = format!("/admin/api-keys/{id}");
    assert_eq!(
        setup
            .service
            .request(Method::DELETE, &path)
            .admin()
            .send()
            .status(),
        204
    );
    let unknown = format!("spk_{}", "A".repeat(43));
    let longer = format!("{services}x");
    let upper = services.to_uppercase();
    let mut shorter = services.clone();
    shorter.pop();
    for key in [&revoked, &unknown, "spk_", "", &longer, &shorter, &upper] {
        assert_unauthorized(&by(key, ANN));
        let beside_a_person = setup.ask(ANN).header("x-api-key", key).person(ANN);
        assert_unauthorized(&beside_a_person.send());
    }
    let twice = setup.ask(ANN).header("x-api-key", &services);
    assert_unauthorized(&twice.header("x-api-key", &services).send());
}

#[test]
fn an_administrator_needs_both_halves_of_the_pair() {
    let setup = people();
    let mut admin = claims("auth0|ada");
    admin["email"] = json!("ada@smartphonekey.com");
    admin["email_verified"] = json!(true);
    let good = token(&admin);
    admin["email"] = json!("ada@evil.example");
    let evil = token(&admin);
    for header in ["x-admin-api-key", "x-api-key"] {
        let ask = || setup.ask(ANN).header(header, ADMIN_KEY);
        assert_eq!(ask().bearer(&good).send().status(), 200);
        assert_unauthorized(&ask().send());
    }
    let wrong = setup
        .ask(ANN)
        .header("x-admin-api-key", "wrong")
        .bearer(&good);
    assert_unauthorized(&wrong.send());
    let outside = setup
        .ask(ANN)
        .header("x-admin-api-key", ADMIN_KEY)
        .bearer(&evil);
    assert_error(&outside.send(), StatusCode::FORBIDDEN, FORBIDDEN);
    let unknown = setup.credentials(UNKNOWN);
    assert_error(&unknown, StatusCode::NOT_FOUND, "User not found");
}

#[test]
fn authorizing_and_loading_is_one_batch() {
    let setup = people();
    setup.provision(ANN);
    let (_, key) = setup.api_key("threedeye:read", None);
    // Notes that the key was used, at most once an hour.
    setup.ask(ANN).header("x-api-key", &key).send();
    for request in [
        setup.ask(ANN).person(ANN),
        setup.ask(ANN).person("auth0|ann"),
        setup.ask(ANN).header("x-api-key", &key),
        setup.ask(ANN).admin(),
    ] {
        let (answer, batches) = setup.service.batches_of(|| request.send());
        assert_eq!((answer.status(), batches), (200, 1));
    }
}

#[test]
fn an_email_is_trimmed_and_one_of_white_space_is_none() {
    let setup = people();
    setup.service.add_user(CYD, Some(" Jane@Example.com "));
    setup.assert_provisioned(CYD, "jane@example.com", &[]);
    for email in ["", " \n"] {
        let sql = "UPDATE users SET email = ?2 WHERE uuid = ?1";
        setup.service.database.execute(sql, (ANN, email));
        let refused = setup.credentials(ANN);
        assert_error(&refused, StatusCode::NOT_FOUND, "The user has no e-mail");
    }
}

#[test]
fn an_account_that_waits_for_its_roles_is_answered_all_the_same() {
    let setup = people();
    setup.add_account("old", ANN_EMAIL, &["r1"]);
    setup.refuse(Operation::Attach, 400, 3);
    for _ in 0..2 {
        assert_eq!(setup.credentials(ANN).status(), 200);
        assert_eq!(setup.diagnose(ANN)["mapping"]["state"], "attaching");
    }
}

#[test]
fn first_calls_at_once_and_a_run_make_one_account() {
    let setup = people();
    for operation in [Operation::List, Operation::Create] {
        setup.slow_down(operation, 1);
    }
    let mut requests: Vec<_> = (0..8).map(|_| setup.ask(ANN).admin()).collect();
    requests.push(setup.service.post("/admin/backfill-threedeye").admin());
    let answers = setup.service.send_together(requests);
    let mut passwords: Vec<Value> = Vec::new();
    for answer in &answers {
        assert_eq!(answer.status(), 200, "{}", answer.json());
        passwords.push(answer.json()["password"].clone());
    }
    passwords.pop();
    passwords.dedup();
    assert_eq!(passwords, [json!(setup.account(ANN_EMAIL).password)]);
    setup.run();
    assert_eq!(setup.remote.calls(Operation::Create), 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    setup.assert_provisioned(BOB, BOB_EMAIL, &[]);
}

#[test]
fn a_lease_that_has_ended_blocks_no_one() {
    let setup = people();
    let until = setup.service.clock.now().as_millis() - 1;
    let held = "INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
        VALUES (?1, 'idle', 'other', ?2, 1, 1)";
    setup.service.database.execute(held, (ANN, until));
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    let left = "SELECT lease_until FROM threedeye_users";
    let leases: Vec<i64> = setup.service.database.query(left, (), |row| row.get(0));
    assert_eq!(leases, [0], "given back");
}

#[test]
fn a_password_is_sealed_to_its_user() {
    let setup = people();
    let password = text(&setup.credentials(ANN).json()["password"]);
    setup.provision(BOB);
    let sealed: Vec<String> = setup.service.database.query(
        "SELECT password_sealed FROM threedeye_users UNION ALL SELECT outcome FROM audit_log",
        (),
        |row| row.get(0),
    );
    assert!(sealed.iter().all(|stored| !stored.contains(&password)));
    let swapped = "UPDATE threedeye_users SET password_sealed =
        (SELECT password_sealed FROM threedeye_users WHERE user_id = ?1) WHERE user_id = ?2";
    setup.service.database.execute(swapped, (ANN, BOB));
    assert_eq!(setup.credentials(BOB).status(), 500);
}

#[test]
fn a_first_call_leaves_an_audit_row() {
    let setup = people();
    let answer = setup.ask(ANN).person(ANN).send();
    let sql = "SELECT actor, action, subject, outcome, request_id FROM audit_log";
    let rows: Vec<[String; 5]> = setup.service.database.query(sql, (), |row| {
        Ok([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
        ])
    });
    let actor = format!("user:{ANN}");
    let request = answer.header("x-request-id").unwrap();
    let expected = [&actor, "threedeye.provision", ANN, "created", request];
    assert_eq!(rows, [expected.map(str::to_owned)]);
}
