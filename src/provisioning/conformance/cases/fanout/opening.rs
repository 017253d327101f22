//! `open_delivery`.

use crate::provisioning::conformance::cases::fanout::*;

pub async fn a_delivery_lists_who_waits_for_its_chunks<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.add("dan", "bob@example.com").await;
    store.add_all(&["eve"]).await;
    store.end("cyd", failed(store.now())).await;
    store.plan("run-1", 2).await;
    // Since the plan another user has come to hold the e-mail of one that waits.
    store.pass(seconds(1));
    store.take("t1", "bob").await;
    let opened = store.open(&[chunk("run-1", 2), chunk("run-1", 3)]).await;
    let mut listed = opened.candidates;
    listed.sort_by(|a, b| a.user.cmp(&b.user));
    let candidate = |user: &str, address: &str, contested: bool, newcomer: bool| {
        (UserId::new(user), email(address), contested, newcomer)
    };
    let expected = [
        candidate("cyd", "cyd@example.com", false, false),
        candidate("dan", "bob@example.com", true, true),
        candidate("eve", "eve@example.com", false, true),
    ];
    let listed = listed.into_iter().map(|one| {
        let newcomer = one.listed.row.is_none();
        (one.user, one.listed.email, one.contested, newcomer)
    });
    assert_eq!(listed.collect::<Vec<_>>(), expected);
}

pub async fn whoever_was_seen_to_waits_no_more<S: Subject>(store: &S) {
    store.add_all(&ENDS).await;
    store.plan("run-1", 50).await;
    store.pass(seconds(1));
    bring_to_their_ends(store).await;
    let opened = store.open(&[chunk("run-1", 1)]).await;
    assert_eq!(names(&opened.candidates), ["still"]);
}

/// Users of a planned run, each named after what becomes of it.
pub const ENDS: [&str; 11] = [
    "aside", "changed", "cleared", "done", "failed", "gone", "limit", "orphan", "replaced",
    "silent", "still",
];

/// After this, one of [`ENDS`] still waits for its chunk.
pub async fn bring_to_their_ends<S: Subject>(store: &S) {
    let now = store.now();
    let [aside, changed, gone, silent] = ["aside", "changed", "gone", "silent"].map(UserId::new);
    store.finish("done", "acc").await;
    store.change_email(&aside, Some("done@example.com")).await;
    store.wait_aside(&["aside"]).await;
    store.end("failed", failed(now.plus(seconds(60)))).await;
    store.end("orphan", quarantined()).await;
    let released = |due_at| Verdict::Released { due_at };
    store.end("limit", released(Some(now))).await;
    store.end("still", released(None)).await;
    store.change_email(&changed, Some("new@example.com")).await;
    store.change_email(&silent, None).await;
    store.delete_user(&gone).await;
    store.add_all(&["replaced"]).await;
    store.grab("t1", "cleared").await;
    store.clear_everything("t1", "cleared").await;
}

pub async fn the_leased_are_passed_over_and_wait_on<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.plan("run-1", 50).await;
    let message = [chunk("run-1", 1)];
    store.take("t1", "ann").await;
    store.grab("t2", "bob").await;
    assert_eq!(names(&store.open(&message).await.candidates), ["cyd"]);
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 3, 1)]);
    store.pass(LEASE - seconds(1));
    assert_eq!(names(&store.open(&message).await.candidates), ["cyd"]);
    store.pass(seconds(1));
    let opened = store.open(&message).await;
    assert_eq!(names(&opened.candidates), ["ann", "bob", "cyd"]);
}

pub async fn a_late_message_finds_whom_no_other_run_has_seen_to<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob", "cyd"]).await;
    store.plan("run-1", 50).await;
    store.pass(HOLD);
    // After the hold a run in one process takes up one of them and dies, and
    // another plan takes the next.
    store.take("t1", "ann").await;
    let planned = store.plan_run(&store.planning("run-2", 1, 50)).await;
    assert_eq!(planned.unwrap().users, 1);
    let message = [chunk("run-1", 1)];
    assert_eq!(names(&store.open(&message).await.candidates), ["cyd"]);
    store.pass(LEASE);
    assert_eq!(
        names(&store.open(&message).await.candidates),
        ["ann", "cyd"]
    );
    assert_eq!(
        names(&store.open(&[chunk("run-2", 1)]).await.candidates),
        ["bob"]
    );
    assert_eq!(store.close(&message).await, [standing("run-1", 1, 2, 2)]);
    assert_eq!(store.sums("run-1").await, [3, 0, 0, 1, 0]);
}

