//! Deleting a user on purpose, and telling what is stored about it.

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::store::Holdings;

mirrored_tests!(StoreTest:
    a_deleted_user_is_due_at_once_and_told_in_the_trail,
    an_export_reads_all_tables_and_leaves_its_trace,
);

fn delete(test: &StoreTest, user: &str) -> Holdings {
    let entry = test.entry(user, "moved out");
    done(store::delete_user(
        &test.database,
        &UserId::new(user),
        &entry,
    ))
}

fn a_deleted_user_is_due_at_once_and_told_in_the_trail(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    let (record, before) = done(store::load_holdings(&test.database, &UserId::new("ann")));
    assert_eq!((record.mapping.is_some(), before.user), (true, true));
    assert_eq!(delete(test, "ann"), before);
    assert_eq!(test.state("ann"), Some(State::Leaving));
    let opened = test.try_open_run(&test.opening("run-1", 9)).unwrap();
    assert_eq!(opened.leaving, ids(&["ann"]));
    // Once more it changes nothing, but is told.
    assert!(!delete(test, "ann").user);
    assert_eq!(test.trail("ann"), ["settled", "moved out", "moved out"]);
    // A row that belongs to no user counts as one that left.
    test.acquire("t1", "bob");
    delete(test, "bob");
    assert_eq!(test.state("bob"), Some(State::Leaving));
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
