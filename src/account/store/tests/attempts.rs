//! Codes: accepted once, with what follows from it.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_executor::block_on;

use crate::account::backup_code::SealedBackupCode;
use crate::account::store::testing::{NOW, Store, audit, entry, notice, user_id};
use crate::account::store::*;
use crate::account::{AuditContext, NoticeKind};
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
    the_first_backup_codes_are_made_once_without_a_proof,
    backup_codes_are_replaced_by_an_accepted_code_alone,
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

pub(super) fn attempt(audit: &AuditContext) -> CodeAttempt<'_> {
    static ATTEMPTS: AtomicU32 = AtomicU32::new(1000);
    let number = ATTEMPTS.fetch_add(1, Ordering::Relaxed);
    CodeAttempt {
        audit,
        api_key: None,
        locked: notice(number, NoticeKind::TwoFactorLocked),
    }
}

/// Presents a code of the authenticator in ann's `request`th request, for the secret `read`.
pub(super) fn totp(
    store: &Store,
    request: u64,
    read: &str,
    step: Option<i64>,
    follow_up: FollowUp<'_>,
) -> CodeOutcome {
    let (audit, read) = (audit(request, NOW), Sealed::from_stored(read));
    let checked = CheckedTotp {
        read: &read,
        resealed: &read,
        step,
    };
    block_on(try_totp(
        &store.database,
        &attempt(&audit),
        &checked,
        follow_up,
    ))
    .unwrap()
}

/// Presents a backup code with these hashes.
pub(super) fn backup(
    store: &Store,
    request: u32,
    hashes: &[&str],
    follow_up: FollowUp<'_>,
) -> CodeOutcome {
    let audit = audit(request.into(), NOW);
    let hashes: Vec<String> = hashes.iter().map(|hash| (*hash).to_owned()).collect();
    let notice = notice(request, NoticeKind::BackupCodeUsed);
    let (database, attempt) = (&store.database, attempt(&audit));
    let outcome = try_backup_code(database, &attempt, &hashes, &notice, follow_up);
    block_on(outcome).unwrap()
}

/// Presents the first code of the set-up with the secret `read`, where a second factor that is on may be
/// replaced.
pub(super) fn validate(store: &Store, request: u64, read: &str, step: Option<i64>) -> CodeOutcome {
    with_validation(read, step, |validation| {
        let (database, audit) = (&store.database, audit(request, NOW));
        block_on(validate_setup(database, &attempt(&audit), validation, true)).unwrap()
    })
}

