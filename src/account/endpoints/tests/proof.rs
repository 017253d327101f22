//! The proof of the second factor: one for everything that it protects.

use serde_json::{Value, json};

use super::disable::done;
use super::{
    ADA, Accounts, Factor, HOUR, STEP, TestAnswer, WRONG_BACKUP_CODE, assert_fine,
    assert_not_recent, assert_problem, assert_verified, assert_wrong_code,
};
use crate::kernel::Clock as _;
use crate::testing::service::TestService;

/// What takes a proof.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Protected {
    Disable,
    Replace,
    BackupCodes,
}

use Protected::{BackupCodes, Disable, Replace};

const ALL: [Protected; 3] = [Disable, Replace, BackupCodes];

impl Protected {
    const fn action(self) -> &'static str {
        match self {
            Disable => "two_factor_disable",
            Replace => "two_factor_validate",
            BackupCodes => "two_factor_backup_codes",
        }
    }

    /// The field of the proof's code.
    const fn attr(self) -> &'static str {
        match self {
            Disable | BackupCodes => "token",
            Replace => "current_token",
        }
    }

    /// The notice of the change.
    const fn notice(self) -> &'static str {
        match self {
            Disable => "two_factor_disabled",
            Replace => "two_factor_enabled",
            BackupCodes => "backup_codes_created",
        }
    }
}

/// Ada has turned the second factor on, has ten backup codes, and has begun another set-up.
struct Stage {
    accounts: Accounts,
    factor: Factor,
    setup: crate::account::TotpSecret,
}

impl Stage {
    fn new() -> Self {
        Self::of(TestService::new())
    }

    fn of(service: TestService) -> Self {
        let accounts = Accounts::of(service);
        let factor = accounts.enrol(ADA);
        let setup = accounts.start(ADA);
        accounts.service.delivered.take();
        Self {
            accounts,
            factor,
            setup,
        }
    }

    /// Ada's token with these claims beside her subject.
    fn ada(&self, mut claims: Value) -> String {
        claims["sub"] = json!(ADA);
        self.accounts.bearer(&claims)
    }

    fn act(&self, what: Protected, caller: &str, proof: Option<&str>) -> TestAnswer {
        let mut body = json!({});
        if what == Replace {
            body["token"] = json!(self.accounts.code(&self.setup));
        }
        if let Some(proof) = proof {
            body[what.attr()] = json!(proof);
        }
        self.accounts.post(caller, what.action(), Some(&body))
    }

    /// Whether the change was made; it is told of if it was, and only then.
    #[track_caller]
    fn assert_changed(&self, what: Protected, is_changed: bool) {
        let accounts = &self.accounts;
        assert_eq!(
            accounts.notices().contains(&what.notice().to_owned()),
            is_changed
        );
        assert_eq!(accounts.is_on(ADA), what != Disable || !is_changed);
        let status = accounts
            .get(&accounts.strong(ADA), "two_factor_status")
            .json();
        let has_old_codes = status["backup_codes"]
            .as_array()
            .unwrap()
            .contains(&json!(self.factor.codes[9]));
        assert_eq!(has_old_codes, what == Replace || !is_changed);
    }
}

#[track_caller]
fn assert_proof_missing(answer: &TestAnswer, attr: &str) {
    let detail = "This field is required.";
    let body = ["validation_error", "required", detail, attr].map(Some);
    assert_problem(answer, 400, &body);
}

#[test]
fn what_the_second_factor_protects_takes_a_proof_of_it() {
    for what in ALL {
        let stage = Stage::new();
        for claims in [
            json!({}),
            json!({ "amr": ["pwd"] }),
            // A one-time password can be the only factor of a sign-in.
            json!({ "amr": ["otp"] }),
            json!({ "amr": ["pwd", "otp"] }),
            json!({ "amr": "mfa" }),
            json!({ "amr": ["MFA"] }),
            json!({ "amr": [] }),
            json!({ "is_staff": true }),
            json!({ "email": "ada@smartphonekey.com", "email_verified": true }),
        ] {
            let answer = stage.act(what, &stage.ada(claims), None);
            assert_proof_missing(&answer, what.attr());
        }
        stage.assert_changed(what, false);
    }
}

