//! What comes before and after an account is deleted: `save_recovery`,
//! `begin_removal`, `replace_intent`, `clear`, `foreign`.

use crate::provisioning::conformance::cases::*;
use crate::provisioning::store::{Cleared, Clearing, Guarded};

async fn save<S: Subject>(store: &S, holder: &str, user: &str, found: &RemoteUser) -> Guarded {
    let (id, entry) = (UserId::new(user), store.entry(user, "saved"));
    let saved = store
        .save_recovery(&token(holder), &id, found, &roles(&["r1"]), &entry)
        .await;
    saved.unwrap()
}

async fn clear<S: Subject>(store: &S, holder: &str, clearing: &Clearing) -> Option<Cleared> {
    let (user, entry) = (UserId::new("ann"), store.entry("ann", "cleared"));
    let cleared = store
        .clear(&token(holder), &user, clearing, store.now(), &entry)
        .await;
    cleared.unwrap()
}

async fn removed_at<S: Subject>(store: &S) -> Vec<(EmailKey, Timestamp)> {
    store.observe(&[]).await.removals
}

pub async fn roles_are_saved_with_their_trail<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    let found = account("old", "One@Example.com");
    assert_eq!(save(store, "t1", "ann", &found).await, Guarded::Written);
    assert_eq!(store.recovery("ann").await.unwrap().roles, roles(&["r1"]));
    assert_eq!(removed_at(store).await, [(email(ONE), store.now())]);
    assert_eq!(store.trail("ann").await, ["saved"]);
    store.pass(LEASE);
    store.take("t2", "ann").await;
    let before = store.everything("ann").await;
    assert_eq!(save(store, "t1", "ann", &found).await, Guarded::LeaseLost);
    assert_eq!(store.everything("ann").await, before);
}

pub async fn an_account_of_another_user_is_not_saved_for_deletion<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", TWO).await;
    store.finish("bob", "acc").await;
    store.take("t1", "ann").await;
    let before = store.everything("ann").await;
    let found = account("acc", ONE);
    assert_eq!(save(store, "t1", "ann", &found).await, Guarded::Contested);
    assert_eq!(store.everything("ann").await, before);
    store.grab("t2", "bob").await;
    assert_eq!(save(store, "t2", "bob", &found).await, Guarded::Written);
}

pub async fn a_removal_opens_a_complete_row<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.finish("ann", "acc").await;
    store.pass(seconds(10));
    store.grab("t1", "ann").await;
    let (mapped, earlier) = (account("acc", ONE), account("old", TWO));
    let (user, entry) = (UserId::new("ann"), store.entry("ann", "removing"));
    let kept = roles(&["r1"]);
    let begun = store
        .begin_removal(
            &token("t1"),
            &user,
            &[&mapped, &earlier],
            Some(&kept),
            &entry,
        )
        .await;
    assert!(begun.unwrap());
    let row = store.mapping("ann").await;
    assert_eq!(row.state, State::Pending);
    assert_eq!(row.threedeye_id, Some(RemoteId("acc".to_owned())));
    assert_eq!(row.lease_until, store.now().plus(LEASE));
    assert_eq!(store.recovery("ann").await.unwrap().roles, kept);
    assert_eq!(
        removed_at(store).await,
        [email(ONE), email(TWO)].map(|e| (e, store.now()))
    );
    assert_eq!(store.trail("ann").await, ["settled", "removing"]);
    assert_eq!(store.queue().await, [("ann".to_owned(), 0)]);
}

pub async fn a_removal_without_the_lease_is_none<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.finish("ann", "acc").await;
    store.grab("t1", "ann").await;
    let before = store.everything("ann").await;
    let (user, entry) = (UserId::new("ann"), store.entry("ann", "removing"));
    let (mapped, kept) = (account("acc", ONE), roles(&["r1"]));
    let begun = store
        .begin_removal(&token("t2"), &user, &[&mapped], Some(&kept), &entry)
        .await;
    assert!(!begun.unwrap());
    assert_eq!(store.everything("ann").await, before);
}

pub async fn removals_are_forgotten_after_a_day<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    save(store, "t1", "ann", &account("old", ONE)).await;
    let day = seconds(24 * 60 * 60);
    for (after, remembered) in [(day, 2), (seconds(1), 1)] {
        store.pass(after);
        store.take("t2", "ann").await;
        save(store, "t2", "ann", &account("old", TWO)).await;
        assert_eq!(removed_at(store).await.len(), remembered);
        store
            .release(&token("t2"), &UserId::new("ann"), None)
            .await
            .unwrap();
    }
}

pub async fn a_removal_is_told_by_its_email<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    store.pass(seconds(7));
    save(store, "t1", "ann", &account("old", "One@example.com")).await;
    store.pass(seconds(1));
    let moment = store.removed_at(&email(ONE)).await.unwrap();
    assert_eq!(moment, Some(START.plus(seconds(7))));
    assert_eq!(store.removed_at(&email(TWO)).await.unwrap(), None);
}

