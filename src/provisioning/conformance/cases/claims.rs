//! Leases: `claim`, `renew`, `seize`, `release`, and `reseal`, which needs none.

use crate::provisioning::conformance::cases::*;
use crate::provisioning::store::Busy;

pub async fn a_claim_records_the_intent_and_takes_the_lease<S: Subject>(store: &S) {
    store.add("ann", " One@Example.com ").await;
    let claimed = store.take("t1", "ann").await;
    assert_eq!(
        (claimed.email, claimed.intent_email),
        (email(ONE), email(ONE))
    );
    assert_eq!(
        (claimed.password, claimed.fresh),
        (password("t1", "ann"), true)
    );
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(ONE)))
    );
    assert_eq!(row.password, Some(password("t1", "ann")));
    assert_eq!(row.lease_until, store.now().plus(LEASE));
    assert_eq!(row.created_at, store.now());
    assert_eq!(store.queued().await, ["ann"]);
}

pub async fn a_leased_user_is_refused_until_the_lease_ends<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.pass(LEASE - seconds(1));
    assert!(store.claim_as("t2", &["ann"]).await.is_empty());
    store.pass(seconds(1));
    let claimed = store.take("t2", "ann").await;
    assert_eq!(
        (claimed.password, claimed.fresh),
        (password("t1", "ann"), false)
    );
    store.judge("t1", "ann", complete("acc")).await;
    assert_eq!(store.state("ann").await, Some(State::Pending));
    store.judge("t2", "ann", complete("acc")).await;
    assert_eq!(store.state("ann").await, Some(State::Complete));
}

pub async fn closed_rows_are_not_claimed<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", ONE), ("cyd", TWO)] {
        store.add(user, email).await;
    }
    store.finish("ann", "acc").await;
    store.wait_aside(&["bob"]).await;
    store.take("t1", "cyd").await;
    store.judge("t1", "cyd", quarantined()).await;
    assert!(
        store
            .claim_as("t2", &["ann", "bob", "cyd"])
            .await
            .is_empty()
    );
    assert!(store.queued().await.is_empty());
}

pub async fn an_email_has_one_holder<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", "ONE@example.com").await;
    store.take("t1", "ann").await;
    assert!(store.claim_as("t2", &["bob"]).await.is_empty());
    assert_eq!(store.row("bob").await, None);
    assert!(store.dossier(&UserId::new("bob")).await.unwrap().contested);
    assert!(!store.dossier(&UserId::new("ann")).await.unwrap().contested);
}

pub async fn of_two_bids_for_a_free_email_one_is_granted<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", ONE).await;
    assert_eq!(store.claim_as("t1", &["bob", "ann"]).await, ["bob"]);
    assert_eq!(store.row("ann").await, None);
}

pub async fn those_who_waited_for_an_email_do_not_get_it_twice<S: Subject>(store: &S) {
    for user in ["ann", "bob", "cyd"] {
        store.add(user, ONE).await;
    }
    store.take("t1", "ann").await;
    store.wait_aside(&["bob", "cyd"]).await;
    store.delete_user(&UserId::new("ann")).await;
    store.pass(LEASE);
    store.grab("t2", "ann").await;
    store.clear_everything("t2", "ann").await;
    assert_eq!(store.queued().await, ["bob", "cyd"]);
    assert_eq!(store.claim_as("t3", &["cyd", "bob"]).await, ["cyd"]);
    assert_eq!(store.state("bob").await, Some(State::Idle));
}

pub async fn an_own_intent_is_granted_though_the_new_email_is_contested<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", TWO).await;
    store.take("t1", "ann").await;
    store.take("t1", "bob").await;
    store.change_email(&UserId::new("bob"), Some(ONE)).await;
    store.pass(LEASE);
    let claimed = store.take("t2", "bob").await;
    assert_eq!(
        (claimed.email, claimed.intent_email),
        (email(ONE), email(TWO))
    );
    assert_eq!(
        (claimed.password, claimed.fresh),
        (password("t1", "bob"), false)
    );
}

pub async fn nobody_without_an_email_is_claimed<S: Subject>(store: &S) {
    store.put_user(&UserId::new("ann"), None).await;
    store.add("bob", " \t ").await;
    let granted = store.claim_as("t1", &["ann", "bob", "stranger"]).await;
    assert!(granted.is_empty(), "{granted:?}");
    assert_eq!(store.row("stranger").await, None);
}

