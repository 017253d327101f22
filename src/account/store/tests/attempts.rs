//! Codes: accepted once, with what follows from it.

use futures_executor::block_on;

use crate::account::backup_code::SealedBackupCode;
use crate::account::store::testing::{NOW, Store, audit, entry, notice, user_id};
use crate::account::store::*;
use crate::account::{AuditContext, Notice, NoticeKind};
use crate::db::differential::mirrored_tests;
use crate::kernel::Sealed;

mirrored_tests! {
    Store:
    a_step_is_accepted_once_and_none_before_it_after_it,
    a_backup_code_is_accepted_once_and_told_of,
    no_backup_code_is_used_while_they_are_locked_or_the_second_factor_is_off,
    a_second_factor_is_turned_off_by_an_accepted_code_alone,
    a_backup_code_turns_the_second_factor_off_as_well,
    support_turns_a_second_factor_off_without_a_code,
    backup_codes_are_replaced_as_a_whole_where_the_second_factor_is_on,
}

/// Adds a user whose second factor is on, with a set-up under way and two backup codes.
pub(super) fn add_second_factor(store: &Store) {
    store.add_users(&["ann", "bob"]);
    store.execute(
        "INSERT INTO second_factors
           (user_id, secret_sealed, last_step, pending_sealed, pending_bound_to, pending_until)
         VALUES ('ann', 'secret', 100, 'pending', 'ann', ?1 + 1)",
        [NOW.into()],
    );
    store.execute(
        "INSERT INTO backup_codes (user_id, code_hash, code_sealed, position)
         VALUES ('ann', 'hash-1', 'sealed-1', 0), ('ann', 'hash-2', 'sealed-2', 1)",
        [],
    );
}

const fn attempt<'a>(audit: &'a AuditContext, disable: Option<&'a Notice>) -> CodeAttempt<'a> {
    CodeAttempt {
        audit,
        disable,
        api_key: None,
    }
}

/// Presents a code of the authenticator in ann's `request`th request, for the secret `read`.
pub(super) fn totp(
    store: &Store,
    request: u64,
    read: &str,
    step: Option<i64>,
    disable: Option<&Notice>,
) -> CodeOutcome {
    let (audit, read) = (audit(request, NOW), Sealed::from_stored(read));
    let checked = CheckedTotp {
        read: &read,
        resealed: &read,
        step,
    };
    let attempt = attempt(&audit, disable);
    block_on(try_totp(&store.database, &attempt, &checked)).unwrap()
}

/// Presents a backup code with these hashes.
pub(super) fn backup(
    store: &Store,
    request: u32,
    hashes: &[&str],
    disable: Option<&Notice>,
) -> CodeOutcome {
    let audit = audit(request.into(), NOW);
    let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
    let notice = notice(request, NoticeKind::BackupCodeUsed);
    let attempt = attempt(&audit, disable);
    let outcome = try_backup_code(&store.database, &attempt, &hashes, &notice);
    block_on(outcome).unwrap()
}

/// Presents the first code of the set-up with the secret `read`.
pub(super) fn validate(store: &Store, request: u64, read: &str, step: Option<i64>) -> CodeOutcome {
    let (read, resealed) = (Sealed::from_stored(read), Sealed::from_stored("new"));
    let checked = CheckedTotp {
        read: &read,
        resealed: &resealed,
        step,
    };
    let notice = notice(1, NoticeKind::TwoFactorEnabled);
    let (audit, entry) = (audit(request, NOW), entry("ann"));
    let attempt = attempt(&audit, None);
    let outcome = validate_setup(&store.database, &attempt, &checked, &entry, &notice);
    block_on(outcome).unwrap()
}

fn disabled() -> Notice {
    notice(99, NoticeKind::TwoFactorDisabled)
}

fn failures(store: &Store) -> u32 {
    store.one("SELECT totp_failures + backup_failures FROM second_factors")
}

/// The rows of second factors and of backup codes.
fn rows(store: &Store) -> (u32, u32) {
    (
        store.one("SELECT count(*) FROM second_factors"),
        store.one("SELECT count(*) FROM backup_codes"),
    )
}

fn a_step_is_accepted_once_and_none_before_it_after_it(store: &Store) {
    add_second_factor(store);
    let try_step = |request, step| totp(store, request, "secret", Some(step), None);
    assert_eq!(try_step(1, 100), CodeOutcome::Rejected);
    assert_eq!(try_step(2, 102), CodeOutcome::Accepted);
    assert_eq!(failures(store), 0);
    assert_eq!(try_step(3, 102), CodeOutcome::Rejected);
    assert_eq!(try_step(4, 101), CodeOutcome::Rejected);
    // A secret that was replaced meanwhile accepts and counts nothing.
    let outcome = totp(store, 5, "another", Some(103), None);
    assert_eq!(outcome, CodeOutcome::SecretChanged);
    assert_eq!(failures(store), 2);
    assert_eq!(try_step(6, 103), CodeOutcome::Accepted);
    assert_eq!(failures(store), 0);
}