pub async fn a_new_intent_replaces_the_old_one<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.finish("ann", "acc").await;
    store.grab("t1", "ann").await;
    let (user, new) = (UserId::new("ann"), password("new", "ann"));
    let now = store.now();
    let replaced = store
        .replace_intent(&token("t1"), &user, &email(TWO), &new, now)
        .await;
    assert_eq!(replaced.unwrap(), Guarded::Written);
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(TWO)))
    );
    assert_eq!((row.password, row.threedeye_id), (Some(new.clone()), None));
    assert_eq!(store.queued().await, ["ann"]);
    let before = store.everything("ann").await;
    let replaced = store
        .replace_intent(&token("t2"), &user, &email(ONE), &new, now)
        .await;
    assert_eq!(replaced.unwrap(), Guarded::LeaseLost);
    assert_eq!(store.everything("ann").await, before);
}

pub async fn a_new_intent_takes_nobodys_email<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.add("bob", TWO).await;
    store.take("t1", "ann").await;
    store.take("t1", "bob").await;
    let before = store.everything("ann").await;
    let (user, new) = (UserId::new("ann"), password("new", "ann"));
    let replaced = store
        .replace_intent(&token("t1"), &user, &email(TWO), &new, store.now())
        .await;
    assert_eq!(replaced.unwrap(), Guarded::Contested);
    assert_eq!(store.everything("ann").await, before);
}

pub async fn clearing_deletes_mapping_and_recovery<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    save(store, "t1", "ann", &account("old", ONE)).await;
    let next = store.now().plus(seconds(900));
    store.judge("t1", "ann", failed(next)).await;
    store.grab("t2", "ann").await;
    let done = Cleared {
        mapping: true,
        recovery: true,
    };
    assert_eq!(clear(store, "t2", &EVERYTHING).await, Some(done));
    assert_eq!(store.row("ann").await, None);
    assert_eq!(store.recovery("ann").await, None);
    assert_eq!(store.queue().await, [("ann".to_owned(), 0)]);
    assert_eq!(store.trail("ann").await, ["saved", "settled", "cleared"]);
}

pub async fn clearing_may_keep_roles<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    save(store, "t1", "ann", &account("old", ONE)).await;
    let clearing = Clearing {
        keep_roles: Some(roles(&["r1", "r2"])),
        ..EVERYTHING
    };
    let cleared = clear(store, "t1", &clearing).await.unwrap();
    assert!(!cleared.recovery);
    assert_eq!(store.row("ann").await, None);
    assert_eq!(
        store.recovery("ann").await.unwrap().roles,
        roles(&["r1", "r2"])
    );
}

pub async fn clearing_may_leave_the_mapping<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.finish("ann", "acc").await;
    let lift = |forget_remote| Clearing {
        clear_mapping: false,
        forgotten: None,
        forget_remote,
        keep_roles: None,
    };
    store.grab("t1", "ann").await;
    let done = clear(store, "t1", &lift(false)).await.unwrap();
    assert_eq!(done, Cleared::default());
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.lease_until),
        (State::Complete, Timestamp::default())
    );
    assert!(store.queued().await.is_empty());
    store.grab("t2", "ann").await;
    clear(store, "t2", &lift(true)).await.unwrap();
    let row = store.mapping("ann").await;
    assert_eq!((row.state, row.threedeye_id), (State::Pending, None));
    assert_eq!(row.password, Some(password("finish", "ann")));
    store.take("t3", "ann").await;
    store.judge("t3", "ann", quarantined()).await;
    store.pass(seconds(5));
    store.grab("t4", "ann").await;
    clear(store, "t4", &lift(false)).await.unwrap();
    let row = store.mapping("ann").await;
    assert_eq!(
        (row.state, row.attempts, row.last_error),
        (State::Pending, 0, None)
    );
    assert_eq!(store.queue().await, [("ann".to_owned(), 0)]);
}

pub async fn clearing_without_the_lease_is_none<S: Subject>(store: &S) {
    store.add("ann", ONE).await;
    store.take("t1", "ann").await;
    save(store, "t1", "ann", &account("old", ONE)).await;
    store
        .judge("t1", "ann", failed(store.now().plus(seconds(900))))
        .await;
    store.grab("t2", "ann").await;
    let before = store.everything("ann").await;
    for clear_mapping in [true, false] {
        for keep_roles in [None, Some(roles(&["r9"]))] {
            let clearing = Clearing {
                clear_mapping,
                forgotten: None,
                forget_remote: true,
                keep_roles,
            };
            assert_eq!(clear(store, "t1", &clearing).await, None);
            assert_eq!(store.everything("ann").await, before, "{clearing:?}");
        }
    }
}

pub async fn foreign_accounts_are_told<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", TWO), ("cyd", "c@example.com")] {
        store.add(user, email).await;
    }
    store.finish("ann", "acc-ann").await;
    store.finish("bob", "acc-bob").await;
    store.take("t1", "cyd").await;
    let accounts = [
        account("acc-ann", ONE),
        account("acc-bob", "elsewhere@example.com"),
        account("acc-cyd", "C@Example.com"),
        account("acc-nobody", "nobody@example.com"),
    ];
    let accounts: Vec<&RemoteUser> = accounts.iter().collect();
    let foreign = store.foreign(&UserId::new("ann"), &accounts).await.unwrap();
    let ids = ["acc-bob", "acc-cyd"].map(|id| RemoteId(id.to_owned()));
    assert_eq!(foreign, ids);
}
