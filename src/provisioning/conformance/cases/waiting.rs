//! The queue: who waits for provisioning, whoever changed what; and those who
//! were set aside.

use crate::provisioning::conformance::cases::*;
use crate::provisioning::listing::{Candidate, Listed, ListedRow};
use crate::provisioning::policy::SETTLING;

pub async fn whoever_has_an_email_waits<S: Subject>(store: &S) {
    let (ann, bob) = (UserId::new("ann"), UserId::new("bob"));
    store.put_user(&ann, None).await;
    store.add("bob", ONE).await;
    assert_eq!(store.queue().await, [("bob".to_owned(), 0)]);
    store.pass(seconds(10));
    store.change_email(&ann, Some(TWO)).await;
    assert_eq!(
        store.queue().await,
        [("ann".to_owned(), 0), ("bob".to_owned(), -10)]
    );
    store.change_email(&ann, Some("  ")).await;
    assert_eq!(store.queued().await, ["bob"]);
    store.delete_user(&bob).await;
    assert!(store.queued().await.is_empty());
    store.add("bob", ONE).await;
    store.finish("bob", "acc").await;
    store.change_email(&bob, Some(TWO)).await;
    assert!(store.queued().await.is_empty());
    store.delete_user(&bob).await;
    assert_eq!(store.state("bob").await, Some(State::Complete));
}

pub async fn what_is_too_long_for_anybody_does_not_wait<S: Subject>(store: &S) {
    let ann = UserId::new("ann");
    let address = |bytes: usize| format!("{}@example.com", "a".repeat(bytes - 12));
    store.add("ann", &address(321)).await;
    store.add(&"u".repeat(513), ONE).await;
    assert!(store.queued().await.is_empty());
    assert_eq!(store.waiting().await.unwrap(), 0);
    store.change_email(&ann, Some(&address(320))).await;
    store.add(&"u".repeat(512), TWO).await;
    assert_eq!(store.queued().await, ["ann", &"u".repeat(512)]);
    // Two bytes each.
    let wide = format!("{}@example.com", "é".repeat(155));
    store.change_email(&ann, Some(&wide)).await;
    assert_eq!(store.waiting().await.unwrap(), 1);
    store.put_user(&ann, Some(ONE)).await;
    assert_eq!(store.waiting().await.unwrap(), 2);
    // Nor does a row that is opened again.
    store.take("t1", "ann").await;
    store.judge("t1", "ann", quarantined()).await;
    store.change_email(&ann, Some(&wide)).await;
    assert_eq!(store.state("ann").await, Some(State::Pending));
    assert_eq!(store.waiting().await.unwrap(), 1);
}

pub async fn a_replaced_user_is_looked_at_anew<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.judge("t1", "ann", quarantined()).await;
    store.add("ann", "ONE@example.com").await;
    assert_eq!(store.state("ann").await, Some(State::Quarantined));
    assert!(store.queued().await.is_empty());
    store.add("ann", TWO).await;
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.attempts, row.last_error),
        (State::Pending, 0, None)
    );
    assert_eq!(store.queued().await, ["ann"]);
    store.put_user(&UserId::new("ann"), None).await;
    assert!(store.queued().await.is_empty());
}

pub async fn the_longest_due_come_first_and_the_held_not_at_all<S: Subject>(store: &S) {
    store.add("dan", "d@example.com").await;
    store.pass(seconds(1));
    for (user, email) in [("cyd", TWO), ("bob", ONE), ("ann", ONE)] {
        store.add(user, email).await;
    }
    let candidate = |user: &str, text: &str, contested| Candidate {
        user: UserId::new(user),
        contested,
        listed: newcomer(text),
    };
    let due = store.due(store.now(), 9).await.unwrap();
    let free = [
        candidate("dan", "d@example.com", false),
        candidate("ann", ONE, false),
        candidate("bob", ONE, false),
        candidate("cyd", TWO, false),
    ];
    assert_eq!(due, free);
    assert_eq!(store.due(store.now(), 2).await.unwrap(), free[..2]);
    let earlier = START.plus(Duration::ZERO);
    assert_eq!(store.due(earlier, 9).await.unwrap(), free[..1]);
    store.take("t1", "ann").await;
    let due = store.due(store.now(), 9).await.unwrap();
    assert_eq!(
        due,
        [
            free[0].clone(),
            candidate("bob", ONE, true),
            free[3].clone()
        ]
    );
    assert_eq!(store.waiting().await.unwrap(), 4);
}

/// Of whom nothing is known but the e-mail.
fn newcomer(text: &str) -> Listed {
    Listed {
        email: email(text),
        row: None,
        recovery: None,
        removed_at: None,
    }
}

pub async fn a_listing_tells_what_a_claim_would_find<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    let (user, found) = (UserId::new("ann"), account("old", ONE));
    let entry = store.entry("ann", "saved");
    let saved = store
        .save_recovery(&token("t1"), &user, &found, &roles(&["r1"]), &entry)
        .await;
    saved.unwrap();
    let (removed_at, left_at) = (store.now(), store.now().plus(LEASE));
    store.pass(LEASE);
    let row = ListedRow {
        state: State::Pending,
        intent_email: Some(email(ONE)),
        password: Some(password("t1", "ann")),
        threedeye_id: None,
        attempts: 0,
        settled_at: left_at.plus(SETTLING),
        forgotten: None,
    };
    let listed = Listed {
        row: Some(row),
        recovery: Some(Recovery {
            roles: roles(&["r1"]),
        }),
        removed_at: Some(removed_at),
        ..newcomer(ONE)
    };
    assert_eq!(store.listed("ann").await, listed);
    store.take("t2", "ann").await;
    store.judge("t2", "ann", failed(store.now())).await;
    let row = listed.row.map(|row| ListedRow { attempts: 1, ..row });
    assert_eq!(store.listed("ann").await, Listed { row, ..listed });
}

