//! The ledger of runs: `open_run`, `close_run`.

use crate::provisioning::conformance::cases::*;
use crate::provisioning::store::{RunClosing, RunOpening, Tally, Trigger};

fn opening<S: Subject>(store: &S, limit: u32) -> RunOpening {
    RunOpening {
        run_id: "run-1".to_owned(),
        trigger: Trigger::Manual,
        origin: origin(),
        limit,
        started_at: store.now(),
    }
}

fn closing<S: Subject>(store: &S) -> RunClosing {
    RunClosing {
        run_id: "run-1".to_owned(),
        completed: false,
        tally: Tally {
            total: 6,
            created: 1,
            failed: 2,
            skipped: 3,
            quarantined: 1,
            errors: vec![
                "ann: \"it\" failed".to_owned(),
                "bob: so did this".to_owned(),
            ],
        },
        finished_at: store.now(),
    }
}

pub async fn a_run_is_opened_and_closed<S: Subject>(store: &S) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        store.add(user, email).await;
    }
    let listed = store
        .open_run(&opening(store, 1), store.now())
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(store.observe(&[]).await.runs, [("run-1".to_owned(), None)]);
    let all = store.due(store.now(), 9).await.unwrap();
    assert_eq!(listed, all[..1]);
    store.finish("ann", "acc").await;
    store.pass(seconds(3));
    assert_eq!(store.close_run(&closing(store)).await.unwrap(), 1);
    let closed = ("run-1".to_owned(), Some(closing(store)));
    assert_eq!(store.observe(&[]).await.runs, [closed]);
}

pub async fn a_run_is_opened_once<S: Subject>(store: &S) {
    assert_eq!(store.close_run(&closing(store)).await.unwrap(), 0);
    assert!(store.observe(&[]).await.runs.is_empty());
    store
        .open_run(&opening(store, 1), store.now())
        .await
        .unwrap();
    assert!(
        store
            .open_run(&opening(store, 1), store.now())
            .await
            .is_err()
    );
}
