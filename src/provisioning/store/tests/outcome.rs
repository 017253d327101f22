//! `record_outcomes`

use super::*;
use crate::db;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    completing_forgets_failures_and_drops_the_recovery,
    attaching_keeps_the_recovery_and_the_place_in_the_queue,
    a_failure_is_counted_and_tried_again_in_its_time,
    quarantine_leaves_the_queue,
    being_set_aside_forgets_the_intent,
    being_released_changes_nothing_but_the_place_in_the_queue,
    an_outcome_without_the_lease_changes_nothing,
    an_account_has_one_user,
    a_bundle_counts_those_that_leave_the_queue,
    a_quarantine_for_a_past_email_is_lifted_at_once,
    no_user_waits_for_an_email_that_is_free,
    an_outcome_without_the_lease_reopens_no_closed_row,
    what_is_written_is_counted_by_the_day_and_the_hour,
    who_is_set_aside_is_counted,
}

fn save_roles(test: &StoreTest, holder: &str, user: &str) {
    test.save_roles(holder, user, &account("old", "old@example.com"));
}

fn completing_forgets_failures_and_drops_the_recovery(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.record("t1", "ann", failed(test.now()));
    test.claim_one("t2", "ann");
    save_roles(test, "t2", "ann");
    test.record("t2", "ann", complete("acc"));
    let row = test.mapping("ann");
    assert_eq!(row.state, State::Complete);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    assert_eq!(
        (row.attempts, row.last_error, row.next_attempt_at),
        (0, None, None)
    );
    assert_eq!(row.lease_until, Timestamp::default());
    assert_eq!(row.password, Some(password("t1", "ann")));
    assert_eq!(test.recovery("ann"), None);
    assert!(test.queued().is_empty());
    assert_eq!(test.trail("ann"), ["settled", "saved", "settled"]);
}

fn attaching_keeps_the_recovery_and_the_place_in_the_queue(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    save_roles(test, "t1", "ann");
    let outcome = Outcome::Attaching {
        id: RemoteId("acc".to_owned()),
        next_attempt_at: test.now().plus(seconds(30)),
        failure: Failure::RolesPending(UpstreamError::NotFound),
    };
    test.record("t1", "ann", outcome);
    let row = test.mapping("ann");
    assert_eq!(row.state, State::Attaching);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    assert_eq!(
        (row.attempts, row.last_error),
        (1, Some("the account is ready, but saved roles could not be attached yet: not found at 3dEye".to_owned()))
    );
    assert_eq!(test.recovery("ann").unwrap().roles, roles(&["r1"]));
    assert_eq!(test.queue(), [("ann".to_owned(), 30)]);
}

fn a_failure_is_counted_and_tried_again_in_its_time(test: &StoreTest) {
    test.add("ann", ONE);
    for attempts in 1..=2 {
        test.claim_one("t1", "ann");
        let next = test.now().plus(seconds(30));
        test.record("t1", "ann", failed(next));
        let row = test.mapping("ann");
        assert_eq!((row.state, row.attempts), (State::Pending, attempts));
        assert_eq!(row.next_attempt_at, Some(next));
        assert_eq!(row.last_error.as_deref(), Some("3dEye is unavailable"));
        assert_eq!(row.password, Some(password("t1", "ann")));
        assert_eq!(test.queue(), [("ann".to_owned(), 30)]);
        assert!(test.due(9).is_empty());
        test.advance(seconds(30));
        assert_eq!(test.due(9).len(), 1);
    }
}

fn quarantine_leaves_the_queue(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.record("t1", "ann", quarantined());
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.attempts, row.next_attempt_at),
        (State::Quarantined, 1, None)
    );
    assert_eq!(row.lease_until, Timestamp::default());
    assert!(test.queued().is_empty());
}

fn being_set_aside_forgets_the_intent(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.finish("ann", "acc");
    test.claim_one("t1", "bob");
    test.change_email("bob", Some(ONE));
    let outcome = Outcome::SetAside {
        email: email(ONE),
        failure: Failure::Duplicate,
    };
    test.record("t1", "bob", outcome);
    let row = test.mapping("bob");
    assert_eq!((row.state, row.attempts), (State::SetAside, 1));
    assert_eq!((row.password, row.threedeye_id), (None, None));
    assert_eq!(row.email_key, Some(email(ONE)));
    assert!(test.queued().is_empty());
    test.add("cyd", TWO);
    assert_eq!(test.claim_as("t2", &["cyd"]), ["cyd"]);
}

fn being_released_changes_nothing_but_the_place_in_the_queue(test: &StoreTest) {
    test.add("ann", ONE);
    for (due_at, place) in [(None, 0), (Some(test.now().plus(seconds(40))), 40)] {
        test.claim_one("t1", "ann");
        test.record("t1", "ann", Outcome::Released { due_at });
        let row = test.mapping("ann");
        assert_eq!((row.state, row.attempts), (State::Pending, 0));
        assert_eq!((row.last_error, row.next_attempt_at), (None, None));
        assert_eq!(row.lease_until, Timestamp::default());
        assert_eq!(test.queue(), [("ann".to_owned(), place)]);
    }
}

fn an_outcome_without_the_lease_changes_nothing(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    save_roles(test, "t1", "ann");
    test.advance(LEASE);
    test.claim_one("t2", "ann");
    let before = test.tables();
    let soon = test.now().plus(seconds(20));
    let outcomes = [
        complete("acc"),
        Outcome::Attaching {
            id: RemoteId("acc".to_owned()),
            next_attempt_at: soon,
            failure: Failure::RolesPending(UpstreamError::NotFound),
        },
        failed(soon),
        quarantined(),
        Outcome::SetAside {
            email: email(TWO),
            failure: Failure::RolesPending(UpstreamError::NotFound),
        },
        Outcome::Released { due_at: Some(soon) },
    ];
    for outcome in outcomes {
        test.record("t1", "ann", outcome.clone());
        assert_eq!(test.tables(), before, "{outcome:?}");
    }
}

