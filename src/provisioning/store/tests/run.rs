//! `open_run`, `close_run`

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::store::RunFilter;

mirrored_tests! {
    StoreTest:
    a_run_is_opened_and_closed,
    a_run_is_opened_once,
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
    test.add_each(&[("ann", ONE), ("bob", TWO)]);
    let opening = test.opening("run-1", 1);
    let listed = test.try_open_run(&opening).unwrap();
    assert_eq!(listed.candidates.len(), 1);
    assert_eq!(test.end_of("run-1"), None);
    let all = test.due(9);
    assert_eq!(listed.candidates, all[..1]);
    test.finish("ann", "acc");
    test.advance(seconds(3));
    let closing = closing(test);
    assert_eq!(done(store::close_run(&test.database, &closing)), 1);
    assert_eq!(test.end_of("run-1"), Some(closing));
    let listed = done(store::list_runs(&test.database, RunFilter::default(), 9));
    assert_eq!(listed, [test.runs().remove(0).row]);
}

fn a_run_is_opened_once(test: &StoreTest) {
    let closed = done(store::close_run(&test.database, &closing(test)));
    assert_eq!((closed, test.runs().len()), (0, 0));
    let opening = test.opening("run-1", 1);
    let open = || test.try_open_run(&opening);
    assert!(open().is_ok());
    assert!(open().is_err());
}
