//! The lock-out in SQL, compared with `account::lockout`.

use std::time::Duration;

use futures_executor::block_on;

use super::attempts::{add_second_factor, backup, totp, validate};
use crate::account::lockout::{MAX_CONSECUTIVE_FAILURES, MAX_LOCK, lock_after};
use crate::account::store::testing::{NOW, Store, entry, notice, user_id};
use crate::account::store::{CodeOutcome, FollowUp, unlock_two_factor};
use crate::account::{Lock, NoticeKind};
use crate::db::{Batch, Statement};
use crate::kernel::Timestamp;

/// A way to present a wrong code, and the SQL that sets and reads its lock.
#[derive(Debug)]
struct Way {
    fail: fn(&Store) -> CodeOutcome,
    set: &'static str,
    read: &'static str,
}

const TOTP: Way = Way {
    fail: |store| totp(store, 7, "secret", None, FollowUp::Nothing),
    set: "UPDATE second_factors SET totp_failures = ?1, totp_locked_until = ?2",
    read: "SELECT totp_failures AS failures, totp_locked_until AS until FROM second_factors",
};

const WAYS: [Way; 3] = [
    TOTP,
    Way {
        fail: |store| validate(store, 7, "pending", None),
        ..TOTP
    },
    Way {
        fail: |store| backup(store, 7, &[], FollowUp::Nothing),
        set: "UPDATE second_factors SET backup_failures = ?1, backup_locked_until = ?2",
        read: "SELECT backup_failures AS failures, backup_locked_until AS until FROM second_factors",
    },
];

impl Way {
    fn set(&self, store: &Store, lock: Lock) {
        store.execute(self.set, [lock.failures.into(), lock.until.into()]);
    }

    fn lock(&self, store: &Store) -> Lock {
        let mut batch = Batch::new();
        let lock = batch.push(Statement::new(self.read, []));
        store.run(batch).one(lock).unwrap()
    }
}

fn with_second_factor() -> Store {
    let store = Store::on_sqlite();
    add_second_factor(&store);
    store
}

fn open(failures: u32) -> Lock {
    let until = Timestamp::default();
    Lock { failures, until }
}

#[test]
fn every_failure_locks_as_long_as_the_rule_says() {
    let store = with_second_factor();
    for way in WAYS {
        for failures in 0..=MAX_CONSECUTIVE_FAILURES + 3 {
            way.set(&store, open(failures));
            let outcome = (way.fail)(&store);
            let (expected, lock) = if failures >= MAX_CONSECUTIVE_FAILURES {
                (CodeOutcome::Locked(MAX_LOCK.as_secs()), open(failures))
            } else {
                let until =
                    lock_after(failures + 1).map_or_else(Timestamp::default, |lock| NOW.plus(lock));
                let failures = failures + 1;
                (CodeOutcome::Rejected, Lock { failures, until })
            };
            assert_eq!(outcome, expected, "{way:?} after {failures}");
            assert_eq!(way.lock(&store), lock, "{way:?} after {failures}");
        }
    }
}

#[test]
fn a_code_is_tried_where_the_lock_allows_it() {
    let store = with_second_factor();
    let moments = [-1, 0, 1, 999, 1000, 1001, 3_600_000];
    for way in WAYS {
        for failures in [0, 4, 5, 99, 100, 101] {
            for millis in moments {
                let until = Timestamp::from_millis(NOW.as_millis() + millis);
                let lock = Lock { failures, until };
                way.set(&store, lock);
                let expected = match lock.check(NOW) {
                    Ok(()) => CodeOutcome::Rejected,
                    Err(seconds) => CodeOutcome::Locked(seconds),
                };
                assert_eq!((way.fail)(&store), expected, "{way:?} {lock:?}");
            }
        }
    }
}

#[test]
fn a_lock_leaves_an_audit_row_with_each_failure_that_locks() {
    for way in WAYS {
        let store = with_second_factor();
        for failures in 0..7_usize {
            way.set(&store, open(way.lock(&store).failures));
            (way.fail)(&store);
            let locks = failures.saturating_sub(3);
            assert_eq!(
                store.audit_actions(),
                vec!["two_factor.lock"; locks],
                "{way:?}"
            );
        }
        // Nothing is counted while the lock lasts, so nothing is written either.
        (way.fail)(&store);
        assert_eq!(store.audit_actions().len(), 3, "{way:?}");
    }
}

#[test]
fn a_lock_is_told_of_once_until_failures_are_forgotten() {
    for way in WAYS {
        let store = with_second_factor();
        let told = || {
            let kinds = store.notices();
            assert!(kinds.iter().all(|kind| kind == "two_factor_locked"));
            let deliver = "DELETE FROM notices";
            store.execute(deliver, []);
            kinds.len()
        };
        for expected in [[0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0, 0]] {
            for expected in expected {
                way.set(&store, open(way.lock(&store).failures));
                (way.fail)(&store);
                assert_eq!(told(), expected, "{way:?}");
            }
            (way.fail)(&store);
            assert_eq!(told(), 0, "{way:?}, while it is locked");
            way.set(&store, open(0));
        }
        way.set(&store, open(MAX_CONSECUTIVE_FAILURES - 1));
        (way.fail)(&store);
        assert_eq!(told(), 0, "{way:?}, the last lock");
    }
}

#[test]
fn support_clears_counts_and_locks_of_both_kinds_and_leaves_the_rest() {
    let store = with_second_factor();
    let (ann, entry) = (user_id("ann"), entry("ann"));
    let notice = notice(1, NoticeKind::TwoFactorUnlocked);
    let unlock = || block_on(unlock_two_factor(&store.database, &ann, &entry, &notice)).unwrap();
    unlock();
    assert!(store.audit_actions().is_empty() && store.notices().is_empty());
    let rest =
        "SELECT secret_sealed || last_step || pending_sealed || pending_until FROM second_factors";
    let before: String = store.one(rest);
    for way in &WAYS {
        for lock in [
            open(1),
            open(MAX_CONSECUTIVE_FAILURES),
            Lock {
                failures: 9,
                until: NOW.plus(MAX_LOCK),
            },
        ] {
            way.set(&store, lock);
            store.execute("DELETE FROM notices", []);
            for _ in 0..2 {
                unlock();
                assert_eq!(way.lock(&store), open(0), "{way:?} {lock:?}");
                assert_eq!(store.notices(), ["two_factor_unlocked"]);
            }
        }
    }
    assert_eq!(store.audit_actions().len(), 3 * WAYS.len());
    assert_eq!(store.one::<String>(rest), before);
}

#[test]
fn the_rule_doubles_from_half_a_minute_to_an_hour() {
    let seconds = |failures| lock_after(failures).map(|lock: Duration| lock.as_secs());
    assert_eq!(seconds(4), None);
    assert_eq!(
        [5, 6, 7, 11, 12, 40, 100].map(seconds),
        [30, 60, 120, 1920, 3600, 3600, 3600].map(Some)
    );
}