fn an_account_has_one_user(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.finish("ann", "acc");
    test.claim_one("t1", "bob");
    test.record("t1", "bob", complete("acc"));
    let row = test.mapping("bob");
    assert_eq!((row.state, row.threedeye_id), (State::Pending, None));
    assert_eq!(test.state("ann"), Some(State::Complete));
    assert_eq!(test.queued(), ["bob"]);
}

fn a_bundle_counts_those_that_leave_the_queue(test: &StoreTest) {
    let users = ["ann", "bob", "cyd", "dan", "eve", "fay", "gil"];
    for user in users {
        test.add(user, &format!("{user}@example.com"));
    }
    test.add("hal", TWO);
    test.finish("hal", "taken");
    test.claim("t1", &users);
    test.change_email("cyd", Some(ONE));
    test.change_email("dan", Some(TWO));
    test.change_email("eve", None);
    let aside = |address| Outcome::SetAside {
        email: email(address),
        failure: Failure::Duplicate,
    };
    let lost = test.record_all(
        "t1",
        [
            ("ann", complete("a")),
            ("bob", quarantined()),
            // The e-mail is free, so the user waits again.
            ("cyd", aside(ONE)),
            ("dan", aside(TWO)),
            // Without an e-mail it did not wait.
            ("eve", complete("e")),
            // An account of another user's.
            ("fay", complete("taken")),
        ],
    );
    assert_eq!(lost, ids(&["fay"]));
    assert_eq!(test.queued(), ["cyd", "fay", "gil"]);
    // Without the lease.
    let lost = test.record_all("t2", [("fay", complete("f")), ("gil", complete("g"))]);
    assert_eq!(lost, ids(&["fay", "gil"]));
    assert_eq!(test.queued(), ["cyd", "fay", "gil"]);
    assert_eq!(test.violations(), Vec::<serde_json::Value>::new());
}

fn a_quarantine_for_a_past_email_is_lifted_at_once(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.change_email("ann", Some(TWO));
    test.record("t1", "ann", quarantined());
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(ONE)))
    );
    assert_eq!(test.queued(), ["ann"]);
}

fn no_user_waits_for_an_email_that_is_free(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.change_email("ann", Some(TWO));
    let outcome = Outcome::SetAside {
        email: email(TWO),
        failure: Failure::Duplicate,
    };
    test.record("t1", "ann", outcome);
    let row = test.mapping("ann");
    assert_eq!((row.state, row.email_key), (State::Idle, None));
    assert_eq!(test.queued(), ["ann"]);
}

fn an_outcome_without_the_lease_reopens_no_closed_row(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO), ("cyd", TWO)]);
    test.finish_with("ann", quarantined());
    test.claim_one("t1", "bob");
    test.set_aside(&["cyd"]);
    // Without users, both rows are closed for an e-mail that is not theirs any more.
    for user in ["ann", "cyd"] {
        test.delete_user(user);
    }
    let before = test.tables();
    let aside = Outcome::SetAside {
        email: email(ONE),
        failure: Failure::Duplicate,
    };
    for user in ["ann", "cyd"] {
        for outcome in [quarantined(), aside.clone()] {
            test.record("t2", user, outcome);
            assert_eq!(test.tables(), before, "{user}");
        }
    }
}

const COUNTS: &str = "SELECT name || ' ' || detail || ' ' || value || ' ' || hours AS line FROM daily_counts ORDER BY day, name, detail";

fn counts(test: &StoreTest) -> Vec<String> {
    db::row! {
            struct Row {
                line: String,
        }
    }
    let rows: Vec<Row> = test.read(Statement::new(COUNTS, []));
    rows.into_iter().map(|row| row.line).collect()
}

fn what_is_written_is_counted_by_the_day_and_the_hour(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.claim("t1", &["ann", "bob"]);
    let lost = test.record_all("t1", [("ann", complete("a")), ("bob", complete("a"))]);
    assert_eq!(lost, ids(&["bob"]), "an account has one user");
    let hour = |time: Timestamp| time.as_secs() / 3600 % 24;
    let first = hour(test.now());
    assert_eq!(counts(test), [format!("created  1 {{\"{first}\":1}}")]);
    test.advance(seconds(120));
    test.claim_one("t2", "bob");
    test.record("t2", "bob", complete("b"));
    assert_eq!(counts(test), [format!("created  2 {{\"{first}\":2}}")]);
    // Written too late.
    test.record("t2", "bob", complete("c"));
    assert_eq!(counts(test).len(), 1);
    test.advance(seconds(24 * 60 * 60 + 60 * 60));
    test.add("eve", "eve@example.com");
    test.claim_one("t3", "eve");
    test.record("t3", "eve", complete("e"));
    let later = hour(test.now());
    assert_eq!(counts(test)[1], format!("created  1 {{\"{later}\":1}}"));
}

fn who_is_set_aside_is_counted(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "a");
    test.add("bob", ONE);
    test.add("eve", TWO);
    // Eve's e-mail is free.
    test.set_aside(&["bob", "eve"]);
    let hour = test.now().as_secs() / 3600 % 24;
    assert_eq!(
        counts(test)[1],
        format!("set_aside duplicate 1 {{\"{hour}\":1}}")
    );
}
