//! Deleting a user on purpose, and telling what is stored about it.

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::store::Holdings;

mirrored_tests!(StoreTest:
    a_deleted_user_is_due_at_once_and_told_in_the_trail,
    no_user_is_deleted_without_its_lease,
    an_export_reads_all_tables_and_leaves_its_trace,
);

fn delete(test: &StoreTest, token: &str, user: &str) -> Option<Holdings> {
    let entry = test.entry(user, "moved out");
    let (user, token) = (UserId::new(user), LeaseToken(token.to_owned()));
    done(store::delete_user(&test.database, &user, &token, &entry))
}

fn a_deleted_user_is_due_at_once_and_told_in_the_trail(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    let (record, before) = done(store::load_holdings(&test.database, &UserId::new("ann")));
    assert_eq!((record.mapping.is_some(), before.user), (true, true));
    test.acquire("t1", "ann");
    assert_eq!(delete(test, "t1", "ann"), Some(before));
    assert_eq!(test.state("ann"), Some(State::Leaving));
    test.release("t1", "ann");
    let opened = test.try_open_run(&test.opening("run-1", 9)).unwrap();
    assert_eq!(opened.leaving, ids(&["ann"]));
    // Once more it changes nothing, but is told.
    test.acquire("t1", "ann");
    assert!(!delete(test, "t1", "ann").unwrap().user);
    assert_eq!(test.trail("ann"), ["settled", "moved out", "moved out"]);
    // A row that belongs to no user counts as one that left.
    test.acquire("t1", "bob");
    delete(test, "t1", "bob");
    assert_eq!(test.state("bob"), Some(State::Leaving));
}

fn no_user_is_deleted_without_its_lease(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    assert_eq!(delete(test, "t1", "ann"), None);
    test.acquire("t1", "ann");
    test.advance(LEASE);
    test.acquire("t2", "ann");
    assert_eq!(delete(test, "t1", "ann"), None);
    assert_eq!(test.state("ann"), Some(State::Complete));
    assert_eq!(test.trail("ann"), ["settled"]);
    assert!(delete(test, "t2", "ann").is_some_and(|held| held.user));
}

fn an_export_reads_all_tables_and_leaves_its_trace(test: &StoreTest) {
    let export = |user: &str| {
        let (id, entry) = (UserId::new(user), test.entry(user, "read"));
        done(store::export_user(&test.database, &id, u32::MAX, 9, &entry))
    };
    assert!(export("ann").is_empty());
    assert!(test.trail("ann").is_empty(), "nothing was read");
    test.add("ann", ONE);
    test.finish("ann", "acc");
    let exported = export("ann");
    assert!(exported.user.is_some() && exported.threedeye_account.is_some());
    assert_eq!(exported.audit.len(), 1);
    assert_eq!(test.trail("ann"), ["settled", "read"]);
}
