//! Wrong codes: five in a row lock their kind for 30 s, each further one twice as long, up to an
//! hour; a hundred until support unlocks or turns the second factor off.

use std::time::Duration;

use serde_json::json;

use super::{
    ADA, Accounts, BOB, Factor, HOUR, STEP, WRONG_BACKUP_CODE, assert_fine, assert_locked,
    assert_not_recent, assert_verified, assert_wrong_code,
};

const TOLERATED: u32 = 5;
const LAST: u32 = 100;
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Totp,
    Backup,
}

use Kind::{Backup, Totp};

const KINDS: [Kind; 2] = [Totp, Backup];

impl Kind {
    const fn method(self) -> &'static str {
        match self {
            Totp => "totp",
            Backup => "backup_code",
        }
    }

    fn other(self) -> Self {
        if self == Totp { Backup } else { Totp }
    }

    fn wrong(self, accounts: &Accounts, factor: &Factor) -> String {
        match self {
            Totp => accounts.wrong_code(&factor.secret),
            Backup => WRONG_BACKUP_CODE.to_owned(),
        }
    }

    /// A code that was not used yet.
    fn right(self, accounts: &Accounts, factor: &mut Factor) -> String {
        match self {
            Totp => accounts.code(&factor.secret),
            Backup => factor.codes.remove(0),
        }
    }
}

/// How long so many failures in a row lock, in seconds.
fn lock_of(failures: u32) -> u64 {
    match failures.checked_sub(TOLERATED) {
        None => 0,
        Some(more) => 3600.min(30 << more.min(10)),
    }
}

/// Ada has turned the second factor on.
fn enrolled() -> (Accounts, Factor) {
    let accounts = Accounts::new();
    let factor = accounts.enrol(ADA);
    (accounts, factor)
}

/// Ada fails up to `to` times in a row, and waits for every lock but the last to end.
fn fail(accounts: &Accounts, factor: &Factor, kind: Kind, to: u32) {
    for failures in 1..=to {
        assert_wrong_code(&accounts.verify(ADA, &kind.wrong(accounts, factor)));
        if failures < to {
            accounts
                .service
                .pass(Duration::from_secs(lock_of(failures)));
        }
    }
}

#[test]
fn failures_lock_for_growing_waits_to_the_millisecond() {
    for kind in KINDS {
        let (accounts, factor) = enrolled();
        let verify = || accounts.verify(ADA, &kind.wrong(&accounts, &factor));
        fail(&accounts, &factor, kind, TOLERATED);
        for failures in TOLERATED..15 {
            let lock = lock_of(failures);
            // What a lock refuses was not looked at, and does not count.
            for _ in 0..5 {
                assert_locked(&verify(), lock);
            }
            accounts.service.pass(Duration::from_secs(lock - 1));
            assert_locked(&verify(), 1);
            accounts.service.pass(SECOND - Duration::from_millis(1));
            assert_locked(&verify(), 1);
            accounts.service.pass(Duration::from_millis(1));
            assert_wrong_code(&verify());
        }
        assert_locked(&verify(), 3600);
    }
}

#[test]
fn a_lock_refuses_the_right_code_of_its_kind_alone() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        let other = kind.other();
        fail(&accounts, &factor, kind, TOLERATED);
        let code = kind.right(&accounts, &mut factor);
        assert_locked(&accounts.verify(ADA, &code), 30);
        for _ in 1..TOLERATED {
            let wrong = other.wrong(&accounts, &factor);
            assert_wrong_code(&accounts.verify(ADA, &wrong));
        }
        let right = other.right(&accounts, &mut factor);
        assert_verified(&accounts.verify(ADA, &right), other.method());
        assert_locked(&accounts.verify(ADA, &code), 30);
        accounts.service.pass(STEP);
        let code = match kind {
            Totp => accounts.code(&factor.secret),
            Backup => code,
        };
        assert_verified(&accounts.verify(ADA, &code), kind.method());
    }
}

#[test]
fn failures_are_forgotten_after_a_right_code_and_not_with_time() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        for failures in [TOLERATED - 1, TOLERATED + 2] {
            fail(&accounts, &factor, kind, failures);
            accounts
                .service
                .pass(Duration::from_secs(lock_of(failures)));
            let right = kind.right(&accounts, &mut factor);
            assert_verified(&accounts.verify(ADA, &right), kind.method());
            accounts.service.pass(STEP);
        }
        fail(&accounts, &factor, kind, TOLERATED - 1);
        accounts.service.pass(2 * DAY);
        let wrong = || kind.wrong(&accounts, &factor);
        assert_wrong_code(&accounts.verify(ADA, &wrong()));
        assert_locked(&accounts.verify(ADA, &wrong()), 30);
    }
}

