//! `save_recovery`, `begin_removal`, `removed_at`, `accounts_of_others`

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    roles_are_saved_with_their_trail,
    an_account_of_another_user_is_not_saved_for_deletion,
    a_removal_opens_a_complete_row,
    a_removal_without_the_lease_is_not_begun,
    removals_are_forgotten_after_a_day,
    a_removal_is_found_by_its_email,
    accounts_of_others_are_listed,
}

fn roles_are_saved_with_their_trail(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    let found = account("old", "One@Example.com");
    assert_eq!(test.save_roles("t1", "ann", &found), Guarded::Written);
    assert_eq!(test.recovery("ann").unwrap().roles, roles(&["r1"]));
    assert_eq!(test.removals(), [(email(ONE), test.now())]);
    assert_eq!(test.trail("ann"), ["saved"]);
    test.advance(LEASE);
    test.claim_one("t2", "ann");
    let before = test.tables();
    assert_eq!(test.save_roles("t1", "ann", &found), Guarded::LeaseLost);
    assert_eq!(test.tables(), before);
}

fn an_account_of_another_user_is_not_saved_for_deletion(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.finish("bob", "acc");
    test.claim_one("t1", "ann");
    let before = test.tables();
    let found = account("acc", ONE);
    assert_eq!(test.save_roles("t1", "ann", &found), Guarded::Contested);
    assert_eq!(test.tables(), before);
    test.acquire("t2", "bob");
    assert_eq!(test.save_roles("t2", "bob", &found), Guarded::Written);
}

fn a_removal_opens_a_complete_row(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    test.advance(seconds(10));
    test.acquire("t1", "ann");
    let (mapped, earlier) = (account("acc", ONE), account("old", TWO));
    let kept = roles(&["r1"]);
    assert!(test.begin_removal("t1", "ann", &[mapped, earlier], Some(&kept)));
    let row = test.mapping("ann");
    assert_eq!(row.state, State::Pending);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    assert_eq!(row.lease_until, test.now().plus(LEASE));
    assert_eq!(test.recovery("ann").unwrap().roles, kept);
    assert_eq!(
        test.removals(),
        [email(ONE), email(TWO)].map(|e| (e, test.now()))
    );
    assert_eq!(test.trail("ann"), ["settled", "removing"]);
    assert_eq!(test.queue(), [("ann".to_owned(), 0)]);
}

fn a_removal_without_the_lease_is_not_begun(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    test.acquire("t1", "ann");
    let before = test.tables();
    let (mapped, kept) = (account("acc", ONE), roles(&["r1"]));
    assert!(!test.begin_removal("t2", "ann", &[mapped], Some(&kept)));
    assert_eq!(test.tables(), before);
}

fn removals_are_forgotten_after_a_day(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.save_roles("t1", "ann", &account("old", ONE));
    let day = seconds(24 * 60 * 60);
    for (after, remembered) in [(day, 2), (seconds(1), 1)] {
        test.advance(after);
        test.claim_one("t2", "ann");
        test.save_roles("t2", "ann", &account("old", TWO));
        assert_eq!(test.removals().len(), remembered);
        test.release("t2", "ann");
    }
}

fn a_removal_is_found_by_its_email(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.advance(seconds(7));
    test.save_roles("t1", "ann", &account("old", "One@example.com"));
    test.advance(seconds(1));
    let removed_at = |address| done(store::removed_at(&test.database, &email(address)));
    assert_eq!(removed_at(ONE), Some(START.plus(seconds(7))));
    assert_eq!(removed_at(TWO), None);
}

fn accounts_of_others_are_listed(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO), ("cyd", "c@example.com")]);
    test.finish("ann", "acc-ann");
    test.finish("bob", "acc-bob");
    test.claim_one("t1", "cyd");
    let accounts = [
        account("acc-ann", ONE),
        account("acc-bob", "elsewhere@example.com"),
        account("acc-cyd", "C@Example.com"),
        account("acc-free", "free@example.com"),
    ];
    let of_others = test.accounts_of_others("ann", &accounts);
    let ids = ["acc-bob", "acc-cyd"].map(|id| RemoteId(id.to_owned()));
    assert_eq!(of_others, ids);
}