pub async fn only_the_contested_are_set_aside<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", ONE), ("cyd", TWO)] {
        store.add(user, email).await;
    }
    store.finish("ann", "acc").await;
    store.wait_aside(&["ann", "bob", "cyd", "stranger"]).await;
    let row = store.mapping("bob").await;
    assert_eq!(
        (row.state, row.email_key),
        (State::SetAside, Some(email(ONE)))
    );
    assert_eq!((row.attempts, row.password), (1, None));
    assert_eq!(row.last_error.as_deref(), Some("held by another"));
    assert_eq!(store.state("ann").await, Some(State::Complete));
    assert_eq!(store.row("cyd").await, None);
    assert_eq!(store.row("stranger").await, None);
    assert_eq!(store.queued().await, ["cyd"]);
    assert_eq!(store.trail("bob").await, ["aside"]);
    assert_eq!(store.trail("ann").await, ["settled"]);
    assert!(store.trail("cyd").await.is_empty());
}

pub async fn whoever_is_set_aside_has_no_next_attempt<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", ONE).await;
    store.grab("t1", "bob").await;
    let verdict = failed(store.now().plus(seconds(30)));
    store.judge("t1", "bob", verdict).await;
    store.take("t2", "ann").await;
    store.wait_aside(&["bob"]).await;
    let row = store.mapping("bob").await;
    assert_eq!((row.state, row.attempts), (State::SetAside, 2));
    assert_eq!(row.next_attempt_at, None);
    assert_eq!(store.queued().await, ["ann"]);
}

pub async fn whoever_is_at_work_is_not_set_aside<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", TWO).await;
    store.finish("ann", "acc").await;
    store.take("t1", "bob").await;
    store.change_email(&UserId::new("bob"), Some(ONE)).await;
    store.pass(LEASE);
    store.add("cyd", ONE).await;
    store.grab("t2", "cyd").await;
    store.wait_aside(&["bob", "cyd"]).await;
    assert_eq!(store.state("bob").await, Some(State::Pending));
    assert_eq!(store.state("cyd").await, Some(State::Idle));
    assert_eq!(store.queued().await, ["bob", "cyd"]);
}

pub async fn a_cleared_email_is_free_for_those_who_wait<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", ONE).await;
    store.finish("ann", "acc").await;
    store.wait_aside(&["bob"]).await;
    store.pass(seconds(10));
    store.grab("t1", "ann").await;
    store.clear_everything("t1", "ann").await;
    let row = store.mapping("bob").await;
    assert_eq!((row.state, row.email_key), (State::Idle, None));
    assert_eq!((row.attempts, row.last_error), (0, None));
    assert_eq!(
        store.queue().await,
        [("ann".to_owned(), 0), ("bob".to_owned(), 0)]
    );
    assert_eq!(store.claim_as("t2", &["bob"]).await, ["bob"]);
}

pub async fn a_given_up_email_is_free_for_those_who_wait<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", ONE).await;
    store.take("t1", "ann").await;
    store.wait_aside(&["bob"]).await;
    store.change_email(&UserId::new("ann"), Some(TWO)).await;
    assert_eq!(store.state("bob").await, Some(State::SetAside));
    let (user, new) = (UserId::new("ann"), password("t1 again", "ann"));
    let replaced = store
        .replace_intent(&token("t1"), &user, &email(TWO), &new, store.now())
        .await;
    replaced.unwrap();
    assert_eq!(store.state("bob").await, Some(State::Idle));
    assert_eq!(store.queued().await, ["ann", "bob"]);
}

pub async fn a_changed_email_ends_quarantine_and_waiting<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", ONE), ("cyd", TWO)] {
        store.add(user, email).await;
    }
    store.finish("ann", "acc").await;
    store.wait_aside(&["bob"]).await;
    store.take("t1", "cyd").await;
    store.judge("t1", "cyd", quarantined()).await;
    for user in ["bob", "cyd"] {
        let id = UserId::new(user);
        let shouted = store
            .dossier(&id)
            .await
            .unwrap()
            .user
            .unwrap()
            .email
            .unwrap();
        store.change_email(&id, Some(&shouted.to_uppercase())).await;
        assert!(
            store.queued().await.is_empty(),
            "{user}: it is the same e-mail"
        );
    }
    for (user, email, state) in [
        ("bob", "b@example.com", State::Idle),
        ("cyd", "c@example.com", State::Pending),
    ] {
        store.change_email(&UserId::new(user), Some(email)).await;
        let row = store.mapping(user).await;
        assert_eq!(
            (row.state, row.attempts, row.last_error),
            (state, 0, None),
            "{user}"
        );
    }
    assert_eq!(store.queued().await, ["bob", "cyd"]);
    assert_eq!(store.claim_as("t2", &["bob", "cyd"]).await, ["bob", "cyd"]);
}