#[test]
fn codes_of_either_kind_and_a_sign_in_with_two_factors_are_proofs() {
    for what in ALL {
        for number in 0..3 {
            let stage = Stage::new();
            let person = stage.ada(json!({}));
            let answer = match number {
                0 => {
                    let code = stage.accounts.code(&stage.factor.secret);
                    stage.act(what, &person, Some(&code))
                }
                1 => stage.act(what, &person, Some(&stage.factor.codes[3])),
                _ => stage.act(what, &stage.ada(json!({ "amr": ["pwd", "mfa"] })), None),
            };
            assert_eq!(answer.status(), 200, "{what:?} {}", answer.json());
            stage.assert_changed(what, true);
        }
    }
}

#[test]
fn a_wrong_proof_is_refused_and_counts_as_a_wrong_code() {
    for what in ALL {
        let stage = Stage::new();
        let (accounts, factor) = (&stage.accounts, &stage.factor);
        let used = accounts.code(&factor.secret);
        assert_verified(&accounts.verify(ADA, &used), "totp");
        let person = stage.ada(json!({}));
        let new = accounts.code(&stage.setup);
        for wrong in [&used, &new, WRONG_BACKUP_CODE, "?"] {
            let answer = stage.act(what, &person, Some(wrong));
            let attr = (what == Replace).then_some("current_token");
            let body = ["validation_error", "token_invalid", "Token is not valid"];
            let [kind, code, detail] = body.map(Some);
            assert_problem(&answer, 400, &[kind, code, detail, attr]);
        }
        let counted = "SELECT totp_failures * 10 + backup_failures FROM second_factors";
        let counted: Vec<u32> = (accounts.service.database).query(counted, (), |row| row.get(0));
        assert_eq!(counted, [22], "{what:?}");
        stage.assert_changed(what, false);
    }
}

#[test]
fn a_sign_in_of_long_ago_is_refused_whatever_the_proof() {
    for what in ALL {
        let stage = Stage::new();
        let at = stage.accounts.service.clock.now().minus(2 * HOUR).as_secs();
        for amr in [json!([]), json!(["mfa"])] {
            // When the token was issued does not tell when the person signed in.
            let now = stage.accounts.service.clock.now().as_secs();
            let late = stage.ada(json!({ "amr": amr, "auth_time": at, "iat": now }));
            let code = stage.accounts.code(&stage.factor.secret);
            assert_not_recent(&stage.act(what, &late, Some(&code)));
        }
        stage.assert_changed(what, false);
        let code = stage.accounts.code(&stage.factor.secret);
        assert_verified(&stage.accounts.verify(ADA, &code), "totp");
    }
}

#[test]
fn where_a_recent_sign_in_is_enough_no_proof_is_asked_for() {
    for what in ALL {
        let stage = Stage::of(TestService::new().setting("TWO_FACTOR_DISABLE", "recent"));
        let at = stage.accounts.service.clock.now().minus(2 * HOUR).as_secs();
        let late = stage.ada(json!({ "auth_time": at }));
        assert_not_recent(&stage.act(what, &late, None));
        assert_eq!(stage.act(what, &stage.ada(json!({})), None).status(), 200);
        stage.assert_changed(what, true);
    }
}

#[test]
fn a_replaced_authenticator_and_the_code_that_permitted_it_are_dead() {
    let stage = Stage::new();
    let (accounts, factor) = (&stage.accounts, &stage.factor);
    let code = accounts.code(&factor.secret);
    assert_fine(
        &stage.act(Replace, &stage.ada(json!({})), Some(&code)),
        &done(),
    );
    for dead in [&code, &accounts.code(&stage.setup)] {
        assert_wrong_code(&accounts.verify(ADA, dead));
    }
    accounts.service.pass(STEP);
    assert_wrong_code(&accounts.verify(ADA, &accounts.code(&factor.secret)));
    assert_verified(&accounts.verify(ADA, &accounts.code(&stage.setup)), "totp");
    // The backup codes are still the person's.
    assert_verified(&accounts.verify(ADA, &factor.codes[0]), "backup_code");
    let outcome = "SELECT outcome FROM audit_log WHERE action = 'two_factor.enable' ORDER BY id";
    let outcomes: Vec<String> = accounts
        .service
        .database
        .query(outcome, (), |row| row.get(0));
    assert_eq!(outcomes, ["on", "replaced"]);
}

