//! `clear`

use super::*;
use crate::db::differential::mirrored_tests;
use crate::provisioning::record::ForgottenAccount;

mirrored_tests! {
    StoreTest:
    clearing_deletes_mapping_and_recovery,
    clearing_may_keep_roles,
    clearing_may_leave_the_mapping,
    clearing_may_keep_the_intent_and_what_was_remembered_before,
    clearing_without_the_lease_changes_nothing,
}

fn clearing_deletes_mapping_and_recovery(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.save_roles("t1", "ann", &account("old", ONE));
    let next = test.now().plus(seconds(900));
    test.record("t1", "ann", failed(next));
    test.acquire("t2", "ann");
    let done = Cleared {
        mapping: true,
        recovery: true,
    };
    assert_eq!(test.clear("t2", "ann", &EVERYTHING), Some(done));
    assert_eq!(test.row("ann"), None);
    assert_eq!(test.recovery("ann"), None);
    assert_eq!(test.queue(), [("ann".to_owned(), 0)]);
    assert_eq!(test.trail("ann"), ["saved", "settled", "cleared"]);
}

fn clearing_may_keep_roles(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.save_roles("t1", "ann", &account("old", ONE));
    let clearing = Clearing {
        keep_mark: false,
        keep_roles: Some(roles(&["r1", "r2"])),
        ..EVERYTHING
    };
    let cleared = test.clear("t1", "ann", &clearing).unwrap();
    assert!(!cleared.recovery);
    assert_eq!(test.row("ann"), None);
    assert_eq!(test.recovery("ann").unwrap().roles, roles(&["r1", "r2"]));
}

fn clearing_may_leave_the_mapping(test: &StoreTest) {
    test.add("ann", ONE);
    test.finish("ann", "acc");
    let lift = |forget_remote| Clearing {
        keep_intent: false,
        keep_mark: false,
        clear_mapping: false,
        forgotten: None,
        forget_remote,
        keep_roles: None,
        left: false,
    };
    test.acquire("t1", "ann");
    let done = test.clear("t1", "ann", &lift(false)).unwrap();
    assert_eq!(done, Cleared::default());
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.lease_until),
        (State::Complete, Timestamp::default())
    );
    assert!(test.queued().is_empty());
    test.acquire("t2", "ann");
    test.clear("t2", "ann", &lift(true)).unwrap();
    let row = test.mapping("ann");
    assert_eq!((row.state, row.threedeye_id), (State::Pending, None));
    assert_eq!(row.password, Some(password("finish", "ann")));
    test.claim_one("t3", "ann");
    test.record("t3", "ann", quarantined());
    test.advance(seconds(5));
    test.acquire("t4", "ann");
    test.clear("t4", "ann", &lift(false)).unwrap();
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.attempts, row.last_error),
        (State::Pending, 0, None)
    );
    assert_eq!(test.queue(), [("ann".to_owned(), 0)]);
}

fn clearing_may_keep_the_intent_and_what_was_remembered_before(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    let forgotten = ForgottenAccount {
        email: email(ONE),
        id: None,
        password: password("t1", "ann"),
    };
    let forget = Clearing {
        forgotten: Some(forgotten.clone()),
        ..EVERYTHING
    };
    test.clear("t1", "ann", &forget).unwrap();
    test.claim_one("t2", "ann");
    test.save_roles("t2", "ann", &account("old", ONE));
    let keep = Clearing {
        keep_intent: true,
        ..EVERYTHING
    };
    let done = Cleared {
        mapping: true,
        recovery: true,
    };
    assert_eq!(test.clear("t2", "ann", &keep), Some(done));
    let row = test.mapping("ann");
    assert_eq!(
        (row.state, row.email_key),
        (State::Pending, Some(email(ONE)))
    );
    assert_eq!(row.password, Some(password("t2", "ann")));
    assert_eq!(row.forgotten, Some(forgotten));
    assert_eq!(row.lease_until, Timestamp::default());
    assert_eq!(test.recovery("ann"), None);
}

fn clearing_without_the_lease_changes_nothing(test: &StoreTest) {
    test.add("ann", ONE);
    test.claim_one("t1", "ann");
    test.save_roles("t1", "ann", &account("old", ONE));
    test.record("t1", "ann", failed(test.now().plus(seconds(900))));
    test.acquire("t2", "ann");
    let before = test.tables();
    for clear_mapping in [true, false] {
        for keep_roles in [None, Some(roles(&["r9"]))] {
            let clearing = Clearing {
                keep_intent: false,
                keep_mark: false,
                clear_mapping,
                forgotten: None,
                forget_remote: true,
                keep_roles,
                left: false,
            };
            assert_eq!(test.clear("t1", "ann", &clearing), None);
            assert_eq!(test.tables(), before, "{clearing:?}");
        }
    }
}
