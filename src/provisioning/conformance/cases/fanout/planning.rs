//! `plan_run`.

use crate::provisioning::conformance::cases::fanout::*;

pub async fn a_run_is_cut_into_chunks_longest_due_first<S: Subject>(store: &S) {
    // By their due moments, which is not how they are called.
    for user in ["eve", "dan", "cyd", "bob", "ann"] {
        store.add_all(&[user]).await;
        store.pass(seconds(1));
    }
    let planned = store.plan("run-1", 2).await;
    let expected = Planned {
        chunks: vec![chunk("run-1", 1), chunk("run-1", 2), chunk("run-1", 3)],
        users: 5,
        remaining: 5,
        abandoned: Vec::new(),
    };
    assert_eq!(planned, expected);
    for (number, names) in [
        (1, &["dan", "eve"][..]),
        (2, &["bob", "cyd"]),
        (3, &["ann"]),
    ] {
        let seen = store.chunk(&chunk("run-1", number)).await;
        assert_eq!(seen, Chunk::of(&users(names)), "{number}");
    }
    assert_eq!(store.sums("run-1").await, [5, 0, 0, 0, 0]);
    assert_eq!(store.end_of("run-1").await, None);
    let run = store.run("run-1").await;
    assert_eq!(
        (run.hold, run.advanced_at),
        (store.now().plus(HOLD), store.now())
    );
    assert_eq!((run.takeovers_left, run.remaining), (TAKEOVERS, None));
}

pub async fn of_those_due_at_once_the_first_by_id_come_first<S: Subject>(store: &S) {
    store.add_all(&["cyd", "ann", "bob"]).await;
    store.plan("run-1", 2).await;
    let first = store.chunk(&chunk("run-1", 1)).await;
    assert_eq!(first.users, users(&["ann", "bob"]));
}

pub async fn a_chunk_may_be_full_to_the_last_user<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd", "dan"]).await;
    assert_eq!(store.plan("run-1", 2).await.chunks.len(), 2);
    let last = store.chunk(&chunk("run-1", 2)).await;
    assert_eq!(last.users, users(&["cyd", "dan"]));
}

pub async fn a_plan_takes_the_longest_due_up_to_its_limit<S: Subject>(store: &S) {
    for user in ["cyd", "bob", "ann"] {
        store.add_all(&[user]).await;
        store.pass(seconds(1));
    }
    let planning = store.planning("run-1", 2, 50);
    let planned = store.plan_run(&planning).await.unwrap();
    assert_eq!((planned.users, planned.remaining), (2, 3));
    assert_eq!(planned.chunks, [chunk("run-1", 1)]);
    let hold = HOLD.as_secs() as i64;
    let queue = [("ann", -1), ("bob", hold), ("cyd", hold)];
    assert_eq!(
        store.queue().await,
        queue.map(|(user, due)| (user.to_owned(), due))
    );
}

pub async fn only_who_is_due_and_free_is_planned<S: Subject>(store: &S) {
    let all = ["done", "early", "held", "late", "silent", "taken"];
    store.add_all(&all).await;
    store.change_email(&UserId::new("silent"), None).await;
    store.finish("done", "acc").await;
    store
        .end("early", failed(store.now().plus(seconds(90))))
        .await;
    store
        .end("late", failed(store.now().plus(seconds(91))))
        .await;
    store.pass(seconds(90));
    store.take("t1", "held").await;
    store.grab("t2", "taken").await;
    let planned = store.plan("run-1", 50).await;
    assert_eq!((planned.users, planned.remaining), (1, 4));
    let first = store.chunk(&chunk("run-1", 1)).await;
    assert_eq!(first.users, users(&["early"]));
    // Whose lease has ended is free, whether or not it was given back.
    store.pass(LEASE);
    assert_eq!(store.plan("run-2", 50).await.users, 3);
}

pub async fn a_plan_may_look_ahead<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.end("ann", failed(store.now().plus(seconds(5)))).await;
    store.end("bob", failed(store.now().plus(seconds(6)))).await;
    let mut planning = store.planning("run-1", 9, 50);
    planning.due_by = store.now().plus(seconds(5));
    assert_eq!(store.plan_run(&planning).await.unwrap().users, 1);
    assert_eq!(store.run("run-1").await.advanced_at, store.now());
}

pub async fn a_run_without_users_is_closed_at_once<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store
        .end("ann", failed(store.now().plus(seconds(60))))
        .await;
    let planned = store.plan("run-1", 50).await;
    let expected = Planned {
        remaining: 1,
        ..Planned::default()
    };
    assert_eq!(planned, expected);
    let end = store.end_of("run-1").await.unwrap();
    assert_eq!((end.completed, end.finished_at), (true, store.now()));
    assert_eq!(end.tally, Tally::default());
    assert_eq!(store.run("run-1").await.remaining, Some(1));
}

pub async fn a_run_is_planned_once<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    let opening = store.planning("run-1", 1, 50).opening;
    store.open_run(&opening, store.now()).await.unwrap();
    store.plan("run-2", 50).await;
    store.add_all(&["bob"]).await;
    let before = store.everything("bob").await;
    for taken in ["run-1", "run-2"] {
        let planning = store.planning(taken, 9, 50);
        assert!(store.plan_run(&planning).await.is_err(), "{taken}");
        assert_eq!(store.everything("bob").await, before, "{taken}");
    }
}

pub async fn the_planned_are_nobody_elses_until_the_hold_ends<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 50).await;
    assert_eq!(store.plan("run-2", 50).await.users, 0);
    store.pass(HOLD - seconds(1));
    assert!(store.due(store.now(), 9).await.unwrap().is_empty());
    store.pass(seconds(1));
    assert_eq!(
        names(&store.due(store.now(), 9).await.unwrap()),
        ["ann", "bob"]
    );
    assert_eq!(store.plan("run-3", 50).await.users, 2);
}

pub async fn a_plan_tells_of_abandoned_chunks<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.plan("run-1", 1).await;
    store.finish("bob", "acc").await;
    store.close(&[chunk("run-1", 2)]).await;
    store.pass(IDLE - seconds(1));
    assert_eq!(store.plan("run-2", 50).await.abandoned, []);
    store.pass(seconds(1));
    let mut abandoned = store.plan("run-3", 50).await.abandoned;
    abandoned.sort();
    assert_eq!(abandoned, [chunk("run-1", 1), chunk("run-1", 3)]);
    store.leave(&abandoned).await;
    // The users are due again, and now they are another run's.
    assert_eq!(store.plan("run-4", 50).await.users, 2);
    store.pass(IDLE - seconds(1));
    assert_eq!(store.plan("run-5", 50).await.abandoned, []);
}

pub async fn a_delivery_keeps_its_run_alive<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.plan("run-1", 50).await;
    let message = [chunk("run-1", 1)];
    store.pass(IDLE - seconds(1));
    store.open(&message).await;
    store.pass(IDLE - seconds(1));
    assert_eq!(store.plan("run-2", 50).await.abandoned, []);
    store.close(&message).await;
    store.pass(IDLE - seconds(1));
    assert_eq!(store.plan("run-3", 50).await.abandoned, []);
    store.pass(seconds(1));
    assert_eq!(store.plan("run-4", 50).await.abandoned, message);
}
