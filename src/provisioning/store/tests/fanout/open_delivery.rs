//! `open_delivery`

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    a_delivery_lists_the_users_that_wait_for_its_chunks,
    a_user_that_was_taken_up_waits_no_more,
    the_leased_are_passed_over_and_wait_on,
    a_late_message_finds_the_users_no_other_run_has_taken_up,
    replacements_are_reserved_once_and_given_back,
    a_delivery_may_serve_several_runs,
    unknown_and_closed_chunks_list_no_users,
    deliveries_are_counted_while_a_chunk_is_open,
}

fn a_delivery_lists_the_users_that_wait_for_its_chunks(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.add("dan", "bob@example.com");
    test.add_all(&["eve"]);
    test.finish_with("cyd", failed(test.now()));
    test.plan("run-1", 2);
    // Since the plan another user has come to hold the e-mail of one that waits.
    test.advance(seconds(1));
    test.claim_one("t1", "bob");
    let opened = test.open(&[chunk("run-1", 2), chunk("run-1", 3)]);
    let mut listed = opened.candidates;
    listed.sort_by(|a, b| a.user.cmp(&b.user));
    let candidate = |user: &str, address: &str, contested: bool| Candidate {
        user: UserId::new(user),
        email: email(address),
        entered_at: START,
        contested,
        has_intent: user == "cyd",
    };
    let expected = [
        candidate("cyd", "cyd@example.com", false),
        candidate("dan", "bob@example.com", true),
        candidate("eve", "eve@example.com", false),
    ];
    assert_eq!(listed, expected);
}

fn a_user_that_was_taken_up_waits_no_more(test: &StoreTest) {
    test.add_all(&ENDS);
    test.plan("run-1", 50);
    test.advance(seconds(1));
    end_each(test);
    let opened = test.open(&[chunk("run-1", 1)]);
    assert_eq!(names(&opened.candidates), ["still"]);
}

fn the_leased_are_passed_over_and_wait_on(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.plan("run-1", 50);
    let message = [chunk("run-1", 1)];
    test.claim_one("t1", "ann");
    test.acquire("t2", "bob");
    assert_eq!(names(&test.open(&message).candidates), ["cyd"]);
    assert_eq!(test.close(&message), [status("run-1", 1, 3, 1)]);
    test.advance(LEASE - seconds(1));
    assert_eq!(names(&test.open(&message).candidates), ["cyd"]);
    test.advance(seconds(1));
    let opened = test.open(&message);
    assert_eq!(names(&opened.candidates), ["ann", "bob", "cyd"]);
}

fn a_late_message_finds_the_users_no_other_run_has_taken_up(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.plan("run-1", 50);
    test.advance(HOLD);
    // After the hold a run in one process takes up one of them and dies, and
    // another plan takes the next.
    test.claim_one("t1", "ann");
    let planned = test.plan_as(&planning(test, "run-2", 1, 50));
    assert_eq!(planned.users, 1);
    let message = [chunk("run-1", 1)];
    assert_eq!(names(&test.open(&message).candidates), ["cyd"]);
    test.advance(LEASE);
    assert_eq!(names(&test.open(&message).candidates), ["ann", "cyd"]);
    assert_eq!(names(&test.open(&[chunk("run-2", 1)]).candidates), ["bob"]);
    assert_eq!(test.close(&message), [status("run-1", 1, 2, 2)]);
    assert_eq!(test.sums("run-1"), [3, 0, 0, 1, 0]);
}

fn replacements_are_reserved_once_and_given_back(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 1);
    let (one, other) = ([chunk("run-1", 1)], [chunk("run-1", 2)]);
    assert_eq!(
        test.open(&one).allowances,
        [allowance("run-1", REPLACEMENTS)]
    );
    assert_eq!(test.open(&other).allowances, [allowance("run-1", 0)]);
    for unused in [2, 3] {
        let unused = [allowance("run-1", unused)];
        let closed = test.close_returning(&one, &unused);
        assert_eq!(closed.len(), 1);
    }
    // Also by a message whose chunk is closed by now.
    test.finish("bob", "acc");
    test.close(&other);
    assert_eq!(test.open(&other).allowances, [allowance("run-1", 5)]);
    let unused = [allowance("run-1", 5)];
    let closed = test.close_returning(&other, &unused);
    assert_eq!(closed, []);
    assert_eq!(test.open(&one).allowances, [allowance("run-1", 5)]);
}

fn a_delivery_may_serve_several_runs(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.plan("run-1", 50);
    test.add_all(&["bob"]);
    test.plan("run-2", 50);
    let messages = [chunk("run-2", 1), chunk("run-1", 1)];
    let opened = test.open(&messages);
    assert_eq!(names(&opened.candidates), ["ann", "bob"]);
    let mut allowances = opened.allowances;
    allowances.sort_by(|a, b| a.run_id.cmp(&b.run_id));
    assert_eq!(
        allowances,
        ["run-1", "run-2"].map(|run| allowance(run, REPLACEMENTS))
    );
    let unused = [allowance("run-1", 1), allowance("run-2", 2)];
    let closed = test.close_returning(&messages, &unused);
    assert_eq!(closed.len(), 2);
    assert_eq!(test.run("run-1").replacements_left, 1);
    assert_eq!(test.run("run-2").replacements_left, 2);
}

fn unknown_and_closed_chunks_list_no_users(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 1);
    test.give_up(&[chunk("run-1", 1)]);
    test.finish("bob", "acc");
    test.close(&[chunk("run-1", 2)]);
    let before = test.chunks();
    let messages = [
        chunk("run-1", 1),
        chunk("run-1", 2),
        chunk("run-1", 3),
        chunk("stranger", 1),
    ];
    let opened = test.open(&messages);
    assert_eq!(opened.candidates, []);
    assert_eq!(opened.allowances, [allowance("run-1", REPLACEMENTS)]);
    assert_eq!(test.close(&messages), []);
    let unused = [allowance("stranger", 3)];
    let closed = test.close_returning(&messages, &unused);
    assert_eq!(closed, []);
    assert_eq!((test.chunks(), test.runs().len()), (before, 1));
}

fn deliveries_are_counted_while_a_chunk_is_open(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 1);
    let (one, other) = (chunk("run-1", 1), chunk("run-1", 2));
    test.open(std::slice::from_ref(&one));
    test.open(&[one.clone(), other.clone()]);
    let statuses = test.close(&[one.clone(), other.clone()]);
    assert_eq!(
        statuses,
        [status("run-1", 1, 1, 2), status("run-1", 2, 1, 1)]
    );
    test.finish("ann", "acc");
    test.close(std::slice::from_ref(&one));
    test.open(&[one.clone(), other]);
    assert_eq!(test.chunk(&one).deliveries, 2);
    assert_eq!(test.chunk(&chunk("run-1", 2)).deliveries, 2);
}