pub async fn a_claim_tells_what_is_known<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    let (user, found) = (UserId::new("ann"), account("old", ONE));
    let entry = store.entry("ann", "saved");
    let saved = store
        .save_recovery(&token("t1"), &user, &found, &roles(&["r1", "r2"]), &entry)
        .await;
    saved.unwrap();
    let attaching = Verdict::Attaching {
        id: RemoteId("new".to_owned()),
        next_attempt_at: store.now(),
        error: "no roles".to_owned(),
    };
    store.judge("t1", "ann", attaching).await;
    let claimed = store.take("t2", "ann").await;
    assert_eq!(claimed.threedeye_id, Some(RemoteId("new".to_owned())));
    assert_eq!((claimed.state, claimed.attempts), (State::Attaching, 1));
    assert_eq!(claimed.recovery.unwrap().roles, roles(&["r1", "r2"]));
    assert_eq!(claimed.removed_at, Some(store.now()));
}

pub async fn whoever_is_as_listed_is_claimed_so<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    let listed = store.listed("ann").await;
    let claimed = store.take_listed("t1", "ann", &listed).await;
    let expected = listed.claimed(&UserId::new("ann"), &password("t1", "ann"));
    assert_eq!(claimed, [expected.unwrap()]);
    assert!(claimed[0].fresh);
    store.judge("t1", "ann", failed(store.now())).await;
    let listed = store.listed("ann").await;
    let claimed = store.take_listed("t2", "ann", &listed).await;
    let expected = listed.claimed(&UserId::new("ann"), &password("t2", "ann"));
    assert_eq!(claimed, [expected.unwrap()]);
    assert_eq!((claimed[0].attempts, claimed[0].fresh), (1, false));
    let row = store.mapping("ann").await;
    assert_eq!(row.password, Some(password("t1", "ann")));
    assert_eq!(row.lease_until, store.now().plus(LEASE));
    store.judge("t2", "ann", complete("acc")).await;
    assert_eq!(store.state("ann").await, Some(State::Complete));
}

pub async fn a_listing_that_is_out_of_date_misleads_nobody<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        store.add(user, email).await;
    }
    let (ann, bob) = (store.listed("ann").await, store.listed("bob").await);
    store.take("t1", "ann").await;
    assert!(store.take_listed("t2", "ann", &ann).await.is_empty());
    store.judge("t1", "ann", failed(store.now())).await;
    let claimed = store.take_listed("t3", "ann", &ann).await;
    assert_eq!((claimed[0].attempts, claimed[0].fresh), (1, false));
    assert_eq!(claimed[0].password, password("t1", "ann"));
    let user = UserId::new("bob");
    store.change_email(&user, Some("b@example.com")).await;
    let claimed = store.take_listed("t3", "bob", &bob).await;
    assert_eq!(claimed[0].intent_email, email("b@example.com"));
    store.judge("t3", "ann", complete("acc")).await;
    assert!(store.take_listed("t4", "ann", &ann).await.is_empty());
}

pub async fn what_was_deleted_or_saved_since_the_listing_is_told<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", TWO), ("cyd", "c@example.com")] {
        store.add(user, email).await;
    }
    let (bob, cyd) = (store.listed("bob").await, store.listed("cyd").await);
    store.take("t1", "ann").await;
    let entry = store.entry("ann", "saved");
    let (user, found) = (UserId::new("ann"), account("old", TWO));
    let saved = store
        .save_recovery(&token("t1"), &user, &found, &roles(&["r1"]), &entry)
        .await;
    saved.unwrap();
    let claimed = store.take_listed("t2", "bob", &bob).await;
    assert_eq!(claimed[0].removed_at, Some(store.now()));
    store.grab("t3", "cyd").await;
    let (user, entry) = (UserId::new("cyd"), store.entry("cyd", "removing"));
    let kept = roles(&["r2"]);
    let begun = store
        .begin_removal(&token("t3"), &user, &[], Some(&kept), &entry)
        .await;
    assert!(begun.unwrap());
    store.release(&token("t3"), &user, None).await.unwrap();
    assert_eq!(store.row("cyd").await, None);
    let claimed = store.take_listed("t4", "cyd", &cyd).await;
    assert_eq!(claimed[0].recovery.as_ref().unwrap().roles, kept);
}

