//! Turning a second factor off takes the second factor, or support; where it is configured so, a
//! recent sign-in.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ADA, Accounts, BOB, Factor, HOUR, WRONG_BACKUP_CODE, assert_fine, assert_locked,
    assert_not_recent, assert_problem, assert_verified, assert_wrong_code,
};
use crate::kernel::Clock as _;
use crate::testing::service::TestService;

impl Accounts {
    fn disable(&self, caller: &str, user: &str, body: Option<Value>) -> super::TestAnswer {
        self.post_for(caller, user, "two_factor_disable", body.as_ref())
    }

    fn disable_own(&self, code: &str) -> super::TestAnswer {
        let body = json!({ "token": code });
        self.disable(&self.person(ADA), "@me", Some(body))
    }

    /// A caller who signed in so long ago.
    fn signed_in_ago(&self, ago: Duration, mut claims: Value) -> String {
        let at = self.service.clock.now().minus(ago).as_secs();
        claims["auth_time"] = json!(at);
        self.bearer(&claims)
    }

    fn notices(&self) -> Vec<String> {
        self.service.told()
    }
}

fn done() -> Value {
    json!({ "success": true })
}

fn assert_proof_missing(answer: &super::TestAnswer) {
    let detail = "This field is required.";
    let body = ["validation_error", "required", detail, "token"].map(Some);
    assert_problem(answer, 400, &body);
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
fn a_proof_turns_it_off() {
    let staff = json!({ "sub": ADA, "is_staff": true, "amr": ["mfa"] });
    for claims in [
        json!({ "sub": ADA, "amr": ["pwd", "mfa"] }),
        json!({ "sub": ADA, "amr": ["otp"] }),
        staff,
    ] {
        let (accounts, _) = enrolled();
        let answer = accounts.disable(&accounts.bearer(&claims), "@me", None);
        assert_fine(&answer, &done());
        assert!(!accounts.is_on(ADA), "{claims}");
    }
    let (accounts, factor) = enrolled();
    assert_fine(
        &accounts.disable_own(&accounts.code(&factor.secret)),
        &done(),
    );
    assert!(!accounts.is_on(ADA));
    let (accounts, factor) = enrolled();
    assert_fine(&accounts.disable_own(&factor.codes[7]), &done());
    assert!(!accounts.is_on(ADA));
}

#[test]
fn without_a_proof_it_stays_on() {
    let (accounts, _) = enrolled();
    for (claims, user) in [
        (json!({ "sub": ADA }), "@me"),
        (json!({ "sub": ADA, "amr": ["pwd"] }), "@me"),
        (json!({ "sub": ADA, "amr": "mfa" }), "@me"),
        (json!({ "sub": ADA, "amr": ["MFA"] }), "@me"),
        (json!({ "sub": ADA, "amr": [] }), "@me"),
        (json!({ "sub": ADA, "is_staff": true }), "@me"),
        (json!({ "sub": ADA, "is_staff": true }), ADA),
        (json!({ "sub": "auth0|ada", "is_staff": true }), ADA),
    ] {
        for body in [None, Some(json!({}))] {
            let answer = accounts.disable(&accounts.bearer(&claims), user, body);
            assert_proof_missing(&answer);
        }
    }
    assert!(accounts.is_on(ADA));
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
fn a_sign_in_of_long_ago_is_refused_whatever_the_proof() {
    let (accounts, factor) = enrolled();
    let body = json!({ "token": accounts.code(&factor.secret) });
    for claims in [json!({ "sub": ADA }), json!({ "sub": ADA, "amr": ["mfa"] })] {
        let caller = accounts.signed_in_ago(2 * HOUR, claims);
        assert_not_recent(&accounts.disable(&caller, "@me", Some(body.clone())));
    }
    let staff = json!({ "sub": "auth0|support", "is_staff": true });
    let staff = accounts.signed_in_ago(2 * HOUR, staff);
    assert_not_recent(&accounts.disable(&staff, ADA, None));
    // The code was not used up.
    assert_verified(
        &accounts.verify(ADA, &accounts.code(&factor.secret)),
        "totp",
    );
}

#[test]
fn where_nothing_is_on_it_succeeds_and_nothing_is_told() {
    let accounts = Accounts::new();
    for body in [None, Some(json!({})), Some(json!({ "token": "123456" }))] {
        let answer = accounts.disable(&accounts.person(ADA), "@me", body);
        assert_fine(&answer, &done());
    }
    assert_fine(&accounts.disable(&accounts.staff(), ADA, None), &done());
    assert!(accounts.notices().is_empty());
}

#[test]
fn support_needs_no_proof_and_the_audit_trail_tells_who_it_was() {
    let by_domain = json!({
        "sub": "auth0|7", "email": "grace@smartphonekey.com", "email_verified": true,
    });
    let own = json!({ "sub": ADA, "amr": ["mfa"] });
    for (claims, user, actor) in [
        (
            json!({ "sub": "auth0|support", "is_staff": true }),
            ADA,
            "staff:auth0|support",
        ),
        (
            json!({ "sub": BOB, "is_staff": true }),
            ADA,
            &*format!("staff:{BOB}"),
        ),
        (by_domain, ADA, "staff:g***@smartphonekey.com"),
        (own, "@me", &*format!("user:{ADA}")),
    ] {
        let (accounts, _) = enrolled();
        accounts.enrol(BOB);
        let answer = accounts.disable(&accounts.bearer(&claims), user, None);
        assert_fine(&answer, &done());
        assert_eq!((accounts.is_on(ADA), accounts.is_on(BOB)), (false, true));
        let sql = "SELECT actor, subject FROM audit_log WHERE action = 'two_factor.disable'";
        let rows: Vec<(String, String)> =
            (accounts.service.database).query(sql, (), |row| Ok((row.get(0)?, row.get(1)?)));
        assert_eq!(rows, [(actor.to_owned(), ADA.to_owned())]);
    }
}

#[test]
fn those_who_are_not_support_are_refused() {
    let (accounts, _) = enrolled();
    for claims in [
        json!({}),
        json!({ "is_staff": "true" }),
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

#[test]
fn where_a_recent_sign_in_is_enough_no_proof_is_asked_for() {
    let service = TestService::new().setting("TWO_FACTOR_DISABLE", "recent");
    let accounts = Accounts::of(service);
    accounts.enrol(ADA);
    let long_ago = accounts.signed_in_ago(2 * HOUR, json!({ "sub": ADA }));
    assert_not_recent(&accounts.disable(&long_ago, "@me", None));
    assert!(accounts.is_on(ADA));
    let now = accounts.person(ADA);
    assert_fine(&accounts.disable(&now, "@me", None), &done());
    assert!(!accounts.is_on(ADA));
}
