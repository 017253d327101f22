//! `claim`

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::policy::SETTLING;

mirrored_tests! {
    StoreTest:
    a_claim_records_the_intent_and_takes_the_lease,
    a_leased_user_is_refused_until_the_lease_ends,
    closed_rows_are_not_claimed,
    an_email_has_one_holder,
    of_two_requests_for_a_free_email_the_first_is_granted,
    of_users_who_waited_for_an_email_one_gets_it,
    an_own_intent_is_granted_though_the_new_email_is_contested,
    a_user_without_an_email_is_not_claimed,
    a_claim_tells_what_is_known,
    a_claim_answers_in_the_order_of_the_requests,
    a_claim_tells_a_new_intent_from_a_recorded_one,
    what_changed_since_the_users_were_listed_is_claimed_as_it_is_now,
    a_claim_tells_of_removals_and_kept_roles,
    a_cleared_row_is_claimed_anew_and_a_resealed_one_as_it_is,
    a_lease_that_ran_out_postpones_settled_at,
    an_intent_that_was_seen_is_claimed_without_writing_it_again,
    an_intent_that_was_seen_and_is_gone_is_not_claimed,
}

fn a_claim_records_the_intent_and_takes_the_lease(test: &StoreTest) {
    test.add("ann", " One@Example.com ");
    let claimed = test.claim_one("t1", "ann");
    assert_eq!(
        (claimed.email, claimed.intent_email),
        (email(ONE), email(ONE))
    );
    assert_eq!(
        (claimed.password, claimed.fresh),
        (password("t1", "ann"), true)
    );
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(ONE)))
    );
    assert_eq!(row.password, Some(password("t1", "ann")));
    assert_eq!(row.lease_until, test.now().plus(LEASE));
    assert_eq!(row.created_at, test.now());
    assert_eq!(test.queued(), ["ann"]);
}

fn a_leased_user_is_refused_until_the_lease_ends(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.advance(LEASE - seconds(1));
    assert!(test.claim_as("t2", &["ann"]).is_empty());
    test.advance(seconds(1));
    let claimed = test.claim_one("t2", "ann");
    assert_eq!(
        (claimed.password, claimed.fresh),
        (password("t1", "ann"), false)
    );
    test.record("t1", "ann", complete("acc"));
    assert_eq!(test.state("ann"), Some(State::Pending));
    test.record("t2", "ann", complete("acc"));
    assert_eq!(test.state("ann"), Some(State::Complete));
}

fn closed_rows_are_not_claimed(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", ONE), ("cyd", TWO)]);
    test.finish("ann", "acc");
    test.set_aside(&["bob"]);
    test.claim_one("t1", "cyd");
    test.record("t1", "cyd", quarantined());
    assert!(test.claim_as("t2", &["ann", "bob", "cyd"]).is_empty());
    assert!(test.queued().is_empty());
}

fn an_email_has_one_holder(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", "ONE@example.com");
    test.claim_one("t1", "ann");
    assert!(test.claim_as("t2", &["bob"]).is_empty());
    assert_eq!(test.row("bob"), None);
    assert!(test.load("bob").contested);
    assert!(!test.load("ann").contested);
}

fn of_two_requests_for_a_free_email_the_first_is_granted(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", ONE);
    assert_eq!(test.claim_as("t1", &["bob", "ann"]), ["bob"]);
    assert_eq!(test.row("ann"), None);
}

fn of_users_who_waited_for_an_email_one_gets_it(test: &StoreTest) {
    for user in ["ann", "bob", "cyd"] {
        test.add(user, ONE);
    }
    test.claim_one("t1", "ann");
    test.set_aside(&["bob", "cyd"]);
    test.delete_user("ann");
    test.advance(LEASE);
    test.acquire("t2", "ann");
    let left = true;
    test.clear("t2", "ann", &Clearing { left, ..EVERYTHING })
        .unwrap();
    assert_eq!(test.queued(), ["bob", "cyd"]);
    assert_eq!(test.claim_as("t3", &["cyd", "bob"]), ["cyd"]);
    assert_eq!(test.state("bob"), Some(State::Idle));
}

