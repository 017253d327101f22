//! Codes: accepted once, with what follows from it.

use futures_executor::block_on;

use crate::account::store::testing::{NOW, Store, entry, origin, request_id, user_id};
use crate::account::store::*;
use crate::account::{Notice, NoticeKind};
use crate::kernel::audit::{self, Action};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{RequestId, Sealed, UserId};

static ANN: std::sync::LazyLock<UserId> = std::sync::LazyLock::new(|| user_id("ann"));

/// A database with a user whose second factor is on, with a set-up under way and two backup codes.
pub(super) fn with_second_factor() -> Store {
    let store = Store::with_users(&["ann", "bob"]);
    let until = NOW.as_millis() + 1;
    store.execute(&format!(
        "INSERT INTO second_factors
           (user_id, secret_sealed, last_step, pending_sealed, pending_bound_to, pending_until)
         VALUES ('ann', 'secret', 100, 'pending', 'ann', {until})"
    ));
    store.execute(
        "INSERT INTO backup_codes (user_id, code_hash, code_sealed, position)
         VALUES ('ann', 'hash-1', 'sealed-1', 0), ('ann', 'hash-2', 'sealed-2', 1)",
    );
    store
}

pub(super) fn attempt(request: &RequestId) -> CodeAttempt<'_> {
    CodeAttempt {
        user: &ANN,
        at: NOW,
        request,
        lock_entry: audit::Entry {
            at: NOW,
            origin: origin(request),
            action: Action::LockTwoFactor,
            subject: "ann".to_owned(),
            outcome: "codes".to_owned(),
        },
        disable: None,
        api_key: None,
    }
}

pub(super) fn notice(kind: NoticeKind) -> Notice {
    Notice::new(kind, &ANN, None, NOW, &Seeded::new(5))
}

pub(super) const fn checked(sealed: &Sealed, step: Option<i64>) -> CheckedTotp<'_> {
    CheckedTotp {
        sealed,
        resealed: sealed,
        step,
    }
}

pub(super) const fn hashed<'a>(
    hashes: &'a [String],
    entry: &'a audit::Entry,
    notice: &'a Notice,
) -> HashedBackupCode<'a> {
    HashedBackupCode {
        hashes,
        entry,
        notice,
    }
}

pub(super) const fn setup<'a>(
    pending: &'a Sealed,
    sealed: &'a Sealed,
    step: Option<i64>,
    entry: &'a audit::Entry,
    notice: &'a Notice,
) -> CheckedSetup<'a> {
    CheckedSetup {
        pending,
        sealed,
        step,
        entry,
        notice,
    }
}

fn totp(store: &Store, request: u64, secret: &str, step: Option<i64>) -> CodeOutcome {
    let (request, sealed) = (request_id(request), Sealed::from_stored(secret));
    let attempt = attempt(&request);
    block_on(try_totp(&store.database, &attempt, &checked(&sealed, step))).unwrap()
}

fn backup(store: &Store, request: u64, hashes: &[&str]) -> CodeOutcome {
    let request = request_id(request);
    let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
    let notice = Notice {
        id: format!("ntc_{}", request.as_str()),
        ..notice(NoticeKind::BackupCodeUsed)
    };
    let entry = entry("ann");
    let code = hashed(&hashes, &entry, &notice);
    block_on(try_backup_code(&store.database, &attempt(&request), &code)).unwrap()
}

fn validate(store: &Store, request: u64, pending: &str, step: Option<i64>) -> CodeOutcome {
    let (request, new) = (request_id(request), Sealed::from_stored("new"));
    let pending = Sealed::from_stored(pending);
    let (entry, notice) = (entry("ann"), notice(NoticeKind::TwoFactorEnabled));
    let setup = setup(&pending, &new, step, &entry, &notice);
    block_on(validate_setup(&store.database, &attempt(&request), &setup)).unwrap()
}

fn failures(store: &Store) -> u32 {
    store.one("SELECT totp_failures + backup_failures FROM second_factors")
}

#[test]
fn a_step_is_accepted_once_and_none_before_it_after_it() {
    let store = with_second_factor();
    assert_eq!(totp(&store, 1, "secret", Some(100)), CodeOutcome::Rejected);
    assert_eq!(totp(&store, 2, "secret", Some(102)), CodeOutcome::Accepted);
    assert_eq!(failures(&store), 0);
    for (request, step) in [(3, 102), (4, 101)] {
        assert_eq!(
            totp(&store, request, "secret", Some(step)),
            CodeOutcome::Rejected
        );
    }
    assert_eq!(failures(&store), 2);
    assert_eq!(totp(&store, 5, "secret", Some(103)), CodeOutcome::Accepted);
    assert_eq!(failures(&store), 0);
}