pub async fn a_row_that_is_gone_or_resealed_since_the_listing_is_not_taken_for_granted<
    S: Subject,
>(
    store: &S,
) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        store.add(user, email).await;
        store.take("t1", user).await;
        store.judge("t1", user, failed(store.now())).await;
    }
    let (ann, bob) = (store.listed("ann").await, store.listed("bob").await);
    store.grab("t2", "ann").await;
    store.clear_everything("t2", "ann").await;
    let claimed = store.take_listed("t3", "ann", &ann).await;
    assert_eq!((claimed[0].attempts, claimed[0].fresh), (0, true));
    assert_eq!(claimed[0].password, password("t3", "ann"));
    let (old, new) = (password("t1", "bob"), password("new key", "bob"));
    store.reseal(&UserId::new("bob"), &old, &new).await.unwrap();
    let claimed = store.take_listed("t3", "bob", &bob).await;
    assert_eq!((&claimed[0].password, claimed[0].fresh), (&new, false));
}

pub async fn renewing_tells_who_is_still_held<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        store.add(user, email).await;
        store.take("t1", user).await;
    }
    store.pass(LEASE);
    store.take("t2", "bob").await;
    let users = ["ann", "bob", "stranger"].map(UserId::new);
    let until = store.now().plus(seconds(30));
    let kept = store.renew(&token("t1"), &users, until).await.unwrap();
    assert_eq!(kept, [UserId::new("ann")]);
    assert_eq!(store.mapping("ann").await.lease_until, until);
    assert_eq!(
        store.mapping("bob").await.lease_until,
        store.now().plus(LEASE)
    );
}

pub async fn seizing_works_in_every_state<S: Subject>(store: &S) {
    for (user, email) in [
        ("ann", ONE),
        ("bob", ONE),
        ("cyd", TWO),
        ("dan", "d@example.com"),
    ] {
        store.add(user, email).await;
    }
    store.finish("ann", "acc").await;
    store.wait_aside(&["bob"]).await;
    store.take("t1", "cyd").await;
    store.judge("t1", "cyd", quarantined()).await;
    let states = [
        ("ann", Some(State::Complete)),
        ("bob", Some(State::SetAside)),
        ("cyd", Some(State::Quarantined)),
        ("dan", None),
    ];
    for (user, state) in states {
        let id = UserId::new(user);
        let known = store.seize(&id, &store.terms("t2")).await.unwrap().unwrap();
        assert_eq!(known.mapping.map(|row| row.state), state, "{user}");
        let row = store.mapping(user).await;
        assert_eq!(row.state, state.unwrap_or(State::Idle), "{user}");
        assert_eq!(row.lease_until, store.now().plus(LEASE), "{user}");
        store.release(&token("t2"), &id, None).await.unwrap();
        assert_eq!(store.state(user).await, state, "{user}");
    }
    assert_eq!(store.queued().await, ["dan"]);
}

pub async fn a_user_that_is_held_is_busy<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    let until = store.now().plus(LEASE);
    store.pass(seconds(10));
    let user = UserId::new("ann");
    let seized = store.seize(&user, &store.terms("t2")).await.unwrap();
    assert_eq!(seized.unwrap_err(), Busy { until });
    let before = store.everything("ann").await;
    store.release(&token("t2"), &user, None).await.unwrap();
    assert_eq!(store.everything("ann").await, before);
    store.release(&token("t1"), &user, None).await.unwrap();
    store.grab("t2", "ann").await;
}

pub async fn seizing_an_unknown_user_leaves_no_trace<S: Subject>(store: &S) {
    let before = store.everything("stranger").await;
    store.grab("t1", "stranger").await;
    assert_eq!(store.state("stranger").await, Some(State::Idle));
    let user = UserId::new("stranger");
    store.release(&token("t1"), &user, None).await.unwrap();
    assert_eq!(store.everything("stranger").await, before);
}

pub async fn a_password_is_sealed_anew_unless_it_was_changed<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    let (user, old) = (UserId::new("ann"), password("t1", "ann"));
    let new = password("new key", "ann");
    store.reseal(&user, &old, &new).await.unwrap();
    assert_eq!(store.mapping("ann").await.password, Some(new.clone()));
    let other = password("other key", "ann");
    store.reseal(&user, &old, &other).await.unwrap();
    assert_eq!(store.mapping("ann").await.password, Some(new));
}