fn an_own_intent_is_granted_though_the_new_email_is_contested(test: &StoreTest) {
    test.add("ann", ONE);
    test.add("bob", TWO);
    test.claim_one("t1", "ann");
    test.claim_one("t1", "bob");
    test.change_email("bob", Some(ONE));
    test.advance(LEASE);
    let claimed = test.claim_one("t2", "bob");
    assert_eq!(
        (claimed.email, claimed.intent_email),
        (email(ONE), email(TWO))
    );
    assert_eq!(
        (claimed.password, claimed.fresh),
        (password("t1", "bob"), false)
    );
}

fn a_user_without_an_email_is_not_claimed(test: &StoreTest) {
    test.put_user("ann", None);
    test.add("bob", " \t ");
    let granted = test.claim_as("t1", &["ann", "bob", "stranger"]);
    assert!(granted.is_empty(), "{granted:?}");
    assert_eq!(test.row("stranger"), None);
}

fn a_claim_tells_what_is_known(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    let saved = roles(&["r1", "r2"]);
    test.save("t1", "ann", &account("old", ONE), &saved);
    let attaching = Outcome::Attaching {
        id: RemoteId("new".to_owned()),
        next_attempt_at: test.now(),
        failure: Failure::RolesPending(UpstreamError::NotFound),
    };
    test.record("t1", "ann", attaching);
    let claimed = test.claim_one("t2", "ann");
    assert_eq!(claimed.threedeye_id, Some(RemoteId("new".to_owned())));
    assert_eq!((claimed.state, claimed.attempts), (State::Attaching, 1));
    assert_eq!(claimed.recovery.unwrap().roles, saved);
    assert_eq!(claimed.removed_at, Some(test.now()));
}

fn a_claim_answers_in_the_order_of_the_requests(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO), ("cyd", "c@example.com")]);
    let granted = test.claim_in_order("t1", &["cyd", "ann", "stranger", "bob"]);
    assert_eq!(granted, ["cyd", "ann", "bob"]);
}

/// A claim of `user` by `t1`, on a row of its own.
fn new_claim(user: &str, address: &str) -> Claimed {
    Claimed {
        user: UserId::new(user),
        email: email(address),
        intent_email: email(address),
        password: password("t1", user),
        fresh: true,
        threedeye_id: None,
        state: State::Pending,
        attempts: 0,
        recovery: None,
        removed_at: None,
        settled_at: Timestamp::default(),
        forgotten: None,
        entered_at: Some(START),
    }
}

fn a_claim_tells_a_new_intent_from_a_recorded_one(test: &StoreTest) {
    test.add("ann", ONE);
    let first = new_claim("ann", ONE);
    assert_eq!(test.claim_one("t1", "ann"), first);
    test.record("t1", "ann", failed(test.now()));
    let again = Claimed {
        attempts: 1,
        fresh: false,
        ..first
    };
    assert_eq!(test.claim_one("t2", "ann"), again);
    let row = test.mapping("ann");
    assert_eq!(row.password, Some(password("t1", "ann")));
    assert_eq!(row.lease_until, test.now().plus(LEASE));
    test.record("t2", "ann", complete("acc"));
    assert_eq!(test.state("ann"), Some(State::Complete));
}

fn what_changed_since_the_users_were_listed_is_claimed_as_it_is_now(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    assert_eq!(test.due(9).len(), 2);
    test.claim_one("t1", "ann");
    assert_eq!(test.try_claim("t2", "ann"), None);
    test.record("t1", "ann", failed(test.now()));
    let claimed = test.claim_one("t3", "ann");
    assert_eq!((claimed.attempts, claimed.fresh), (1, false));
    assert_eq!(claimed.password, password("t1", "ann"));
    test.change_email("bob", Some("b@example.com"));
    let claimed = test.claim_one("t3", "bob");
    assert_eq!(claimed.intent_email, email("b@example.com"));
    test.record("t3", "ann", complete("acc"));
    assert_eq!(test.try_claim("t4", "ann"), None);
}

fn a_claim_tells_of_removals_and_kept_roles(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO), ("cyd", "c@example.com")]);
    test.claim_one("t1", "ann");
    test.save_roles("t1", "ann", &account("old", TWO));
    let claimed = test.claim_one("t2", "bob");
    assert_eq!(claimed.removed_at, Some(test.now()));
    test.acquire("t3", "cyd");
    let kept = roles(&["r2"]);
    assert!(test.begin_removal("t3", "cyd", &[], Some(&kept)));
    test.release("t3", "cyd");
    assert_eq!(test.row("cyd"), None);
    let claimed = test.claim_one("t4", "cyd");
    assert_eq!(claimed.recovery.unwrap().roles, kept);
}

