//! Set-ups of a second factor: begun, validated by a code, dropped.

use futures_executor::block_on;

use super::attempts::{add_second_factor, totp, validate};
use crate::account::store::testing::{NOW, Store, entry, user_id};
use crate::account::store::*;
use crate::db::differential::mirrored_tests;
use crate::kernel::{Sealed, UserId};

mirrored_tests! {
    Store:
    a_first_code_turns_the_second_factor_on_and_is_told_of,
    a_set_up_is_validated_before_its_end,
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
    let outcome = totp(store, 3, "new", Some(200), None);
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