fn a_backup_code_is_accepted_once_and_told_of(store: &Store) {
    add_second_factor(store);
    let present = |request, hashes: &[&str]| backup(store, request, hashes, None);
    assert_eq!(present(1, &[]), CodeOutcome::Rejected);
    assert_eq!(present(2, &["hash-9"]), CodeOutcome::Rejected);
    assert_eq!(failures(store), 2);
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    // Under the current and the previous key.
    assert_eq!(present(3, &["hash-9", "hash-1"]), CodeOutcome::Accepted);
    assert_eq!(failures(store), 0);
    assert_eq!(store.audit_actions(), ["backup_code.use"]);
    assert_eq!(store.notices(), ["backup_code_used"]);
    assert_eq!(present(4, &["hash-1"]), CodeOutcome::Rejected);
    assert_eq!(present(5, &["hash-2"]), CodeOutcome::Accepted);
    assert_eq!(store.audit_actions().len(), 2);
}

fn no_backup_code_is_used_while_they_are_locked_or_the_second_factor_is_off(store: &Store) {
    add_second_factor(store);
    let lock = "UPDATE second_factors SET backup_locked_until = ?1 + 1";
    store.execute(lock, [NOW.into()]);
    assert_eq!(backup(store, 1, &["hash-1"], None), CodeOutcome::Locked(1));
    let turn_off = "UPDATE second_factors SET secret_sealed = NULL, backup_locked_until = 0";
    store.execute(turn_off, []);
    let outcome = backup(store, 2, &["hash-1"], None);
    assert_eq!(outcome, CodeOutcome::SecretChanged);
    let used: u32 = store.one("SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL");
    assert_eq!(used, 0);
    assert!(store.notices().is_empty() && store.audit_actions().is_empty());
}

fn a_second_factor_is_turned_off_by_an_accepted_code_alone(store: &Store) {
    add_second_factor(store);
    // The code of an earlier request is no reason.
    let earlier = totp(store, 1, "secret", Some(101), None);
    assert_eq!(earlier, CodeOutcome::Accepted);
    for (request, step, is_off) in [
        (2, None, false),
        (3, Some(101), false),
        (4, Some(102), true),
    ] {
        totp(store, request, "secret", step, Some(&disabled()));
        assert_eq!(rows(store), if is_off { (0, 0) } else { (1, 2) });
        assert_eq!(store.notices().len(), usize::from(is_off));
        assert_eq!(store.audit_actions().len(), usize::from(is_off));
    }
}

fn a_backup_code_turns_the_second_factor_off_as_well(store: &Store) {
    add_second_factor(store);
    let outcome = backup(store, 1, &["hash-1"], Some(&disabled()));
    assert_eq!(outcome, CodeOutcome::Accepted);
    assert_eq!(rows(store), (0, 0));
    assert_eq!(store.notices(), ["backup_code_used", "two_factor_disabled"]);
}

fn support_turns_a_second_factor_off_without_a_code(store: &Store) {
    add_second_factor(store);
    let (database, ann) = (&store.database, user_id("ann"));
    // The end of a set-up does not touch a second factor that is on.
    block_on(drop_setup(database, &ann)).unwrap();
    assert_eq!(rows(store), (1, 2));
    for _ in 0..2 {
        block_on(disable_two_factor(database, &audit(1, NOW), &disabled())).unwrap();
        assert_eq!(rows(store), (0, 0));
        assert_eq!(store.notices(), ["two_factor_disabled"]);
        assert_eq!(store.audit_actions().len(), 1);
    }
}

fn backup_codes_are_replaced_as_a_whole_where_the_second_factor_is_on(store: &Store) {
    add_second_factor(store);
    let codes = [SealedBackupCode {
        hash: "hash-3".to_owned(),
        sealed: "sealed-3".to_owned(),
    }];
    let (database, ann, entry) = (&store.database, user_id("ann"), entry("ann"));
    let replace = || block_on(replace_backup_codes(database, &ann, &codes, &entry)).unwrap();
    assert!(replace());
    let hashes: Vec<String> = store.column("SELECT code_hash FROM backup_codes");
    assert_eq!(hashes, ["hash-3"]);
    store.execute("UPDATE second_factors SET secret_sealed = NULL", []);
    assert!(!replace());
    assert_eq!(store.audit_actions().len(), 1);
}
