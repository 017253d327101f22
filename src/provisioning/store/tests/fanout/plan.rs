//! `plan_run`

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::store::Abandoned;

mirrored_tests! {
    StoreTest:
    a_run_is_cut_into_chunks_longest_due_first,
    of_those_due_at_once_the_first_by_id_come_first,
    a_chunk_may_be_full_to_the_last_user,
    a_plan_takes_the_longest_due_up_to_its_limit,
    only_users_due_and_free_are_planned,
    a_plan_may_look_ahead,
    a_run_without_users_is_closed_at_once,
    a_run_is_planned_once,
    planned_users_are_held_until_the_hold_ends,
    a_plan_tells_of_abandoned_chunks,
    a_delivery_keeps_its_run_alive,
}

fn a_run_is_cut_into_chunks_longest_due_first(test: &StoreTest) {
    // By their due moments, which is not the order of their names.
    for user in ["eve", "dan", "cyd", "bob", "ann"] {
        test.add_all(&[user]);
        test.advance(seconds(1));
    }
    let planned = test.plan("run-1", 2);
    let expected = Planned {
        chunks: vec![chunk("run-1", 1), chunk("run-1", 2), chunk("run-1", 3)],
        users: 5,
        remaining: 5,
        abandoned: Abandoned::default(),
        leaving: Vec::new(),
    };
    assert_eq!(planned, expected);
    for (number, names) in [
        (1, &["dan", "eve"][..]),
        (2, &["bob", "cyd"]),
        (3, &["ann"]),
    ] {
        let seen = test.chunk(&chunk("run-1", number));
        let planned = u32::try_from(names.len()).unwrap();
        let undelivered = Chunk {
            id: chunk("run-1", number),
            state: ChunkState::Open,
            users: names.iter().map(ToString::to_string).collect(),
            deliveries: 0,
            planned,
            waiting: planned,
            created: 0,
            failed: 0,
            skipped: 0,
            quarantined: 0,
            errors: Vec::new(),
        };
        assert_eq!(seen, undelivered, "{number}");
    }
    assert_eq!(test.sums("run-1"), [5, 0, 0, 0, 0]);
    assert_eq!(test.end_of("run-1"), None);
    let run = test.run("run-1");
    assert_eq!(run.hold_until, Some(test.now().plus(HOLD)));
    assert_eq!(run.row.advanced_at, Some(test.now()));
    assert_eq!(
        (run.replacements_left, run.row.remaining),
        (REPLACEMENTS, None)
    );
}

fn of_those_due_at_once_the_first_by_id_come_first(test: &StoreTest) {
    test.add_all(&["cyd", "ann", "bob"]);
    test.plan("run-1", 2);
    let first = test.chunk(&chunk("run-1", 1));
    assert_eq!(first.users, ["ann", "bob"]);
}

fn a_chunk_may_be_full_to_the_last_user(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd", "dan"]);
    assert_eq!(test.plan("run-1", 2).chunks.len(), 2);
    let last = test.chunk(&chunk("run-1", 2));
    assert_eq!(last.users, ["cyd", "dan"]);
}

fn a_plan_takes_the_longest_due_up_to_its_limit(test: &StoreTest) {
    for user in ["cyd", "bob", "ann"] {
        test.add_all(&[user]);
        test.advance(seconds(1));
    }
    let planning = planning(test, "run-1", 2, 50);
    let planned = test.plan_as(&planning);
    assert_eq!((planned.users, planned.remaining), (2, 3));
    assert_eq!(planned.chunks, [chunk("run-1", 1)]);
    let hold = HOLD.as_secs() as i64;
    let queue = [("ann", -1), ("bob", hold), ("cyd", hold)];
    assert_eq!(
        test.queue(),
        queue.map(|(user, due)| (user.to_owned(), due))
    );
}

