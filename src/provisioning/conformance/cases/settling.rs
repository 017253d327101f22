//! `settle`: what becomes of a leased row.

use crate::provisioning::conformance::cases::*;

async fn save_roles<S: Subject>(store: &S, holder: &str, user: &str) {
    let (id, entry) = (UserId::new(user), store.entry(user, "saved"));
    let (found, saved) = (account("old", "old@example.com"), roles(&["r1"]));
    let written = store
        .save_recovery(&token(holder), &id, &found, &saved, &entry)
        .await;
    written.unwrap();
}

pub async fn complete_forgives_and_drops_the_recovery<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.judge("t1", "ann", failed(store.now())).await;
    store.take("t2", "ann").await;
    save_roles(store, "t2", "ann").await;
    store.judge("t2", "ann", complete("acc")).await;
    let row = store.mapping("ann").await;
    assert_eq!(row.state, State::Complete);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    assert_eq!(
        (row.attempts, row.last_error, row.next_attempt_at),
        (0, None, None)
    );
    assert_eq!(row.lease_until, Timestamp::default());
    assert_eq!(row.password, Some(password("t1", "ann")));
    assert_eq!(store.recovery("ann").await, None);
    assert!(store.queued().await.is_empty());
    assert_eq!(store.trail("ann").await, ["settled", "saved", "settled"]);
}

pub async fn attaching_keeps_the_recovery_and_the_place_in_the_queue<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    save_roles(store, "t1", "ann").await;
    let verdict = Verdict::Attaching {
        id: RemoteId("acc".to_owned()),
        next_attempt_at: store.now().plus(seconds(30)),
        error: "no such role".to_owned(),
    };
    store.judge("t1", "ann", verdict).await;
    let row = store.mapping("ann").await;
    assert_eq!(row.state, State::Attaching);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    assert_eq!(
        (row.attempts, row.last_error),
        (1, Some("no such role".to_owned()))
    );
    assert_eq!(store.recovery("ann").await.unwrap().roles, roles(&["r1"]));
    assert_eq!(store.queue().await, [("ann".to_owned(), 30)]);
}

pub async fn a_failure_is_counted_and_tried_again_in_its_time<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    for attempts in 1..=2 {
        store.take("t1", "ann").await;
        let next = store.now().plus(seconds(30));
        store.judge("t1", "ann", failed(next)).await;
        let row = store.mapping("ann").await;
        assert_eq!((row.state, row.attempts), (State::Pending, attempts));
        assert_eq!(row.next_attempt_at, Some(next));
        assert_eq!(row.last_error.as_deref(), Some("it failed"));
        assert_eq!(row.password, Some(password("t1", "ann")));
        assert_eq!(store.queue().await, [("ann".to_owned(), 30)]);
        assert!(store.due(store.now(), 9).await.unwrap().is_empty());
        store.pass(seconds(30));
        assert_eq!(store.due(store.now(), 9).await.unwrap().len(), 1);
    }
}

pub async fn quarantine_leaves_the_queue<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.judge("t1", "ann", quarantined()).await;
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.attempts, row.next_attempt_at),
        (State::Quarantined, 1, None)
    );
    assert_eq!(row.lease_until, Timestamp::default());
    assert!(store.queued().await.is_empty());
}

pub async fn being_set_aside_forgets_the_intent<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", TWO).await;
    store.finish("ann", "acc").await;
    store.take("t1", "bob").await;
    store.change_email(&UserId::new("bob"), Some(ONE)).await;
    let verdict = Verdict::SetAside {
        email: email(ONE),
        error: "held by another".to_owned(),
    };
    store.judge("t1", "bob", verdict).await;
    let row = store.mapping("bob").await;
    assert_eq!((row.state, row.attempts), (State::SetAside, 1));
    assert_eq!((row.password, row.threedeye_id), (None, None));
    assert_eq!(row.email_key, Some(email(ONE)));
    assert!(store.queued().await.is_empty());
    store.add("cyd", TWO).await;
    assert_eq!(store.claim_as("t2", &["cyd"]).await, ["cyd"]);
}

pub async fn being_released_changes_nothing_but_the_place_in_the_queue<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    for (due_at, place) in [(None, 0), (Some(store.now().plus(seconds(40))), 40)] {
        store.take("t1", "ann").await;
        store.judge("t1", "ann", Verdict::Released { due_at }).await;
        let row = store.mapping("ann").await;
        assert_eq!((row.state, row.attempts), (State::Pending, 0));
        assert_eq!((row.last_error, row.next_attempt_at), (None, None));
        assert_eq!(row.lease_until, Timestamp::default());
        assert_eq!(store.queue().await, [("ann".to_owned(), place)]);
    }
}

pub async fn whoever_lost_the_lease_changes_nothing<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    save_roles(store, "t1", "ann").await;
    store.pass(LEASE);
    store.take("t2", "ann").await;
    let before = store.everything("ann").await;
    let soon = store.now().plus(seconds(20));
    let verdicts = [
        complete("acc"),
        Verdict::Attaching {
            id: RemoteId("acc".to_owned()),
            next_attempt_at: soon,
            error: "no".to_owned(),
        },
        failed(soon),
        quarantined(),
        Verdict::SetAside {
            email: email(TWO),
            error: "no".to_owned(),
        },
        Verdict::Released { due_at: Some(soon) },
    ];
    for verdict in verdicts {
        store.judge("t1", "ann", verdict.clone()).await;
        assert_eq!(store.everything("ann").await, before, "{verdict:?}");
    }
}

pub async fn an_account_has_one_user<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", TWO).await;
    store.finish("ann", "acc").await;
    store.take("t1", "bob").await;
    store.judge("t1", "bob", complete("acc")).await;
    let row = store.mapping("bob").await;
    assert_eq!((row.state, row.threedeye_id), (State::Pending, None));
    assert_eq!(store.state("ann").await, Some(State::Complete));
    assert_eq!(store.queued().await, ["bob"]);
}

pub async fn a_quarantine_for_an_email_of_the_past_is_none<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.change_email(&UserId::new("ann"), Some(TWO)).await;
    store.judge("t1", "ann", quarantined()).await;
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(ONE)))
    );
    assert_eq!(store.queued().await, ["ann"]);
}

pub async fn nobody_waits_for_an_email_that_is_free<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.change_email(&UserId::new("ann"), Some(TWO)).await;
    let verdict = Verdict::SetAside {
        email: email(TWO),
        error: "held by another".to_owned(),
    };
    store.judge("t1", "ann", verdict).await;
    let row = store.mapping("ann").await;
    assert_eq!((row.state, row.email_key), (State::Idle, None));
    assert_eq!(store.queued().await, ["ann"]);
}
