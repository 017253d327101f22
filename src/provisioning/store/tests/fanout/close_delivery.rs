//! `close_delivery`

use super::*;
use crate::db::differential::mirrored_tests;

mirrored_tests! {
    StoreTest:
    a_chunk_that_no_user_waits_for_is_closed,
    progress_is_told_while_the_run_is_open,
    every_outcome_has_its_figure_and_its_line,
    an_earlier_failure_is_not_this_runs,
    figures_are_read_off_and_not_added_up,
    a_user_another_run_has_taken_up_counts_where_it_stands,
    the_ledger_keeps_a_hundred_lines,
}

fn a_chunk_that_no_user_waits_for_is_closed(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.plan("run-1", 2);
    let (one, other) = (chunk("run-1", 1), chunk("run-1", 2));
    test.finish("ann", "acc-1");
    let statuses = test.close(std::slice::from_ref(&one));
    assert_eq!(statuses, [status("run-1", 1, 1, 0)]);
    assert_eq!(test.chunk(&one).state, ChunkState::Open);
    test.finish("bob", "acc-2");
    let statuses = test.close(std::slice::from_ref(&one));
    assert_eq!(statuses, [status("run-1", 1, 0, 0)]);
    let seen = test.chunk(&one);
    assert_eq!((seen.state, seen.users), (ChunkState::Done, Vec::new()));
    assert_eq!(test.end_of("run-1"), None, "the other one is open");
    test.advance(seconds(3));
    test.finish("cyd", "acc-3");
    test.close(&[one, other]);
    let end = test.end_of("run-1").unwrap();
    assert_eq!((end.completed, end.finished_at), (true, test.now()));
    assert_eq!(end.tally, test.run("run-1").row.tally);
    assert_eq!(test.sums("run-1"), [3, 3, 0, 0, 0]);
    assert_eq!(test.run("run-1").row.remaining, Some(0));
}

fn progress_is_told_while_the_run_is_open(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.plan("run-1", 1);
    test.finish("ann", "acc");
    assert_eq!(test.sums("run-1"), [3, 0, 0, 0, 0]);
    test.advance(seconds(2));
    test.close(&[chunk("run-1", 1)]);
    assert_eq!(test.sums("run-1"), [3, 1, 0, 0, 0]);
    test.finish_with("bob", failed(test.now()));
    test.advance(seconds(2));
    test.close(&[chunk("run-1", 2)]);
    assert_eq!(test.sums("run-1"), [3, 1, 1, 0, 0]);
    let run = test.run("run-1").row;
    assert_eq!((run.advanced_at, run.remaining), (Some(test.now()), None));
    assert_eq!(run.tally.errors, ["bob: 3dEye is unavailable"]);
}

fn every_outcome_has_its_figure_and_its_line(test: &StoreTest) {
    test.add_all(&ENDS);
    test.plan("run-1", 50);
    test.advance(seconds(1));
    end_each(test);
    let message = [chunk("run-1", 1)];
    assert_eq!(test.close(&message), [status("run-1", 1, 1, 0)]);
    assert_eq!(test.sums("run-1"), [11, 1, 3, 6, 1]);
    let expected = [
        "aside: another user holds the same e-mail",
        "chunk 1: 6 user(s) left as they were: gone, changed, or beyond the take-over limit",
        "failed: 3dEye is unavailable",
        "orphan: the e-mail belongs to an account outside our customer",
    ];
    assert_eq!(test.chunk(&message[0]).errors, expected);
    assert_eq!(test.run("run-1").row.tally.errors, expected);
}

fn an_earlier_failure_is_not_this_runs(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.finish_with("ann", failed(test.now()));
    test.advance(seconds(1));
    test.plan("run-1", 50);
    let message = [chunk("run-1", 1)];
    assert_eq!(test.close(&message), [status("run-1", 1, 1, 0)]);
    assert_eq!(test.sums("run-1"), [1, 0, 0, 0, 0]);
    let due_at = Some(test.now());
    test.finish_with("ann", Outcome::Released { due_at });
    assert_eq!(test.close(&message), [status("run-1", 1, 0, 0)]);
    assert_eq!(test.sums("run-1"), [1, 0, 0, 1, 0]);
    let line = "chunk 1: 1 user(s) left as they were: gone, changed, or beyond the take-over limit";
    assert_eq!(test.chunk(&message[0]).errors, [line]);
}

fn figures_are_read_off_and_not_added_up(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 50);
    let message = [chunk("run-1", 1)];
    test.finish("ann", "acc");
    for _ in 0..2 {
        test.open(&message);
        test.close(&message);
        assert_eq!(test.sums("run-1"), [2, 1, 0, 0, 0]);
    }
    // What has closed keeps its figures and its end, whatever becomes of its users.
    test.finish_with("bob", failed(test.now()));
    test.close(&message);
    let end = test.end_of("run-1");
    assert!(end.is_some());
    let closed = test.chunk(&message[0]);
    test.advance(seconds(5));
    test.finish("bob", "acc-2");
    assert_eq!(test.close(&message), []);
    assert_eq!(test.end_of("run-1"), end);
    assert_eq!(test.chunk(&message[0]), closed);
    let run = test.run("run-1").row;
    assert_eq!(
        (run.remaining, run.advanced_at),
        (Some(1), Some(test.now()))
    );
}

fn a_user_another_run_has_taken_up_counts_where_it_stands(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.plan("run-1", 50);
    test.advance(HOLD);
    test.claim_one("t1", "ann");
    test.claim_one("t1", "bob");
    test.record("t1", "bob", complete("acc"));
    assert_eq!(test.plan("run-2", 50).users, 1);
    let message = [chunk("run-1", 1)];
    // Who is at work may still give the user back, so the message must come again.
    assert_eq!(test.close(&message), [status("run-1", 1, 1, 0)]);
    assert_eq!(test.sums("run-1"), [3, 1, 0, 1, 0]);
    test.record("t1", "ann", complete("acc-2"));
    assert_eq!(test.close(&message), [status("run-1", 1, 0, 0)]);
    assert_eq!(test.sums("run-1"), [3, 2, 0, 1, 0]);
    assert_eq!(test.sums("run-2"), [1, 0, 0, 0, 0]);
}

fn the_ledger_keeps_a_hundred_lines(test: &StoreTest) {
    let names: Vec<String> = (0..101).map(|number| format!("u{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    test.add_all(&names);
    test.plan("run-1", 50);
    test.claim_as("t1", &names);
    let outcome = failed(test.now().plus(seconds(60)));
    let left = test.record_all("t1", names.iter().map(|user| (*user, outcome.clone())));
    assert_eq!(left, []);
    let messages = [1, 2, 3].map(|number| chunk("run-1", number));
    assert_eq!(test.close(&messages).len(), 3);
    assert_eq!(test.sums("run-1"), [101, 0, 101, 0, 0]);
    assert_eq!(test.run("run-1").row.tally.errors.len(), 100);
    assert_eq!(test.chunk(&messages[2]).errors.len(), 1);
}