#[test]
fn a_secret_that_was_replaced_meanwhile_accepts_and_counts_nothing() {
    let store = with_second_factor();
    assert_eq!(
        totp(&store, 1, "another", Some(102)),
        CodeOutcome::SecretChanged
    );
    assert_eq!(failures(&store), 0);
}

#[test]
fn a_backup_code_is_accepted_once_and_told_of() {
    let store = with_second_factor();
    assert_eq!(backup(&store, 1, &[]), CodeOutcome::Rejected);
    assert_eq!(backup(&store, 2, &["hash-9"]), CodeOutcome::Rejected);
    assert_eq!(failures(&store), 2);
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    // Under the current and the previous key.
    assert_eq!(
        backup(&store, 3, &["hash-9", "hash-1"]),
        CodeOutcome::Accepted
    );
    assert_eq!(failures(&store), 0);
    assert_eq!(store.audit_actions().len(), 1);
    assert_eq!(store.notices(), ["backup_code_used"]);
    assert_eq!(backup(&store, 4, &["hash-1"]), CodeOutcome::Rejected);
    assert_eq!(backup(&store, 5, &["hash-2"]), CodeOutcome::Accepted);
    assert_eq!(store.audit_actions().len(), 2);
}

#[test]
fn no_backup_code_is_used_while_they_are_locked_or_the_second_factor_is_off() {
    let store = with_second_factor();
    store.execute(&format!(
        "UPDATE second_factors SET backup_locked_until = {}",
        NOW.as_millis() + 1
    ));
    assert_eq!(backup(&store, 1, &["hash-1"]), CodeOutcome::Locked(1));
    store.execute("UPDATE second_factors SET secret_sealed = NULL, backup_locked_until = 0");
    assert_eq!(backup(&store, 2, &["hash-1"]), CodeOutcome::SecretChanged);
    let used: u32 = store.one("SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL");
    assert_eq!(used, 0);
    assert!(store.notices().is_empty() && store.audit_actions().is_empty());
}

#[test]
fn a_second_factor_is_turned_off_by_an_accepted_code_alone() {
    let disable = Disable {
        entry: entry("ann"),
        notice: notice(NoticeKind::TwoFactorDisabled),
    };
    for (step, is_off) in [(None, false), (Some(100), false), (Some(101), true)] {
        let store = with_second_factor();
        // An earlier request's code was accepted.
        assert_eq!(totp(&store, 1, "secret", Some(100)), CodeOutcome::Rejected);
        let request = request_id(2);
        let attempt = CodeAttempt {
            disable: Some(&disable),
            ..attempt(&request)
        };
        let sealed = Sealed::from_stored("secret");
        block_on(try_totp(&store.database, &attempt, &checked(&sealed, step))).unwrap();
        let rows: u32 = store.one("SELECT count(*) FROM second_factors");
        let codes: u32 = store.one("SELECT count(*) FROM backup_codes");
        assert_eq!((rows, codes), if is_off { (0, 0) } else { (1, 2) });
        assert_eq!(store.notices().len(), usize::from(is_off));
        assert_eq!(store.audit_actions().len(), usize::from(is_off));
    }
}

#[test]
fn a_backup_code_turns_the_second_factor_off_as_well() {
    let store = with_second_factor();
    let disable = Disable {
        entry: entry("ann"),
        notice: Notice {
            id: "ntc_2".to_owned(),
            ..notice(NoticeKind::TwoFactorDisabled)
        },
    };
    let request = request_id(1);
    let attempt = CodeAttempt {
        disable: Some(&disable),
        ..attempt(&request)
    };
    let (entry, notice) = (entry("ann"), notice(NoticeKind::BackupCodeUsed));
    let hashes = ["hash-1".to_owned()];
    let code = hashed(&hashes, &entry, &notice);
    let outcome = block_on(try_backup_code(&store.database, &attempt, &code)).unwrap();
    assert_eq!(outcome, CodeOutcome::Accepted);
    assert_eq!(store.one::<u32>("SELECT count(*) FROM second_factors"), 0);
    let mut notices = store.notices();
    notices.sort_unstable();
    assert_eq!(notices, ["backup_code_used", "two_factor_disabled"]);
}

