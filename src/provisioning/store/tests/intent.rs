//! `replace_intent`, `reseal`

use super::*;

store_tests! {
    a_password_is_sealed_anew_unless_it_was_changed,
    a_new_intent_replaces_the_old_one,
    a_new_intent_takes_no_email_of_another_user,
}

fn a_password_is_sealed_anew_unless_it_was_changed(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    let (user, old) = (UserId::new("ann"), password("t1", "ann"));
    let new = password("new key", "ann");
    block_on(store::reseal(&test.database, &user, &old, &new)).unwrap();
    assert_eq!(test.mapping("ann").password, Some(new.clone()));
    let other = password("other key", "ann");
    block_on(store::reseal(&test.database, &user, &old, &other)).unwrap();
    assert_eq!(test.mapping("ann").password, Some(new));
}

fn a_new_intent_replaces_the_old_one(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    test.acquire("t1", "ann");
    let (user, new) = (UserId::new("ann"), password("new", "ann"));
    let now = test.now();
    let replaced = block_on(store::replace_intent(
        &test.database,
        &token("t1"),
        &user,
        &email(TWO),
        &new,
        now,
    ));
    assert_eq!(replaced.unwrap(), Guarded::Written);
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(TWO)))
    );
    assert_eq!((row.password, row.threedeye_id), (Some(new.clone()), None));
    assert_eq!(test.queued(), ["ann"]);
    let before = test.tables();
    let replaced = block_on(store::replace_intent(
        &test.database,
        &token("t2"),
        &user,
        &email(ONE),
        &new,
        now,
    ));
    assert_eq!(replaced.unwrap(), Guarded::LeaseLost);
    assert_eq!(test.tables(), before);
}

fn a_new_intent_takes_no_email_of_another_user(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.claim_one("t1", "ann");
    test.claim_one("t1", "bob");
    let before = test.tables();
    let (user, new) = (UserId::new("ann"), password("new", "ann"));
    let replaced = block_on(store::replace_intent(
        &test.database,
        &token("t1"),
        &user,
        &email(TWO),
        &new,
        test.now(),
    ));
    assert_eq!(replaced.unwrap(), Guarded::Contested);
    assert_eq!(test.tables(), before);
}
