//! Turning a second factor off, by its owner and by support.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ADA, Accounts, BOB, Factor, WRONG_BACKUP_CODE, assert_fine, assert_locked, assert_problem,
    assert_verified, assert_wrong_code,
};

impl Accounts {
    fn disable(&self, caller: &str, user: &str, body: Option<Value>) -> super::TestAnswer {
        self.post_for(caller, user, "two_factor_disable", body.as_ref())
    }

    fn disable_own(&self, code: &str) -> super::TestAnswer {
        let body = json!({ "token": code });
        self.disable(&self.person(ADA), "@me", Some(body))
    }

    fn disable_by_admin(&self, user: &str) -> super::TestAnswer {
        let path = format!("/api/users/{user}/two_factor_disable");
        self.post_by_admin(&path, None)
    }
}

pub(super) fn done() -> Value {
    json!({ "success": true })
}

/// Ada has turned the second factor on.
fn enrolled() -> (Accounts, Factor) {
    let accounts = Accounts::new();
    let subject = "UPDATE users SET auth_subject = 'auth0|ada' WHERE uuid = ?1";
    accounts.service.database.execute(subject, [ADA]);
    let factor = accounts.enrol(ADA);
    (accounts, factor)
}

#[test]
fn wrong_proofs_are_refused_and_count_as_wrong_codes_of_their_kind() {
    let (accounts, factor) = enrolled();
    let bobs = accounts.enrol(BOB);
    let code = accounts.code(&factor.secret);
    assert_verified(&accounts.verify(ADA, &code), "totp");
    assert_verified(&accounts.verify(ADA, &factor.codes[0]), "backup_code");
    for used in [&code, &factor.codes[0]] {
        assert_wrong_code(&accounts.disable_own(used));
    }
    for other in [&accounts.code(&bobs.secret), &bobs.codes[0]] {
        assert_wrong_code(&accounts.disable_own(other));
    }
    assert_wrong_code(&accounts.disable_own(WRONG_BACKUP_CODE));
    let staff = accounts.bearer(&json!({ "sub": ADA, "is_staff": true }));
    for _ in 0..3 {
        let body = json!({ "token": accounts.wrong_code(&factor.secret) });
        assert_wrong_code(&accounts.disable(&staff, "@me", Some(body)));
    }
    accounts.service.pass(super::STEP - Duration::from_secs(1));
    let code = accounts.code(&factor.secret);
    assert_locked(&accounts.disable_own(&code), 1);
    assert_locked(&accounts.verify(ADA, &code), 1);
    assert!(accounts.is_on(ADA));
    assert_fine(&accounts.disable_own(&factor.codes[1]), &done());
}

#[test]
fn where_nothing_is_on_it_succeeds_and_nothing_is_told() {
    let accounts = Accounts::new();
    for body in [None, Some(json!({})), Some(json!({ "token": "123456" }))] {
        let answer = accounts.disable(&accounts.person(ADA), "@me", body);
        assert_fine(&answer, &done());
    }
    assert_fine(&accounts.disable_by_admin(ADA), &done());
    assert!(accounts.notices().is_empty());
}

#[test]
fn support_needs_no_proof_and_the_audit_trail_tells_who_it_was() {
    let (accounts, _) = enrolled();
    accounts.enrol(BOB);
    assert_fine(&accounts.disable_by_admin(ADA), &done());
    let own = accounts.disable(&accounts.strong(BOB), "@me", None);
    assert_fine(&own, &done());
    let sql =
        "SELECT actor, subject FROM audit_log WHERE action = 'two_factor.disable' ORDER BY id";
    let rows: Vec<(String, String)> =
        (accounts.service.database).query(sql, (), |row| Ok((row.get(0)?, row.get(1)?)));
    let [support, person] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    assert!(
        support.0.contains("g***@smartphonekey.com (auth0|grace)"),
        "{support:?}"
    );
    assert_eq!(
        (person.0.as_str(), person.1.as_str()),
        (&*format!("user:{BOB}"), BOB)
    );
    assert_eq!(support.1, ADA);
}

#[test]
fn neither_a_domain_nor_a_program_is_support() {
    let (accounts, _) = enrolled();
    for claims in [
        json!({}),
        json!({ "is_staff": "true" }),
        json!({ "email": "mallory@smartphonekey.com", "email_verified": true }),
        json!({ "email": "mallory@example.com@smartphonekey.com", "email_verified": true }),
        json!({ "is_staff": true, "gty": "client-credentials" }),
        json!({ "is_staff": 1 }),
        json!({ "email": "mallory@smartphonekey.com.evil.example", "email_verified": true }),
        json!({ "email": "mallory@smartphonekey.com", "email_verified": false }),
    ] {
        let mut all = claims.clone();
        all["sub"] = json!(BOB);
        let answer = accounts.disable(&accounts.bearer(&all), ADA, Some(json!({})));
        let detail = "As a non-staff user you're only allowed to access the `@me` user instance.";
        let body = [
            Some("authentication_error"),
            Some("permission_denied"),
            Some(detail),
            None,
        ];
        assert_problem(&answer, 403, &body);
    }
    assert!(accounts.is_on(ADA));
}

#[test]
fn a_row_that_is_written_anew_keeps_it_and_one_that_is_deleted_does_not() {
    let (accounts, factor) = enrolled();
    let anew = "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?1, 'ada@example.com', '2024-01-15T10:30:00.000Z')";
    accounts.service.database.execute(anew, [ADA]);
    assert_verified(
        &accounts.verify(ADA, &accounts.code(&factor.secret)),
        "totp",
    );
    assert_verified(&accounts.verify(ADA, &factor.codes[0]), "backup_code");
    let gone = "DELETE FROM users WHERE uuid = ?1";
    accounts.service.database.execute(gone, [ADA]);
    let status = accounts.get(&accounts.person(ADA), "two_factor_status");
    assert_eq!(status.status(), 401);
    accounts.service.add_user(ADA, Some("ada@example.com"));
    assert!(!accounts.is_on(ADA));
    assert_wrong_code(&accounts.verify(ADA, &factor.codes[1]));
}