#[test]
fn a_proof_is_not_used_up_by_a_wrong_code_of_the_set_up_or_without_one() {
    let stage = Stage::new();
    let (accounts, factor) = (&stage.accounts, &stage.factor);
    let current = &factor.codes[0];
    let wrong = accounts.wrong_code(&stage.setup);
    assert_wrong_code(&accounts.replace(ADA, &wrong, current));
    let end = "UPDATE second_factors SET pending_until = 0";
    accounts.service.database.execute(end, ());
    let answer = accounts.replace(ADA, &accounts.code(&stage.setup), current);
    assert_eq!(answer.json()["code"], "setup_expired");
    assert_verified(&accounts.verify(ADA, current), "backup_code");
}

#[test]
fn two_requests_with_one_proof_make_one_change() {
    for what in [Replace, BackupCodes] {
        let stage = Stage::new();
        let accounts = &stage.accounts;
        let mut body = json!({ "token": accounts.code(&stage.setup) });
        body[what.attr()] = json!(accounts.code(&stage.factor.secret));
        let path = format!("/api/users/@me/{}", what.action());
        let requests = (0..8).map(|_| {
            let request = accounts.service.post(&path).bearer(&accounts.person(ADA));
            request.json(&body)
        });
        let answers = accounts.service.send_together(requests.collect());
        let made = answers.iter().filter(|answer| answer.status() == 200);
        assert_eq!(made.count(), 1, "{what:?}");
    }
}

#[test]
fn the_first_backup_codes_take_no_proof_and_others_do_also_when_all_are_used() {
    let accounts = Accounts::new();
    let factor = accounts.enrol(ADA);
    let more = || accounts.post(&accounts.person(ADA), BackupCodes.action(), None);
    assert_proof_missing(&more(), "token");
    for code in &factor.codes {
        assert_verified(&accounts.verify(ADA, code), "backup_code");
    }
    assert_proof_missing(&more(), "token");
    // They go with the second factor.
    let off = accounts.post(&accounts.strong(ADA), Disable.action(), None);
    assert_fine(&off, &done());
    assert_eq!(more().json()["code"], "2fa_not_enabled");
    assert_eq!(accounts.enrol(ADA).codes.len(), 10);
}

#[test]
fn of_first_backup_codes_made_at_once_one_set_is_made() {
    let accounts = Accounts::new();
    let secret = accounts.start(ADA);
    assert_fine(&accounts.validate(ADA, &accounts.code(&secret)), &done());
    let path = format!("/api/users/@me/{}", BackupCodes.action());
    let request = |_| accounts.service.post(&path).bearer(&accounts.person(ADA));
    let answers = accounts
        .service
        .send_together((0..4).map(request).collect());
    let made = answers.iter().filter(|answer| answer.status() == 200);
    assert_eq!(made.count(), 1);
    for refused in answers.iter().filter(|answer| answer.status() != 200) {
        assert_proof_missing(refused, "token");
    }
    assert_eq!(
        accounts.notices(),
        ["two_factor_enabled", "backup_codes_created"]
    );
}

#[test]
fn backup_codes_are_shown_again_to_who_has_just_shown_the_second_factor() {
    for (setting, claims, is_shown) in [
        ("second_factor", json!({}), false),
        ("second_factor", json!({ "amr": ["otp"] }), false),
        ("second_factor", json!({ "amr": ["mfa"] }), true),
        (
            "second_factor",
            json!({ "amr": ["mfa"], "auth_time": 0 }),
            false,
        ),
        ("second_factor", json!({ "is_staff": true }), false),
        ("recent", json!({}), true),
        ("recent", json!({ "auth_time": 0 }), false),
    ] {
        let service = TestService::new().setting("TWO_FACTOR_DISABLE", setting);
        let stage = Stage::of(service);
        let status = stage
            .accounts
            .get(&stage.ada(claims.clone()), "two_factor_status");
        let status = status.json();
        let codes = status["backup_codes"].as_array().unwrap().len();
        assert_eq!(codes, if is_shown { 10 } else { 0 }, "{setting} {claims}");
        assert_eq!(status["backup_codes_remaining"], 10);
    }
}

#[test]
fn a_set_up_beside_a_second_factor_begins_after_a_recent_sign_in() {
    let accounts = Accounts::new();
    let late = || accounts.bearer(&json!({ "sub": ADA, "auth_time": 0, "amr": ["mfa"] }));
    let begun = accounts.get(&late(), "two_factor_start_setup");
    assert_eq!(begun.status(), 200);
    accounts.enrol(ADA);
    assert_not_recent(&accounts.get(&late(), "two_factor_start_setup"));
}