#[test]
fn failures_lock_the_account_for_administrators_and_services_too() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        let mut bobs = accounts.enrol(BOB);
        fail(&accounts, &factor, kind, TOLERATED - 2);
        let key = accounts.api_key("user:verify", None);
        let by_service = |code: String| {
            let body = json!({ "token": code });
            accounts.post_for(&key, ADA, "two_factor_verify", Some(&body))
        };
        let by_admin = |code: String| {
            let path = format!("/api/users/{ADA}/two_factor_verify");
            accounts.post_by_admin(&path, Some(&json!({ "token": code })))
        };
        assert_wrong_code(&by_service(kind.wrong(&accounts, &factor)));
        assert_wrong_code(&by_admin(kind.wrong(&accounts, &factor)));
        assert_locked(&by_service(kind.right(&accounts, &mut factor)), 30);
        assert_locked(&by_admin(kind.right(&accounts, &mut factor)), 30);
        let right = kind.right(&accounts, &mut bobs);
        assert_verified(&accounts.verify(BOB, &right), kind.method());
    }
}

#[test]
fn a_code_that_was_used_counts_like_any_wrong_one() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        let code = kind.right(&accounts, &mut factor);
        assert_verified(&accounts.verify(ADA, &code), kind.method());
        for _ in 0..TOLERATED {
            assert_wrong_code(&accounts.verify(ADA, &code));
        }
        assert_locked(&accounts.verify(ADA, &kind.wrong(&accounts, &factor)), 30);
    }
}

#[test]
fn a_hundred_failures_lock_until_support_turns_the_factor_off() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        fail(&accounts, &factor, kind, LAST - 1);
        accounts.service.pass(HOUR);
        let backup_code = factor.codes.remove(0);
        assert_wrong_code(&accounts.verify(ADA, &kind.wrong(&accounts, &factor)));
        for days in [0, 1, 20] {
            accounts.service.pass(days * DAY);
            let code = match kind {
                Totp => accounts.code(&factor.secret),
                Backup => backup_code.clone(),
            };
            assert_locked(&accounts.verify(ADA, &code), 3600);
        }
        let other = kind.other();
        let right = other.right(&accounts, &mut factor);
        assert_verified(&accounts.verify(ADA, &right), other.method());
        let path = format!("/api/users/{ADA}/two_factor_disable");
        let off = accounts.post_by_admin(&path, Some(&json!({})));
        assert_fine(&off, &json!({ "success": true }));
        let mut anew = accounts.enrol(ADA);
        let right = kind.right(&accounts, &mut anew);
        assert_verified(&accounts.verify(ADA, &right), kind.method());
    }
}

#[test]
fn support_unlocks_without_taking_the_second_factor_off() {
    let path = format!("/admin/users/{ADA}/two-factor/unlock");
    for kind in KINDS {
        for failures in [TOLERATED, LAST] {
            let (accounts, mut factor) = enrolled();
            fail(&accounts, &factor, kind, failures);
            let seconds = lock_of(failures).max(if failures == LAST { 3600 } else { 0 });
            let right = kind.right(&accounts, &mut factor);
            assert_locked(&accounts.verify(ADA, &right), seconds);
            for _ in 0..2 {
                let unlocked = accounts.post_by_admin(&path, None);
                assert_eq!((unlocked.status(), unlocked.json()), (204, json!(null)));
            }
            let right = kind.right(&accounts, &mut factor);
            assert_verified(&accounts.verify(ADA, &right), kind.method());
            // Failures are counted from the beginning.
            accounts.service.pass(STEP);
            fail(&accounts, &factor, kind, TOLERATED);
            assert_locked(&accounts.verify(ADA, &kind.wrong(&accounts, &factor)), 30);
            let rows: Vec<(String, String)> = accounts.service.database.query(
                "SELECT actor, subject FROM audit_log WHERE action = 'two_factor.unlock'",
                (),
                |row| Ok((row.get(0)?, row.get(1)?)),
            );
            let [(actor, subject)] = rows.as_slice() else {
                panic!("{rows:?}");
            };
            assert!(actor.starts_with("admin-key:"), "{actor}");
            assert_eq!(subject, ADA);
            let mut told = accounts.notices();
            told.retain(|kind| kind.starts_with("two_factor_") && kind != "two_factor_enabled");
            told.sort();
            let expected = [
                "two_factor_locked",
                "two_factor_locked",
                "two_factor_unlocked",
            ];
            assert_eq!(told, expected, "{failures}");
        }
    }
}

