//! `give_up`

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    a_user_that_still_waits_is_due_now,
    a_wait_of_its_own_is_kept,
    a_user_another_run_has_planned_stays_with_it,
    a_run_ends_early_with_its_last_chunk,
    a_chunk_is_given_up_though_no_user_waits_any_more,
    unknown_and_closed_chunks_stay_as_they_are,
    a_run_that_was_not_planned_has_no_chunks,
    no_user_waits_for_a_chunk_that_was_given_up,
    a_chunk_that_was_given_up_is_not_delivered_any_more,
}

fn a_user_that_still_waits_is_due_now(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd", "dan"]);
    test.plan("run-1", 50);
    test.advance(seconds(5));
    test.finish("ann", "acc");
    test.finish_with("bob", failed(test.now().plus(seconds(60))));
    test.claim_one("t1", "dan");
    test.give_up(&[chunk("run-1", 1)]);
    let queue = [("bob", 60), ("cyd", 0), ("dan", 0)];
    assert_eq!(
        test.queue(),
        queue.map(|(user, due)| (user.to_owned(), due))
    );
    let seen = test.chunk(&chunk("run-1", 1));
    assert_eq!((seen.state, seen.users), (ChunkState::GivenUp, Vec::new()));
    assert_eq!(seen.errors, ["bob: 3dEye is unavailable", LINE]);
    assert_eq!(test.sums("run-1"), [4, 1, 1, 2, 0]);
    let end = test.end_of("run-1").unwrap();
    assert_eq!((end.completed, end.finished_at), (false, test.now()));
    assert_eq!(end.tally.errors, ["bob: 3dEye is unavailable", LINE]);
    assert_eq!(test.run("run-1").row.remaining, Some(3));
}

fn a_wait_of_its_own_is_kept(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.finish_with("ann", failed(test.now().plus(seconds(3))));
    let mut planning = planning(test, "run-1", 9, 50);
    planning.due_by = test.now().plus(seconds(5));
    assert_eq!(test.plan_as(&planning).users, 2);
    test.give_up(&[chunk("run-1", 1)]);
    let queue = [("ann", 3), ("bob", 0)];
    assert_eq!(
        test.queue(),
        queue.map(|(user, due)| (user.to_owned(), due))
    );
}

fn a_user_another_run_has_planned_stays_with_it(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.plan("run-1", 50);
    test.advance(HOLD);
    assert_eq!(test.plan("run-2", 50).users, 1);
    test.advance(seconds(1));
    test.give_up(&[chunk("run-1", 1)]);
    assert_eq!(test.due(9), []);
    let opened = test.open(&[chunk("run-2", 1)]);
    assert_eq!(names(&opened.candidates), ["ann"]);
    assert_eq!(test.sums("run-1"), [1, 0, 0, 1, 0]);
}

fn a_run_ends_early_with_its_last_chunk(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 1);
    test.give_up(&[chunk("run-1", 1)]);
    assert_eq!(test.end_of("run-1"), None);
    assert_eq!(test.run("run-1").row.tally.errors, [LINE]);
    test.finish("bob", "acc");
    test.close(&[chunk("run-1", 2)]);
    let end = test.end_of("run-1").unwrap();
    assert!(!end.completed);
    assert_eq!(test.sums("run-1"), [2, 1, 0, 1, 0]);
}

fn a_chunk_is_given_up_though_no_user_waits_any_more(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.plan("run-1", 1);
    test.finish("ann", "acc");
    test.give_up(&[chunk("run-1", 1)]);
    assert_eq!(test.chunk(&chunk("run-1", 1)).state, ChunkState::GivenUp);
    assert_eq!(test.sums("run-1"), [1, 1, 0, 0, 0]);
}

fn unknown_and_closed_chunks_stay_as_they_are(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 1);
    test.give_up(&[chunk("run-1", 1)]);
    test.finish("bob", "acc");
    test.close(&[chunk("run-1", 2)]);
    // The next run holds at the very moment at which this one did.
    let mut planning = planning(test, "run-2", 9, 50);
    planning.hold_until = test.run("run-1").hold_until.unwrap();
    assert_eq!(test.plan_as(&planning).users, 1);
    let before = test.tables();
    let messages = [chunk("run-1", 1), chunk("run-1", 2), chunk("stranger", 1)];
    test.give_up(&messages);
    assert_eq!(test.tables(), before);
}

fn a_run_that_was_not_planned_has_no_chunks(test: &StoreTest) {
    test.add_all(&["ann"]);
    let opening = planning(test, "run-1", 1, 50).opening;
    test.try_open_run(&opening).unwrap();
    let seen = || {
        let mode = test.run("run-1").row.mode;
        (test.queue(), test.end_of("run-1"), mode, test.chunks())
    };
    let before = seen();
    let message = [chunk("run-1", 1)];
    assert_eq!(test.open(&message).candidates, []);
    assert_eq!(test.close(&message), []);
    test.give_up(&message);
    assert_eq!(seen(), before, "it is at work");
}

fn no_user_waits_for_a_chunk_that_was_given_up(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.plan("run-1", 1);
    // Due now is at this moment where the hold was.
    test.advance(HOLD);
    test.give_up(&[chunk("run-1", 1)]);
    assert_eq!(test.chunk(&chunk("run-1", 1)).waiting, 0);
    assert_eq!(test.sums("run-1"), [1, 0, 0, 1, 0]);
}

fn a_chunk_that_was_given_up_is_not_delivered_any_more(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.plan("run-1", 1);
    let message = [chunk("run-1", 1)];
    test.open(&message);
    test.give_up(&message);
    // A consumer that was still at work comes to its end.
    test.finish("ann", "acc");
    assert_eq!(test.close(&message), []);
    assert_eq!(test.open(&message).candidates, []);
    assert_eq!(test.sums("run-1"), [1, 0, 0, 1, 0]);
}

const LINE: &str = "chunk 1: no consumer came";