/// The validation of the set-up with the secret `read`.
pub(super) fn with_validation<T>(
    read: &str,
    step: Option<i64>,
    then: impl FnOnce(&SetupValidation<'_>) -> T,
) -> T {
    let (read, resealed) = (Sealed::from_stored(read), Sealed::from_stored("new"));
    let setup = CheckedTotp {
        read: &read,
        resealed: &resealed,
        step,
    };
    then(&SetupValidation {
        setup,
        entry: entry("ann"),
        notice: notice(1, NoticeKind::TwoFactorEnabled),
    })
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
    let try_step = |request, step| totp(store, request, "secret", Some(step), FollowUp::Nothing);
    assert_eq!(try_step(1, 100), CodeOutcome::Rejected);
    assert_eq!(try_step(2, 102), CodeOutcome::Accepted);
    assert_eq!(failures(store), 0);
    assert_eq!(try_step(3, 102), CodeOutcome::Rejected);
    assert_eq!(try_step(4, 101), CodeOutcome::Rejected);
    // A secret that was replaced meanwhile accepts and counts nothing.
    let outcome = totp(store, 5, "another", Some(103), FollowUp::Nothing);
    assert_eq!(outcome, CodeOutcome::SecretChanged);
    assert_eq!(failures(store), 2);
    assert_eq!(try_step(6, 103), CodeOutcome::Accepted);
    assert_eq!(failures(store), 0);
}

fn a_backup_code_is_accepted_once_and_told_of(store: &Store) {
    add_second_factor(store);
    let present = |request, hashes: &[&str]| backup(store, request, hashes, FollowUp::Nothing);
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
    assert_eq!(
        backup(store, 1, &["hash-1"], FollowUp::Nothing),
        CodeOutcome::Locked(1)
    );
    let turn_off = "UPDATE second_factors SET secret_sealed = NULL, backup_locked_until = 0";
    store.execute(turn_off, []);
    let outcome = backup(store, 2, &["hash-1"], FollowUp::Nothing);
    assert_eq!(outcome, CodeOutcome::SecretChanged);
    let used: u32 = store.one("SELECT count(*) FROM backup_codes WHERE used_at IS NOT NULL");
    assert_eq!(used, 0);
    assert!(store.notices().is_empty() && store.audit_actions().is_empty());
}

fn a_second_factor_is_turned_off_by_an_accepted_code_alone(store: &Store) {
    add_second_factor(store);
    // The code of an earlier request is no reason.
    let earlier = totp(store, 1, "secret", Some(101), FollowUp::Nothing);
    assert_eq!(earlier, CodeOutcome::Accepted);
    let disabled = notice(99, NoticeKind::TwoFactorDisabled);
    for (request, step, is_off) in [
        (2, None, false),
        (3, Some(101), false),
        (4, Some(102), true),
    ] {
        totp(store, request, "secret", step, FollowUp::Disable(&disabled));
        assert_eq!(rows(store), if is_off { (0, 0) } else { (1, 2) });
        assert_eq!(store.notices().len(), usize::from(is_off));
        assert_eq!(store.audit_actions().len(), usize::from(is_off));
    }
}

fn a_backup_code_turns_the_second_factor_off_as_well(store: &Store) {
    add_second_factor(store);
    let disabled = notice(99, NoticeKind::TwoFactorDisabled);
    let outcome = backup(store, 1, &["hash-1"], FollowUp::Disable(&disabled));
    assert_eq!(outcome, CodeOutcome::Accepted);
    assert_eq!(rows(store), (0, 0));
    assert_eq!(store.notices(), ["backup_code_used", "two_factor_disabled"]);
}

fn support_turns_a_second_factor_off_without_a_code(store: &Store) {
    add_second_factor(store);
    let (database, ann) = (&store.database, user_id("ann"));
    let disabled = notice(99, NoticeKind::TwoFactorDisabled);
    // The end of a set-up does not touch a second factor that is on.
    block_on(drop_setup(database, &ann)).unwrap();
    assert_eq!(rows(store), (1, 2));
    for _ in 0..2 {
        block_on(disable_two_factor(database, &audit(1, NOW), OFF, &disabled)).unwrap();
        assert_eq!(rows(store), (0, 0));
        assert_eq!(store.notices(), ["two_factor_disabled"]);
        assert_eq!(store.audit_actions().len(), 1);
    }
}

fn new_codes() -> NewBackupCodes {
    let code = SealedBackupCode {
        hash: "hash-3".to_owned(),
        sealed: "sealed-3".to_owned(),
    };
    NewBackupCodes {
        codes: vec![code],
        entry: entry("ann"),
        notice: notice(98, NoticeKind::BackupCodesCreated),
    }
}

fn hashes(store: &Store) -> Vec<String> {
    store.column("SELECT code_hash FROM backup_codes ORDER BY code_hash")
}

fn backup_codes_are_replaced_as_a_whole_where_the_second_factor_is_on(store: &Store) {
    add_second_factor(store);
    let (database, ann, new) = (&store.database, user_id("ann"), new_codes());
    let replace =
        |may_replace| block_on(replace_backup_codes(database, &ann, &new, may_replace)).unwrap();
    assert_eq!(replace(false), BackupCodesOutcome::Kept);
    assert_eq!(hashes(store), ["hash-1", "hash-2"]);
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    assert_eq!(replace(true), BackupCodesOutcome::Created);
    assert_eq!(hashes(store), ["hash-3"]);
    assert_eq!(store.notices(), ["backup_codes_created"]);
    store.execute("UPDATE second_factors SET secret_sealed = NULL", []);
    for may_replace in [false, true] {
        assert_eq!(replace(may_replace), BackupCodesOutcome::Off);
    }
    assert_eq!(store.audit_actions().len(), 1);
}

fn the_first_backup_codes_are_made_once_without_a_proof(store: &Store) {
    add_second_factor(store);
    store.execute("DELETE FROM backup_codes", []);
    let (database, ann, new) = (&store.database, user_id("ann"), new_codes());
    let first = || block_on(replace_backup_codes(database, &ann, &new, false)).unwrap();
    assert_eq!(first(), BackupCodesOutcome::Created);
    assert_eq!(first(), BackupCodesOutcome::Kept);
    // Also where the first ones were used.
    store.execute("UPDATE backup_codes SET used_at = 1, used_by = 'x'", []);
    assert_eq!(first(), BackupCodesOutcome::Kept);
    assert_eq!(store.audit_actions().len(), 1);
}

fn backup_codes_are_replaced_by_an_accepted_code_alone(store: &Store) {
    add_second_factor(store);
    let new = new_codes();
    let replace = FollowUp::BackupCodes(&new);
    // The code of an earlier request is no reason.
    totp(store, 1, "secret", Some(101), FollowUp::Nothing);
    for step in [None, Some(101)] {
        let outcome = totp(store, 2, "secret", step, replace);
        assert_eq!(outcome, CodeOutcome::Rejected);
        assert_eq!(hashes(store), ["hash-1", "hash-2"]);
    }
    assert!(store.notices().is_empty());
    let outcome = totp(store, 3, "secret", Some(102), replace);
    assert_eq!(outcome, CodeOutcome::Accepted);
    assert_eq!(hashes(store), ["hash-3"]);
    let outcome = backup(store, 4, &["hash-1"], replace);
    assert_eq!(outcome, CodeOutcome::Rejected);
    assert_eq!(store.notices(), ["backup_codes_created"]);
}
