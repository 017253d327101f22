//! `replace_intent`, `reseal`

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    a_password_is_sealed_anew_unless_it_was_changed,
    a_new_intent_replaces_the_old_one,
    a_new_intent_takes_no_email_of_another_user,
}

fn a_password_is_sealed_anew_unless_it_was_changed(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    let (old, new) = (password("t1", "ann"), password("new key", "ann"));
    test.reseal("ann", &old, &new);
    assert_eq!(test.mapping("ann").password, Some(new.clone()));
    test.reseal("ann", &old, &password("other key", "ann"));
    assert_eq!(test.mapping("ann").password, Some(new));
}

fn a_new_intent_replaces_the_old_one(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    test.acquire("t1", "ann");
    let new = password("new", "ann");
    let replaced = test.replace_intent("t1", "ann", TWO, &new);
    assert_eq!(replaced, Guarded::Written);
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(TWO)))
    );
    assert_eq!((row.password, row.threedeye_id), (Some(new.clone()), None));
    assert_eq!(test.queued(), ["ann"]);
    let before = test.tables();
    let replaced = test.replace_intent("t2", "ann", ONE, &new);
    assert_eq!(replaced, Guarded::LeaseLost);
    assert_eq!(test.tables(), before);
}

fn a_new_intent_takes_no_email_of_another_user(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.claim_one("t1", "ann");
    test.claim_one("t1", "bob");
    let before = test.tables();
    let replaced = test.replace_intent("t1", "ann", TWO, &password("new", "ann"));
    assert_eq!(replaced, Guarded::Contested);
    assert_eq!(test.tables(), before);
}
