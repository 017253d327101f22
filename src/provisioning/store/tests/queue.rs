//! The work queue, maintained by triggers whatever changes users.

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    a_user_with_an_email_waits,
    what_exceeds_the_limits_does_not_wait,
    a_replaced_user_is_judged_by_its_new_email,
    the_longest_due_come_first_and_the_leased_not_at_all,
    a_changed_email_ends_quarantine_and_waiting,
}

fn a_user_with_an_email_waits(test: &StoreTest) {
    test.put_user("ann", None);
    test.add("bob", ONE);
    assert_eq!(test.queue(), [("bob".to_owned(), 0)]);
    test.advance(seconds(10));
    test.change_email("ann", Some(TWO));
    assert_eq!(
        test.queue(),
        [("ann".to_owned(), 0), ("bob".to_owned(), -10)]
    );
    test.change_email("ann", Some("  "));
    assert_eq!(test.queued(), ["bob"]);
    test.delete_user("bob");
    assert!(test.queued().is_empty());
    test.add("bob", ONE);
    test.finish("bob", "acc");
    test.change_email("bob", Some(TWO));
    assert!(test.queued().is_empty());
    test.delete_user("bob");
    assert_eq!(test.state("bob"), Some(State::Leaving));
}

fn what_exceeds_the_limits_does_not_wait(test: &StoreTest) {
    let address = |bytes: usize| format!("{}@example.com", "a".repeat(bytes - 12));
    test.add("ann", &address(321));
    test.add(&"u".repeat(513), ONE);
    assert!(test.queued().is_empty());
    assert_eq!(test.waiting(), 0);
    test.change_email("ann", Some(&address(320)));
    test.add(&"u".repeat(512), TWO);
    assert_eq!(test.queued(), ["ann", &"u".repeat(512)]);
    // Two bytes each.
    let wide = format!("{}@example.com", "é".repeat(155));
    test.change_email("ann", Some(&wide));
    assert_eq!(test.waiting(), 1);
    test.put_user("ann", Some(ONE));
    assert_eq!(test.waiting(), 2);
    // Nor does a row that is opened again.
    test.claim_one("t1", "ann");
    test.record("t1", "ann", quarantined());
    test.change_email("ann", Some(&wide));
    assert_eq!(test.state("ann"), Some(State::Pending));
    assert_eq!(test.waiting(), 1);
}

fn a_replaced_user_is_judged_by_its_new_email(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.record("t1", "ann", quarantined());
    test.add("ann", "ONE@example.com");
    assert_eq!(test.state("ann"), Some(State::Quarantined));
    assert!(test.queued().is_empty());
    test.add("ann", TWO);
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.attempts, row.last_error),
        (State::Pending, 0, None)
    );
    assert_eq!(test.queued(), ["ann"]);
    test.put_user("ann", None);
    assert!(test.queued().is_empty());
}

fn the_longest_due_come_first_and_the_leased_not_at_all(test: &StoreTest) {
    test.add("dan", "d@example.com");
    test.advance(seconds(1));
    test.add_each(&[("cyd", TWO), ("bob", ONE), ("ann", ONE)]);
    let candidate = |user: &str, text: &str, contested| Candidate {
        user: UserId::new(user),
        contested,
        has_intent: false,
        email: email(text),
        entered_at: if user == "dan" { START } else { test.now() },
    };
    let due = test.due(9);
    let free = [
        candidate("dan", "d@example.com", false),
        candidate("ann", ONE, false),
        candidate("bob", ONE, false),
        candidate("cyd", TWO, false),
    ];
    assert_eq!(due, free);
    assert_eq!(test.due(2), free[..2]);
    let earlier = START.plus(Duration::ZERO);
    let listed = done(store::list_due(&test.database, earlier, 9));
    assert_eq!(listed, free[..1]);
    test.claim_one("t1", "ann");
    let due = test.due(9);
    assert_eq!(
        due,
        [
            free[0].clone(),
            candidate("bob", ONE, true),
            free[3].clone()
        ]
    );
    assert_eq!(test.waiting(), 4);
}

fn a_changed_email_ends_quarantine_and_waiting(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", ONE), ("cyd", TWO)]);
    test.finish("ann", "acc");
    test.set_aside(&["bob"]);
    test.claim_one("t1", "cyd");
    test.record("t1", "cyd", quarantined());
    for user in ["bob", "cyd"] {
        let shouted = test.load(user).user.unwrap().email.unwrap();
        test.change_email(user, Some(&shouted.to_uppercase()));
        assert!(test.queued().is_empty(), "{user}: it is the same e-mail");
    }
    for (user, email, state) in [
        ("bob", "b@example.com", State::Idle),
        ("cyd", "c@example.com", State::Pending),
    ] {
        test.change_email(user, Some(email));
        let row = test.mapping(user);
        assert_eq!(
            (row.state, row.attempts, row.last_error),
            (state, 0, None),
            "{user}"
        );
    }
    assert_eq!(test.queued(), ["bob", "cyd"]);
    assert_eq!(test.claim_as("t2", &["bob", "cyd"]), ["bob", "cyd"]);
}