pub async fn takeovers_are_reserved_once_and_given_back<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 1).await;
    let (one, other) = ([chunk("run-1", 1)], [chunk("run-1", 2)]);
    assert_eq!(
        store.open(&one).await.allowances,
        [takeovers("run-1", TAKEOVERS)]
    );
    assert_eq!(store.open(&other).await.allowances, [takeovers("run-1", 0)]);
    for unused in [2, 3] {
        let unused = [takeovers("run-1", unused)];
        let closed = store.close_delivery(&one, &unused, store.now()).await;
        assert_eq!(closed.unwrap().len(), 1);
    }
    // Also by a message whose chunk is closed by now.
    store.finish("bob", "acc").await;
    store.close(&other).await;
    assert_eq!(store.open(&other).await.allowances, [takeovers("run-1", 5)]);
    let unused = [takeovers("run-1", 5)];
    let closed = store.close_delivery(&other, &unused, store.now()).await;
    assert_eq!(closed.unwrap(), []);
    assert_eq!(store.open(&one).await.allowances, [takeovers("run-1", 5)]);
}

pub async fn a_delivery_may_serve_several_runs<S: Subject>(store: &S) {
    store.add_all(&["ann"]).await;
    store.plan("run-1", 50).await;
    store.add_all(&["bob"]).await;
    store.plan("run-2", 50).await;
    let messages = [chunk("run-2", 1), chunk("run-1", 1)];
    let opened = store.open(&messages).await;
    assert_eq!(names(&opened.candidates), ["ann", "bob"]);
    let mut allowances = opened.allowances;
    allowances.sort_by(|a, b| a.run_id.cmp(&b.run_id));
    assert_eq!(
        allowances,
        ["run-1", "run-2"].map(|run| takeovers(run, TAKEOVERS))
    );
    let unused = [takeovers("run-1", 1), takeovers("run-2", 2)];
    let closed = store.close_delivery(&messages, &unused, store.now()).await;
    assert_eq!(closed.unwrap().len(), 2);
    assert_eq!(store.run("run-1").await.takeovers_left, 1);
    assert_eq!(store.run("run-2").await.takeovers_left, 2);
}

pub async fn unknown_and_closed_chunks_hold_nobody<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 1).await;
    store.leave(&[chunk("run-1", 1)]).await;
    store.finish("bob", "acc").await;
    store.close(&[chunk("run-1", 2)]).await;
    let before = store.observe(&[]).await.chunks;
    let messages = [
        chunk("run-1", 1),
        chunk("run-1", 2),
        chunk("run-1", 3),
        chunk("stranger", 1),
    ];
    let opened = store.open(&messages).await;
    assert_eq!(opened.candidates, []);
    assert_eq!(opened.allowances, [takeovers("run-1", TAKEOVERS)]);
    assert_eq!(store.close(&messages).await, []);
    let unused = [takeovers("stranger", 3)];
    let closed = store.close_delivery(&messages, &unused, store.now()).await;
    assert_eq!(closed.unwrap(), []);
    let seen = store.observe(&[]).await;
    assert_eq!((seen.chunks, seen.plans.len()), (before, 1));
}

pub async fn deliveries_are_counted_while_a_chunk_is_open<S: Subject>(store: &S) {
    store.add_all(&["ann", "bob"]).await;
    store.plan("run-1", 1).await;
    let (one, other) = (chunk("run-1", 1), chunk("run-1", 2));
    store.open(std::slice::from_ref(&one)).await;
    store.open(&[one.clone(), other.clone()]).await;
    let standings = store.close(&[one.clone(), other.clone()]).await;
    assert_eq!(
        standings,
        [standing("run-1", 1, 1, 2), standing("run-1", 2, 1, 1)]
    );
    store.finish("ann", "acc").await;
    store.close(std::slice::from_ref(&one)).await;
    store.open(&[one.clone(), other]).await;
    assert_eq!(store.chunk(&one).await.deliveries, 2);
    assert_eq!(store.chunk(&chunk("run-1", 2)).await.deliveries, 2);
}
