//! `give_up`.

use crate::provisioning::conformance::cases::fanout::*;

const LINE: &str = "chunk 1: nobody came";

pub async fn who_still_waits_is_due_now<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd", "dan"]).await;
    store.plan("run-1", 50).await;
    store.pass(seconds(5));
    store.finish("ann", "acc").await;
    store
        .end("bob", failed(store.now().plus(seconds(60))))
        .await;
    store.take("t1", "dan").await;
    store.leave(&[chunk("run-1", 1)]).await;
    let queue = [("bob", 60), ("cyd", 0), ("dan", 0)];
    assert_eq!(
        store.queue().await,
        queue.map(|(user, due)| (user.to_owned(), due))
    );
    let seen = store.chunk(&chunk("run-1", 1)).await;
    assert_eq!((seen.state, seen.users), (ChunkState::GivenUp, Vec::new()));
    assert_eq!(seen.errors, ["bob: it failed", LINE]);
    assert_eq!(store.sums("run-1").await, [4, 1, 1, 2, 0]);
    let end = store.end_of("run-1").await.unwrap();
    assert_eq!((end.completed, end.finished_at), (false, store.now()));
    assert_eq!(end.tally.errors, ["bob: it failed", LINE]);
    assert_eq!(store.run("run-1").await.remaining, Some(3));
}

pub async fn a_wait_of_its_own_is_kept<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.end("ann", failed(store.now().plus(seconds(3)))).await;
    let mut planning = store.planning("run-1", 9, 50);
    planning.due_by = store.now().plus(seconds(5));
    assert_eq!(store.plan_run(&planning).await.unwrap().users, 2);
    store.leave(&[chunk("run-1", 1)]).await;
    let queue = [("ann", 3), ("bob", 0)];
    assert_eq!(
        store.queue().await,
        queue.map(|(user, due)| (user.to_owned(), due))
    );
}

pub async fn whom_another_run_has_planned_stays_with_it<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.plan("run-1", 50).await;
    store.pass(HOLD);
    assert_eq!(store.plan("run-2", 50).await.users, 1);
    store.pass(seconds(1));
    store.leave(&[chunk("run-1", 1)]).await;
    assert_eq!(store.due(store.now(), 9).await.unwrap(), []);
    let opened = store.open(&[chunk("run-2", 1)]).await;
    assert_eq!(names(&opened.candidates), ["ann"]);
    assert_eq!(store.sums("run-1").await, [1, 0, 0, 1, 0]);
}

pub async fn a_run_ends_early_with_its_last_chunk<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 1).await;
    store.leave(&[chunk("run-1", 1)]).await;
    assert_eq!(store.end_of("run-1").await, None);
    assert_eq!(store.run("run-1").await.tally.errors, [LINE]);
    store.finish("bob", "acc").await;
    store.close(&[chunk("run-1", 2)]).await;
    let end = store.end_of("run-1").await.unwrap();
    assert!(!end.completed);
    assert_eq!(store.sums("run-1").await, [2, 1, 0, 1, 0]);
}

pub async fn a_chunk_is_given_up_though_nobody_waits_any_more<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.plan("run-1", 1).await;
    store.finish("ann", "acc").await;
    store.leave(&[chunk("run-1", 1)]).await;
    assert_eq!(
        store.chunk(&chunk("run-1", 1)).await.state,
        ChunkState::GivenUp
    );
    assert_eq!(store.sums("run-1").await, [1, 1, 0, 0, 0]);
}

pub async fn unknown_and_closed_chunks_stay_as_they_are<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 1).await;
    store.leave(&[chunk("run-1", 1)]).await;
    store.finish("bob", "acc").await;
    store.close(&[chunk("run-1", 2)]).await;
    // The next run holds at the very moment at which this one did.
    let mut planning = store.planning("run-2", 9, 50);
    planning.hold_until = store.run("run-1").await.hold;
    assert_eq!(store.plan_run(&planning).await.unwrap().users, 1);
    let before = store.observe(&[]).await;
    let messages = [chunk("run-1", 1), chunk("run-1", 2), chunk("stranger", 1)];
    store.leave(&messages).await;
    assert_eq!(store.observe(&[]).await, before);
}

pub async fn a_run_that_was_not_planned_has_no_chunks<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    let opening = store.planning("run-1", 1, 50).opening;
    store.open_run(&opening, store.now()).await.unwrap();
    let before = store.observe(&[]).await;
    let message = [chunk("run-1", 1)];
    assert_eq!(store.open(&message).await.candidates, []);
    assert_eq!(store.close(&message).await, []);
    store.leave(&message).await;
    assert_eq!(store.observe(&[]).await, before, "it is at work");
}

pub async fn nobody_waits_for_a_chunk_that_was_given_up<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.plan("run-1", 1).await;
    // Due now is at this moment where the hold was.
    store.pass(HOLD);
    store.leave(&[chunk("run-1", 1)]).await;
    assert_eq!(store.chunk(&chunk("run-1", 1)).await.waiting, 0);
    assert_eq!(store.sums("run-1").await, [1, 0, 0, 1, 0]);
}

pub async fn what_was_given_up_is_not_delivered_any_more<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.plan("run-1", 1).await;
    let message = [chunk("run-1", 1)];
    store.open(&message).await;
    store.leave(&message).await;
    // A consumer that was still at work comes to its end.
    store.finish("ann", "acc").await;
    assert_eq!(store.close(&message).await, []);
    assert_eq!(store.open(&message).await.candidates, []);
    assert_eq!(store.sums("run-1").await, [1, 0, 0, 1, 0]);
}
