//! `open_run`, `close_run`

use super::*;

store_tests! {
    a_run_is_opened_and_closed,
    a_run_is_opened_once,
}

fn opening(test: &StoreTest, limit: u32) -> RunOpening {
    RunOpening {
        run_id: "run-1".to_owned(),
        trigger: Trigger::Manual,
        origin: origin(),
        limit,
        started_at: test.now(),
    }
}

fn closing(test: &StoreTest) -> RunClosing {
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
        finished_at: test.now(),
    }
}

fn a_run_is_opened_and_closed(test: &StoreTest) {
    for (user, email) in [("ann", ONE), ("bob", TWO)] {
        test.add(user, email);
    }
    let listed = block_on(store::open_run(
        &test.database,
        &opening(test, 1),
        test.now(),
    ))
    .unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(test.runs(), [("run-1".to_owned(), None)]);
    let all = test.due(9);
    assert_eq!(listed, all[..1]);
    test.finish("ann", "acc");
    test.advance(seconds(3));
    assert_eq!(
        block_on(store::close_run(&test.database, &closing(test))).unwrap(),
        1
    );
    let closed = ("run-1".to_owned(), Some(closing(test)));
    assert_eq!(test.runs(), [closed]);
}

fn a_run_is_opened_once(test: &StoreTest) {
    assert_eq!(
        block_on(store::close_run(&test.database, &closing(test))).unwrap(),
        0
    );
    assert!(test.runs().is_empty());
    block_on(store::open_run(
        &test.database,
        &opening(test, 1),
        test.now(),
    ))
    .unwrap();
    assert!(
        block_on(store::open_run(
            &test.database,
            &opening(test, 1),
            test.now()
        ))
        .is_err()
    );
}