fn only_users_due_and_free_are_planned(test: &StoreTest) {
    let all = ["done", "early", "held", "late", "silent", "taken"];
    test.add_all(&all);
    test.change_email("silent", None);
    test.finish("done", "acc");
    test.finish_with("early", failed(test.now().plus(seconds(90))));
    test.finish_with("late", failed(test.now().plus(seconds(91))));
    test.advance(seconds(90));
    test.claim_one("t1", "held");
    test.acquire("t2", "taken");
    let planned = test.plan("run-1", 50);
    assert_eq!((planned.users, planned.remaining), (1, 4));
    let first = test.chunk(&chunk("run-1", 1));
    assert_eq!(first.users, ["early"]);
    // Whose lease has ended is free, whether or not it was given back.
    test.advance(LEASE);
    assert_eq!(test.plan("run-2", 50).users, 3);
}

fn a_plan_may_look_ahead(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.finish_with("ann", failed(test.now().plus(seconds(5))));
    test.finish_with("bob", failed(test.now().plus(seconds(6))));
    let mut planning = planning(test, "run-1", 9, 50);
    planning.due_by = test.now().plus(seconds(5));
    assert_eq!(test.plan_as(&planning).users, 1);
    assert_eq!(test.run("run-1").row.advanced_at, Some(test.now()));
}

fn a_run_without_users_is_closed_at_once(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.finish_with("ann", failed(test.now().plus(seconds(60))));
    let planned = test.plan("run-1", 50);
    let expected = Planned {
        remaining: 1,
        ..Planned::default()
    };
    assert_eq!(planned, expected);
    let end = test.end_of("run-1").unwrap();
    assert_eq!((end.completed, end.finished_at), (true, test.now()));
    assert_eq!(end.tally, Tally::default());
    assert_eq!(test.run("run-1").row.remaining, Some(1));
}

fn a_run_is_planned_once(test: &StoreTest) {
    test.add_all(&["ann"]);
    let opening = planning(test, "run-1", 1, 50).opening;
    test.try_open_run(&opening).unwrap();
    test.plan("run-2", 50);
    test.add_all(&["bob"]);
    let before = test.tables();
    for taken in ["run-1", "run-2"] {
        let planning = planning(test, taken, 9, 50);
        assert!(
            block_on(store::plan_run(&test.database, &planning)).is_err(),
            "{taken}"
        );
        assert_eq!(test.tables(), before, "{taken}");
    }
}

fn planned_users_are_held_until_the_hold_ends(test: &StoreTest) {
    test.add_all(&["ann", "bob"]);
    test.plan("run-1", 50);
    assert_eq!(test.plan("run-2", 50).users, 0);
    test.advance(HOLD - seconds(1));
    assert!(test.due(9).is_empty());
    test.advance(seconds(1));
    assert_eq!(names(&test.due(9)), ["ann", "bob"]);
    assert_eq!(test.plan("run-3", 50).users, 2);
}

fn a_plan_tells_of_abandoned_chunks(test: &StoreTest) {
    test.add_all(&["ann", "bob", "cyd"]);
    test.plan("run-1", 1);
    test.finish("bob", "acc");
    test.close(&[chunk("run-1", 2)]);
    test.advance(ABANDONED_AFTER - seconds(1));
    assert_eq!(test.plan("run-2", 50).abandoned.undelivered, []);
    test.advance(seconds(1));
    let mut abandoned = test.plan("run-3", 50).abandoned.undelivered;
    abandoned.sort();
    assert_eq!(abandoned, [chunk("run-1", 1), chunk("run-1", 3)]);
    test.give_up(&abandoned);
    // The users are due again, and now they are another run's.
    assert_eq!(test.plan("run-4", 50).users, 2);
    test.advance(ABANDONED_AFTER - seconds(1));
    assert_eq!(test.plan("run-5", 50).abandoned.undelivered, []);
}

fn a_delivery_keeps_its_run_alive(test: &StoreTest) {
    test.add_all(&["ann"]);
    test.plan("run-1", 50);
    let message = [chunk("run-1", 1)];
    test.advance(ABANDONED_AFTER - seconds(1));
    test.open(&message);
    test.advance(ABANDONED_AFTER - seconds(1));
    assert_eq!(test.plan("run-2", 50).abandoned.undelivered, []);
    test.close(&message);
    test.advance(ABANDONED_AFTER - seconds(1));
    assert_eq!(test.plan("run-3", 50).abandoned.undelivered, []);
    test.advance(seconds(1));
    assert_eq!(test.plan("run-4", 50).abandoned.undelivered, message);
}
