//! Set-ups of a second factor: begun, validated by a code, dropped.

use futures_executor::block_on;

use super::attempts::{add_second_factor, attempt, backup, totp, validate, with_validation};
use crate::account::store::testing::{NOW, Store, audit, entry, user_id};
use crate::account::store::*;
use crate::db::differential::mirrored_tests;
use crate::kernel::{Sealed, UserId};

mirrored_tests! {
    Store:
    a_first_code_turns_the_second_factor_on_and_is_told_of,
    a_set_up_is_validated_before_its_end,
    without_a_proof_a_set_up_replaces_nothing,
    a_set_up_replaces_the_second_factor_of_which_a_code_was_accepted,
    no_code_is_used_up_for_a_set_up_that_cannot_be_validated,
    a_set_up_beside_a_second_factor_needs_a_recent_sign_in,
    no_set_up_begins_for_a_subject_without_an_account,
    a_set_up_without_a_second_factor_is_dropped,
}

/// Begins a set-up; tells the account, and whether it has begun.
fn start(store: &Store, subject: &str, is_recent: bool) -> Option<(UserId, bool)> {
    let selector = AccountSelector::Subject(subject.to_owned());
    let sealed = Sealed::from_stored(format!("begun, {is_recent}"));
    let entry = entry("");
    let start = start_setup(&store.database, &selector, &sealed, NOW, is_recent, &entry);
    let account = block_on(start).unwrap()?;
    let pending = account.details.pending.unwrap();
    Some((account.person.id, pending.sealed == sealed))
}

fn a_first_code_turns_the_second_factor_on_and_is_told_of(store: &Store) {
    add_second_factor(store);
    let outcome = validate(store, 11, "pending", None);
    assert_eq!(outcome, CodeOutcome::Rejected);
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    let outcome = validate(store, 12, "another", Some(200));
    assert_eq!(outcome, CodeOutcome::SecretChanged);
    let outcome = validate(store, 13, "pending", Some(200));
    assert_eq!(outcome, CodeOutcome::Accepted);
    let secret: String = store.one("SELECT secret_sealed FROM second_factors");
    assert_eq!(secret, "new");
    assert_eq!(store.notices(), ["two_factor_enabled"]);
    assert_eq!(store.audit_actions().len(), 1);
    // The code that turned it on is not accepted again.
    let outcome = totp(store, 3, "new", Some(200), FollowUp::Nothing);
    assert_eq!(outcome, CodeOutcome::Rejected);
    let outcome = validate(store, 14, "pending", Some(201));
    assert_eq!(outcome, CodeOutcome::SecretChanged);
}

fn a_set_up_is_validated_before_its_end(store: &Store) {
    add_second_factor(store);
    let end_now = "UPDATE second_factors SET pending_until = ?1";
    store.execute(end_now, [NOW.into()]);
    let outcome = validate(store, 15, "pending", Some(200));
    assert_eq!(outcome, CodeOutcome::SecretChanged);
}

/// The secret, the last accepted step, and how many backup codes are unused.
fn standing(store: &Store) -> (String, i64, u32) {
    (
        store.one("SELECT secret_sealed FROM second_factors"),
        store.one("SELECT last_step FROM second_factors"),
        store.one("SELECT count(*) FROM backup_codes WHERE used_at IS NULL"),
    )
}

const UNTOUCHED: (&str, i64, u32) = ("secret", 100, 2);

#[track_caller]
fn assert_standing(store: &Store, (secret, last_step, codes): (&str, i64, u32)) {
    assert_eq!(standing(store), (secret.to_owned(), last_step, codes));
}

fn without_a_proof_a_set_up_replaces_nothing(store: &Store) {
    add_second_factor(store);
    let audit = audit(1, NOW);
    for (step, outcome) in [
        (Some(200), CodeOutcome::SecretChanged),
        // A wrong code of the set-up counts.
        (None, CodeOutcome::Rejected),
    ] {
        with_validation("pending", step, |validation| {
            let (database, attempt) = (&store.database, attempt(&audit));
            let validate = validate_setup(database, &attempt, validation, false);
            assert_eq!(block_on(validate).unwrap(), outcome);
        });
        assert_standing(store, UNTOUCHED);
    }
    let failures: u32 = store.one("SELECT totp_failures FROM second_factors");
    assert_eq!(failures, 1);
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
}

