//! `close_delivery`.

use crate::provisioning::conformance::cases::fanout::opening::{ENDS, bring_to_their_ends};
use crate::provisioning::conformance::cases::fanout::*;

pub async fn a_chunk_for_which_nobody_waits_is_closed<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.plan("run-1", 2).await;
    let (one, other) = (chunk("run-1", 1), chunk("run-1", 2));
    store.finish("ann", "acc-1").await;
    let standings = store.close(std::slice::from_ref(&one)).await;
    assert_eq!(standings, [standing("run-1", 1, 1, 0)]);
    assert_eq!(store.chunk(&one).await.state, ChunkState::Open);
    store.finish("bob", "acc-2").await;
    let standings = store.close(std::slice::from_ref(&one)).await;
    assert_eq!(standings, [standing("run-1", 1, 0, 0)]);
    let seen = store.chunk(&one).await;
    assert_eq!((seen.state, seen.users), (ChunkState::Done, Vec::new()));
    assert_eq!(store.end_of("run-1").await, None, "the other one is open");
    store.pass(seconds(3));
    store.finish("cyd", "acc-3").await;
    store.close(&[one, other]).await;
    let end = store.end_of("run-1").await.unwrap();
    assert_eq!((end.completed, end.finished_at), (true, store.now()));
    assert_eq!(end.tally, store.run("run-1").await.tally);
    assert_eq!(store.sums("run-1").await, [3, 3, 0, 0, 0]);
    assert_eq!(store.run("run-1").await.remaining, Some(0));
}

pub async fn progress_is_told_while_the_run_is_open<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.plan("run-1", 1).await;
    store.finish("ann", "acc").await;
    assert_eq!(store.sums("run-1").await, [3, 0, 0, 0, 0]);
    store.pass(seconds(2));
    store.close(&[chunk("run-1", 1)]).await;
    assert_eq!(store.sums("run-1").await, [3, 1, 0, 0, 0]);
    store.end("bob", failed(store.now())).await;
    store.pass(seconds(2));
    store.close(&[chunk("run-1", 2)]).await;
    assert_eq!(store.sums("run-1").await, [3, 1, 1, 0, 0]);
    let run = store.run("run-1").await;
    assert_eq!((run.advanced_at, run.remaining), (store.now(), None));
    assert_eq!(run.tally.errors, ["bob: it failed"]);
}

pub async fn every_end_has_its_figure_and_its_line<S: Subject>(store: &S) {
    store.add_all(&ENDS).await;
    store.plan("run-1", 50).await;
    store.pass(seconds(1));
    bring_to_their_ends(store).await;
    let message = [chunk("run-1", 1)];
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 1, 0)]);
    assert_eq!(store.sums("run-1").await, [11, 1, 3, 6, 1]);
    let expected = [
        "aside: held by another",
        "chunk 1: 6 user(s) left as they were: gone, changed, or beyond the take-over limit",
        "failed: it failed",
        "orphan: taken elsewhere",
    ];
    assert_eq!(store.chunk(&message[0]).await.errors, expected);
    assert_eq!(store.run("run-1").await.tally.errors, expected);
}

pub async fn an_earlier_failure_is_not_this_runs<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.end("ann", failed(store.now())).await;
    store.pass(seconds(1));
    store.plan("run-1", 50).await;
    let message = [chunk("run-1", 1)];
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 1, 0)]);
    assert_eq!(store.sums("run-1").await, [1, 0, 0, 0, 0]);
    let due_at = Some(store.now());
    store.end("ann", Verdict::Released { due_at }).await;
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 0, 0)]);
    assert_eq!(store.sums("run-1").await, [1, 0, 0, 1, 0]);
    let line = "chunk 1: 1 user(s) left as they were: gone, changed, or beyond the take-over limit";
    assert_eq!(store.chunk(&message[0]).await.errors, [line]);
}

pub async fn figures_are_read_off_and_not_added_up<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 50).await;
    let message = [chunk("run-1", 1)];
    store.finish("ann", "acc").await;
    for _ in 0..2 {
        store.open(&message).await;
        store.close(&message).await;
        assert_eq!(store.sums("run-1").await, [2, 1, 0, 0, 0]);
    }
    // What has closed keeps its figures and its end, whatever becomes of its users.
    store.end("bob", failed(store.now())).await;
    store.close(&message).await;
    let end = store.end_of("run-1").await;
    assert!(end.is_some());
    let closed = store.chunk(&message[0]).await;
    store.pass(seconds(5));
    store.finish("bob", "acc-2").await;
    assert_eq!(store.close(&message).await, []);
    assert_eq!(store.end_of("run-1").await, end);
    assert_eq!(store.chunk(&message[0]).await, closed);
    let run = store.run("run-1").await;
    assert_eq!((run.remaining, run.advanced_at), (Some(1), store.now()));
}

pub async fn whom_another_run_has_taken_up_is_counted_where_it_stands<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.plan("run-1", 50).await;
    store.pass(HOLD);
    store.take("t1", "ann").await;
    store.take("t1", "bob").await;
    store.judge("t1", "bob", complete("acc")).await;
    assert_eq!(store.plan("run-2", 50).await.users, 1);
    let message = [chunk("run-1", 1)];
    // Who is at work may still give the user back, so the message must come again.
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 1, 0)]);
    assert_eq!(store.sums("run-1").await, [3, 1, 0, 1, 0]);
    store.judge("t1", "ann", complete("acc-2")).await;
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 0, 0)]);
    assert_eq!(store.sums("run-1").await, [3, 2, 0, 1, 0]);
    assert_eq!(store.sums("run-2").await, [1, 0, 0, 0, 0]);
}

pub async fn the_ledger_keeps_a_hundred_lines<S: Subject>(store: &S) {
    let names: Vec<String> = (0..101).map(|number| format!("u{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    store.add_all(&names).await;
    store.plan("run-1", 50).await;
    store.claim_as("t1", &names).await;
    let verdict = failed(store.now().plus(seconds(60)));
    let settlements: Vec<Settlement> = names
        .iter()
        .map(|user| Settlement {
            user: UserId::new(*user),
            verdict: verdict.clone(),
            entry: None,
        })
        .collect();
    let left = store.settle(&token("t1"), &settlements, store.now()).await;
    assert_eq!(left.unwrap(), []);
    let messages = [1, 2, 3].map(|number| chunk("run-1", number));
    assert_eq!(store.close(&messages).await.len(), 3);
    assert_eq!(store.sums("run-1").await, [101, 0, 101, 0, 0]);
    assert_eq!(store.run("run-1").await.tally.errors.len(), 100);
    assert_eq!(store.chunk(&messages[2]).await.errors.len(), 1);
}