#[test]
fn an_unlock_of_what_is_not_locked_changes_and_tells_nothing() {
    let (accounts, _) = enrolled();
    let before = accounts.notices();
    for (user, status) in [(ADA, 204), (BOB, 204), ("no-such-user", 404)] {
        let path = format!("/admin/users/{user}/two-factor/unlock");
        assert_eq!(
            accounts.post_by_admin(&path, None).status(),
            status,
            "{user}"
        );
    }
    assert_eq!(accounts.notices(), before);
}

#[test]
fn an_old_token_of_the_person_themself_locks_nothing() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        let old = accounts.bearer(&json!({ "sub": ADA, "auth_time": 0 }));
        for _ in 0..2 * TOLERATED {
            let body = json!({ "token": kind.wrong(&accounts, &factor) });
            assert_not_recent(&accounts.post(&old, "two_factor_verify", Some(&body)));
        }
        let key = accounts.api_key("user:verify", None);
        let body = json!({ "token": kind.right(&accounts, &mut factor) });
        let verified = accounts.post_for(&key, ADA, "two_factor_verify", Some(&body));
        assert_verified(&verified, kind.method());
    }
}

#[test]
fn the_first_lock_in_a_row_is_told_of_whoever_caused_it() {
    for kind in KINDS {
        let (accounts, factor) = enrolled();
        let key = accounts.api_key("user:verify", None);
        let told = || {
            let mut kinds = accounts.notices();
            kinds.retain(|kind| kind == "two_factor_locked");
            kinds.len()
        };
        for failures in 1..=TOLERATED + 2 {
            let body = json!({ "token": kind.wrong(&accounts, &factor) });
            let refused = accounts.post_for(&key, ADA, "two_factor_verify", Some(&body));
            assert_wrong_code(&refused);
            assert_eq!(told(), usize::from(failures >= TOLERATED));
            let lock = Duration::from_secs(lock_of(failures));
            accounts.service.pass(lock);
        }
    }
}

#[test]
fn ninety_nine_failures_lock_for_an_hour() {
    for kind in KINDS {
        let (accounts, mut factor) = enrolled();
        fail(&accounts, &factor, kind, LAST - 1);
        accounts.service.pass(HOUR);
        let right = kind.right(&accounts, &mut factor);
        assert_verified(&accounts.verify(ADA, &right), kind.method());
    }
}

#[test]
fn failures_of_a_set_up_count_with_those_of_verification() {
    let accounts = Accounts::new();
    for number in 0..TOLERATED {
        // Starting again does not wipe them out, and text that is no code counts.
        let secret = accounts.start(ADA);
        let wrong = [
            "x",
            "12345",
            WRONG_BACKUP_CODE,
            &accounts.wrong_code(&secret),
        ];
        let wrong = wrong[number as usize % wrong.len()];
        assert_wrong_code(&accounts.validate(ADA, wrong));
    }
    let secret = accounts.start(ADA);
    assert_locked(&accounts.validate(ADA, &accounts.code(&secret)), 30);
    assert!(!accounts.is_on(ADA));
    accounts.service.pass(STEP);
    let validated = accounts.validate(ADA, &accounts.code(&secret));
    assert_fine(&validated, &json!({ "success": true }));

    let (accounts, factor) = enrolled();
    let secret = accounts.start(ADA);
    fail(&accounts, &factor, Totp, 3);
    // A wrong code of the new authenticator, and one of the present one.
    let current = accounts.code(&factor.secret);
    let wrong = accounts.wrong_code(&secret);
    assert_wrong_code(&accounts.replace(ADA, &wrong, &current));
    let (code, wrong) = (accounts.code(&secret), accounts.wrong_code(&factor.secret));
    let refused = accounts.replace(ADA, &code, &wrong);
    assert_eq!(refused.json()["attr"], "current_token");
    assert_locked(&accounts.replace(ADA, &code, &current), 30);
    assert_locked(&accounts.verify(ADA, &accounts.code(&factor.secret)), 30);
}