fn a_cleared_row_is_claimed_anew_and_a_resealed_one_as_it_is(test: &StoreTest) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        test.add(user, email);
        test.claim_one("t1", user);
        test.record("t1", user, failed(test.now()));
    }
    test.acquire("t2", "ann");
    test.clear_everything("t2", "ann");
    let claimed = test.claim_one("t3", "ann");
    assert_eq!((claimed.attempts, claimed.fresh), (0, true));
    assert_eq!(claimed.password, password("t3", "ann"));
    let (old, new) = (password("t1", "bob"), password("new key", "bob"));
    test.reseal("bob", &old, &new);
    let claimed = test.claim_one("t3", "bob");
    assert_eq!((&claimed.password, claimed.fresh), (&new, false));
}

fn a_lease_that_ran_out_postpones_settled_at(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.save_roles("t1", "ann", &account("old", ONE));
    let (removed_at, left_at) = (test.now(), test.now().plus(LEASE));
    test.advance(LEASE);
    let expected = Claimed {
        fresh: false,
        recovery: Some(Recovery {
            roles: roles(&["r1"]),
        }),
        removed_at: Some(removed_at),
        settled_at: left_at.plus(SETTLING),
        ..new_claim("ann", ONE)
    };
    assert_eq!(test.claim_one("t2", "ann"), expected);
    test.record("t2", "ann", failed(test.now()));
    // A lease that was given back postpones nothing.
    let again = Claimed {
        attempts: 1,
        ..expected
    };
    assert_eq!(test.claim_one("t3", "ann"), again);
}

/// Claims whose intents were seen when the users were listed.
fn reclaim(test: &StoreTest, token: &str, users: &[&str]) -> Vec<Claimed> {
    let requests = users.iter().map(|user| ClaimRequest {
        has_intent: true,
        ..request(token, user)
    });
    test.claim_requested(token, &requests.collect::<Vec<_>>())
}

fn an_intent_that_was_seen_is_claimed_without_writing_it_again(test: &StoreTest) {
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    test.claim_one("t1", "ann");
    test.record("t1", "ann", failed(test.now()));
    let changed_at = test.mapping("ann").updated_at;
    test.advance(seconds(5));
    let seen: Vec<bool> = test.due(9).iter().map(|one| one.has_intent).collect();
    assert_eq!(seen, [true, false]);
    let requests = test.due(9).into_iter().map(|one| ClaimRequest {
        has_intent: one.has_intent,
        ..request("t2", one.user.as_str())
    });
    let granted = test.claim_requested("t2", &requests.collect::<Vec<_>>());
    let expected = [
        Claimed {
            attempts: 1,
            fresh: false,
            ..new_claim("ann", ONE)
        },
        Claimed {
            password: password("t2", "bob"),
            ..new_claim("bob", TWO)
        },
    ];
    assert_eq!(granted, expected);
    let row = test.mapping("ann");
    assert_eq!(row.lease_until, test.now().plus(LEASE));
    assert_eq!(row.updated_at, changed_at);
    // The holder dies.
    let left_at = row.lease_until;
    assert_eq!(reclaim(test, "t3", &["ann"]), []);
    test.advance(LEASE);
    let settled_at = |claimed: Vec<Claimed>| claimed.first().map(|one| one.settled_at);
    let granted = reclaim(test, "t3", &["ann"]);
    assert_eq!(settled_at(granted), Some(left_at.plus(SETTLING)));
    test.record("t3", "ann", complete("acc"));
    assert_eq!(test.state("ann"), Some(State::Complete));
}

fn an_intent_that_was_seen_and_is_gone_is_not_claimed(test: &StoreTest) {
    let users = ["ann", "bob", "cyd", "dan"];
    for user in users {
        test.add(user, &format!("{user}@example.com"));
        test.claim_one("t1", user);
        test.record("t1", user, failed(test.now()));
    }
    test.acquire("t2", "ann");
    test.clear_everything("t2", "ann");
    test.change_email("bob", None);
    test.finish("cyd", "acc");
    test.claim_one("t2", "dan");
    let before = test.tables();
    assert_eq!(reclaim(test, "t3", &users), []);
    assert_eq!(test.tables(), before);
    assert_eq!(test.queued(), ["ann", "dan"]);
}
