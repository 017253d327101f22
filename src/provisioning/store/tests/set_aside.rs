//! `set_aside`, and what ends it.

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    only_the_contested_are_set_aside,
    a_user_set_aside_has_no_next_attempt,
    a_user_under_a_lease_is_not_set_aside,
    a_cleared_email_is_free_for_those_who_wait,
    a_given_up_email_is_free_for_those_who_wait,
}

fn only_the_contested_are_set_aside(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", ONE), ("cyd", TWO)]);
    test.finish("ann", "acc");
    test.set_aside(&["ann", "bob", "cyd", "stranger"]);
    let row = test.mapping("bob");
    assert_eq!(
        (row.state, row.email_key),
        (State::SetAside, Some(email(ONE)))
    );
    assert_eq!((row.attempts, row.password), (1, None));
    assert_eq!(
        row.last_error.as_deref(),
        Some("another user holds the same e-mail")
    );
    assert_eq!(test.state("ann"), Some(State::Complete));
    assert_eq!(test.row("cyd"), None);
    assert_eq!(test.row("stranger"), None);
    assert_eq!(test.queued(), ["cyd"]);
    assert_eq!(test.trail("bob"), ["aside"]);
    assert_eq!(test.trail("ann"), ["settled"]);
    assert!(test.trail("cyd").is_empty());
}

fn a_user_set_aside_has_no_next_attempt(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", ONE);
    test.acquire("t1", "bob");
    let outcome = failed(test.now().plus(seconds(30)));
    test.record("t1", "bob", outcome);
    test.claim_one("t2", "ann");
    test.set_aside(&["bob"]);
    let row = test.mapping("bob");
    assert_eq!((row.state, row.attempts), (State::SetAside, 2));
    assert_eq!(row.next_attempt_at, None);
    assert_eq!(test.queued(), ["ann"]);
}

fn a_user_under_a_lease_is_not_set_aside(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.finish("ann", "acc");
    test.claim_one("t1", "bob");
    test.change_email("bob", Some(ONE));
    test.advance(LEASE);
    test.add("cyd", ONE);
    test.acquire("t2", "cyd");
    test.set_aside(&["bob", "cyd"]);
    assert_eq!(test.state("bob"), Some(State::Pending));
    assert_eq!(test.state("cyd"), Some(State::Idle));
    assert_eq!(test.queued(), ["bob", "cyd"]);
}

fn a_cleared_email_is_free_for_those_who_wait(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", ONE);
    test.finish("ann", "acc");
    test.set_aside(&["bob"]);
    test.advance(seconds(10));
    test.acquire("t1", "ann");
    test.clear_everything("t1", "ann");
    let row = test.mapping("bob");
    assert_eq!((row.state, row.email_key), (State::Idle, None));
    assert_eq!((row.attempts, row.last_error), (0, None));
    assert_eq!(test.queue(), [("ann".to_owned(), 0), ("bob".to_owned(), 0)]);
    assert_eq!(test.claim_as("t2", &["bob"]), ["bob"]);
}

fn a_given_up_email_is_free_for_those_who_wait(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", ONE);
    test.claim_one("t1", "ann");
    test.set_aside(&["bob"]);
    test.change_email("ann", Some(TWO));
    assert_eq!(test.state("bob"), Some(State::SetAside));
    test.replace_intent("t1", "ann", TWO, &password("t1 again", "ann"));
    assert_eq!(test.state("bob"), Some(State::Idle));
    assert_eq!(test.queued(), ["ann", "bob"]);
}