#[test]
fn support_turns_a_second_factor_off_without_a_code() {
    let store = with_second_factor();
    let disable = Disable {
        entry: entry("ann"),
        notice: notice(NoticeKind::TwoFactorDisabled),
    };
    for _ in 0..2 {
        block_on(disable_two_factor(&store.database, &ANN, &disable)).unwrap();
        assert_eq!(store.notices(), ["two_factor_disabled"]);
        assert_eq!(store.audit_actions().len(), 1);
    }
    assert_eq!(store.one::<u32>("SELECT count(*) FROM backup_codes"), 0);
}

#[test]
fn a_dropped_set_up_leaves_a_second_factor_that_is_on() {
    let store = with_second_factor();
    block_on(drop_setup(&store.database, &ANN)).unwrap();
    assert_eq!(store.one::<u32>("SELECT count(*) FROM second_factors"), 1);
    store.execute("UPDATE second_factors SET secret_sealed = NULL");
    block_on(drop_setup(&store.database, &ANN)).unwrap();
    assert_eq!(store.one::<u32>("SELECT count(*) FROM second_factors"), 0);
}

#[test]
fn a_first_code_turns_the_second_factor_on_and_is_told_of() {
    let store = with_second_factor();
    assert_eq!(validate(&store, 11, "pending", None), CodeOutcome::Rejected);
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    assert_eq!(
        validate(&store, 12, "another", Some(200)),
        CodeOutcome::SecretChanged
    );
    assert_eq!(
        validate(&store, 13, "pending", Some(200)),
        CodeOutcome::Accepted
    );
    assert_eq!(
        store.one::<String>("SELECT secret_sealed FROM second_factors"),
        "new"
    );
    assert_eq!(store.notices(), ["two_factor_enabled"]);
    assert_eq!(store.audit_actions().len(), 1);
    // The code that turned it on is not accepted again.
    assert_eq!(totp(&store, 3, "new", Some(200)), CodeOutcome::Rejected);
    assert_eq!(
        validate(&store, 14, "pending", Some(201)),
        CodeOutcome::SecretChanged
    );
}

#[test]
fn a_set_up_is_validated_before_its_end() {
    let store = with_second_factor();
    store.execute(&format!(
        "UPDATE second_factors SET pending_until = {}",
        NOW.as_millis()
    ));
    assert_eq!(
        validate(&store, 15, "pending", Some(200)),
        CodeOutcome::SecretChanged
    );
}

#[test]
fn a_set_up_beside_a_second_factor_needs_a_recent_sign_in() {
    for (is_on, is_recent, begins) in [
        (false, false, true),
        (false, true, true),
        (true, false, false),
        (true, true, true),
    ] {
        let store = with_second_factor();
        if !is_on {
            store.execute("UPDATE second_factors SET secret_sealed = NULL");
        }
        let sealed = Sealed::from_stored("begun");
        let setup = NewSetup {
            selector: &AccountSelector::Subject("ann".to_owned()),
            sealed: &sealed,
            until: NOW,
            is_sign_in_recent: is_recent,
        };
        let start = block_on(start_setup(&store.database, &setup, &entry(""))).unwrap();
        assert_eq!(start.has_begun, begins, "{is_on} {is_recent}");
        assert_eq!(start.account.unwrap().person.id, *ANN);
        let subjects: Vec<String> = store.column("SELECT subject FROM audit_log");
        assert_eq!(subjects, vec!["ann"; usize::from(begins)]);
    }
}

#[test]
fn no_set_up_begins_for_a_subject_without_an_account() {
    let store = Store::with_users(&["ann"]);
    for subject in ["", "zoe"] {
        let sealed = Sealed::from_stored("begun");
        let setup = NewSetup {
            selector: &AccountSelector::Subject(subject.to_owned()),
            sealed: &sealed,
            until: NOW,
            is_sign_in_recent: true,
        };
        let start = block_on(start_setup(&store.database, &setup, &entry(""))).unwrap();
        assert!(start.account.is_none() && !start.has_begun);
    }
    assert!(store.audit_actions().is_empty());
}

#[test]
fn backup_codes_are_replaced_as_a_whole_where_the_second_factor_is_on() {
    let store = with_second_factor();
    let codes = [NewBackupCode {
        hash: "hash-3".to_owned(),
        sealed: "sealed-3".to_owned(),
    }];
    let replace = || {
        block_on(replace_backup_codes(
            &store.database,
            &ANN,
            &codes,
            &entry("ann"),
        ))
    };
    assert!(replace().unwrap());
    assert_eq!(
        store.column::<String>("SELECT code_hash FROM backup_codes"),
        ["hash-3"]
    );
    store.execute("UPDATE second_factors SET secret_sealed = NULL");
    assert!(!replace().unwrap());
    assert_eq!(store.audit_actions().len(), 1);
}