fn a_set_up_replaces_the_second_factor_of_which_a_code_was_accepted(store: &Store) {
    for by_backup_code in [false, true] {
        store.execute("DELETE FROM users", []);
        store.execute("DELETE FROM audit_log", []);
        add_second_factor(store);
        with_validation("pending", Some(200), |validation| {
            let replace = FollowUp::Replace(validation);
            for outcome in [
                totp(store, 1, "secret", None, replace),
                totp(store, 2, "secret", Some(100), replace),
                backup(store, 3, &["hash-9"], replace),
            ] {
                assert_eq!(outcome, CodeOutcome::Rejected);
            }
            assert_standing(store, UNTOUCHED);
            assert!(store.audit_actions().is_empty() && store.notices().is_empty());
            let (outcome, codes) = if by_backup_code {
                (backup(store, 4, &["hash-1"], replace), 1)
            } else {
                (totp(store, 4, "secret", Some(101), replace), 2)
            };
            assert_eq!(outcome, CodeOutcome::Accepted);
            assert_standing(store, ("new", 200, codes));
        });
        let failures = "SELECT totp_failures FROM second_factors";
        assert_eq!(store.one::<u32>(failures), 0);
        let pending = "SELECT count(*) FROM second_factors WHERE pending_sealed IS NOT NULL";
        assert_eq!(store.one::<u32>(pending), 0);
        assert!(store.notices().contains(&"two_factor_enabled".to_owned()));
        // One for the set-up, and one for the use of a backup code.
        assert_eq!(store.audit_actions().len(), 1 + usize::from(by_backup_code));
    }
}

fn no_code_is_used_up_for_a_set_up_that_cannot_be_validated(store: &Store) {
    for end in [
        "UPDATE second_factors SET pending_sealed = 'another'",
        "UPDATE second_factors SET pending_until = 0",
        "UPDATE second_factors SET totp_locked_until = 1e15",
        "UPDATE second_factors SET totp_failures = 100",
    ] {
        store.execute("DELETE FROM users", []);
        add_second_factor(store);
        store.execute(end, []);
        with_validation("pending", Some(200), |validation| {
            let replace = FollowUp::Replace(validation);
            for outcome in [
                totp(store, 1, "secret", Some(101), replace),
                backup(store, 2, &["hash-1"], replace),
                backup(store, 3, &["hash-9"], replace),
            ] {
                assert_ne!(outcome, CodeOutcome::Accepted, "{end}");
                assert_ne!(outcome, CodeOutcome::Rejected, "{end}");
            }
        });
        assert_standing(store, UNTOUCHED);
        assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    }
}

fn a_set_up_beside_a_second_factor_needs_a_recent_sign_in(store: &Store) {
    add_second_factor(store);
    let begins = |is_recent| {
        let (user, begins) = start(store, "ann", is_recent).unwrap();
        assert_eq!(user, user_id("ann"));
        begins
    };
    assert!(!begins(false));
    assert!(begins(true));
    store.execute("UPDATE second_factors SET secret_sealed = NULL", []);
    assert!(begins(false));
    assert!(begins(true));
    let subjects: Vec<String> = store.column("SELECT subject FROM audit_log");
    assert_eq!(subjects, ["ann"; 3]);
}

fn no_set_up_begins_for_a_subject_without_an_account(store: &Store) {
    store.add_users(&["ann"]);
    for subject in ["", "zoe"] {
        assert_eq!(start(store, subject, true), None);
    }
    assert!(store.audit_actions().is_empty());
}

fn a_set_up_without_a_second_factor_is_dropped(store: &Store) {
    add_second_factor(store);
    store.execute("UPDATE second_factors SET secret_sealed = NULL", []);
    block_on(drop_setup(&store.database, &user_id("ann"))).unwrap();
    let rows: u32 = store.one("SELECT count(*) FROM second_factors");
    assert_eq!(rows, 0);
}
