//! `acquire_lease`, `renew_leases`, `release_lease`

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    renewing_tells_which_users_are_still_held,
    a_lease_is_acquired_in_every_state,
    a_user_that_is_held_is_busy,
    acquiring_for_an_unknown_user_leaves_no_trace,
}

fn renewing_tells_which_users_are_still_held(test: &StoreTest) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        test.add(user, email);
        test.claim_one("t1", user);
    }
    test.advance(LEASE);
    test.claim_one("t2", "bob");
    let until = test.now().plus(seconds(30));
    let kept = test.renew("t1", &["ann", "bob", "stranger"], until);
    assert_eq!(kept, ids(&["ann"]));
    assert_eq!(test.mapping("ann").lease_until, until);
    assert_eq!(test.mapping("bob").lease_until, test.now().plus(LEASE));
}

fn a_lease_is_acquired_in_every_state(test: &StoreTest) {
    test.add_each(&[
        ("ann", ONE),
        ("bob", ONE),
        ("cyd", TWO),
        ("dan", "d@example.com"),
    ]);
    test.finish("ann", "acc");
    test.set_aside(&["bob"]);
    test.claim_one("t1", "cyd");
    test.record("t1", "cyd", quarantined());
    let states = [
        ("ann", Some(State::Complete)),
        ("bob", Some(State::SetAside)),
        ("cyd", Some(State::Quarantined)),
        ("dan", None),
    ];
    for (user, state) in states {
        let known = test.try_acquire("t2", user).unwrap();
        assert_eq!(known.mapping.map(|row| row.state), state, "{user}");
        let row = test.mapping(user);
        assert_eq!(row.state, state.unwrap_or(State::Idle), "{user}");
        assert_eq!(row.lease_until, test.now().plus(LEASE), "{user}");
        test.release("t2", user);
        assert_eq!(test.state(user), state, "{user}");
    }
    assert_eq!(test.queued(), ["dan"]);
}

fn a_user_that_is_held_is_busy(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    let until = test.now().plus(LEASE);
    test.advance(seconds(10));
    let acquired = test.try_acquire("t2", "ann");
    assert_eq!(acquired.unwrap_err(), Busy { until });
    let before = test.tables();
    test.release("t2", "ann");
    assert_eq!(test.tables(), before);
    test.release("t1", "ann");
    test.acquire("t2", "ann");
}

fn acquiring_for_an_unknown_user_leaves_no_trace(test: &StoreTest) {
    let before = test.tables();
    test.acquire("t1", "stranger");
    assert_eq!(test.state("stranger"), Some(State::Idle));
    test.release("t1", "stranger");
    assert_eq!(test.tables(), before);
}
