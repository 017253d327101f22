//! The lock-out in SQL, compared with `account::lockout`.

use std::time::Duration;

use futures_executor::block_on;

use super::attempts::{attempt, checked, hashed, notice, setup, with_second_factor};
use crate::account::lockout::{MAX_CONSECUTIVE_FAILURES, MAX_LOCK, lock_after};
use crate::account::store::testing::{NOW, Store, entry, request_id};
use crate::account::store::{CodeOutcome, try_backup_code, try_totp, validate_setup};
use crate::account::{Lock, NoticeKind};
use crate::kernel::{Sealed, Timestamp};

#[derive(Debug, Clone, Copy)]
enum Way {
    Totp,
    Backup,
    Setup,
}

const WAYS: [Way; 3] = [Way::Totp, Way::Backup, Way::Setup];

impl Way {
    const fn columns(self) -> (&'static str, &'static str) {
        match self {
            Self::Backup => ("backup_failures", "backup_locked_until"),
            Self::Totp | Self::Setup => ("totp_failures", "totp_locked_until"),
        }
    }

    /// Presents a wrong code.
    fn fail(self, store: &Store) -> CodeOutcome {
        let request = request_id(7);
        let attempt = attempt(&request);
        let sealed = Sealed::from_stored("secret");
        let outcome = match self {
            Self::Totp => block_on(try_totp(&store.database, &attempt, &checked(&sealed, None))),
            Self::Backup => {
                let (entry, notice) = (entry("ann"), notice(NoticeKind::BackupCodeUsed));
                let code = hashed(&[], &entry, &notice);
                block_on(try_backup_code(&store.database, &attempt, &code))
            }
            Self::Setup => {
                let (entry, notice) = (entry("ann"), notice(NoticeKind::TwoFactorEnabled));
                let pending = Sealed::from_stored("pending");
                let setup = setup(&pending, &sealed, None, &entry, &notice);
                block_on(validate_setup(&store.database, &attempt, &setup))
            }
        };
        outcome.unwrap()
    }

    fn set(self, store: &Store, lock: Lock) {
        let (failures, locked_until) = self.columns();
        store.execute(&format!(
            "UPDATE second_factors SET {failures} = {}, {locked_until} = {}",
            lock.failures,
            lock.until.as_millis()
        ));
    }

    fn lock(self, store: &Store) -> Lock {
        let (failures, locked_until) = self.columns();
        let failures = format!("SELECT {failures} FROM second_factors");
        let until = format!("SELECT {locked_until} FROM second_factors");
        Lock {
            failures: store.one(&failures),
            until: Timestamp::from_millis(store.one(&until)),
        }
    }
}

#[test]
fn every_failure_locks_as_long_as_the_rule_says() {
    for way in WAYS {
        let store = with_second_factor();
        for failures in 0..=MAX_CONSECUTIVE_FAILURES + 3 {
            let before = Lock {
                failures,
                until: Timestamp::default(),
            };
            way.set(&store, before);
            let outcome = way.fail(&store);
            if failures >= MAX_CONSECUTIVE_FAILURES {
                assert_eq!(outcome, CodeOutcome::Locked(MAX_LOCK.as_secs()), "{way:?}");
                assert_eq!(way.lock(&store), before, "{way:?}");
                continue;
            }
            assert_eq!(outcome, CodeOutcome::Rejected, "{way:?}");
            let until =
                lock_after(failures + 1).map_or(Timestamp::default(), |for_| NOW.plus(for_));
            let expected = Lock {
                failures: failures + 1,
                until,
            };
            assert_eq!(way.lock(&store), expected, "{way:?} after {failures}");
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
                let lock = Lock {
                    failures,
                    until: Timestamp::from_millis(NOW.as_millis() + millis),
                };
                way.set(&store, lock);
                let outcome = way.fail(&store);
                let expected = match lock.check(NOW) {
                    Ok(()) => CodeOutcome::Rejected,
                    Err(seconds) => CodeOutcome::Locked(seconds),
                };
                assert_eq!(outcome, expected, "{way:?} {lock:?}");
            }
        }
    }
}

#[test]
fn a_lock_leaves_an_audit_row_with_each_failure_that_locks() {
    for way in WAYS {
        let store = with_second_factor();
        for failures in 1..=7 {
            let before = way.lock(&store);
            way.set(
                &store,
                Lock {
                    until: Timestamp::default(),
                    ..before
                },
            );
            way.fail(&store);
            let locks = usize::try_from(failures).unwrap().saturating_sub(4);
            assert_eq!(store.audit_actions().len(), locks, "{way:?} {failures}");
        }
        // Nothing is counted while the lock lasts, so nothing is written either.
        way.fail(&store);
        assert_eq!(store.audit_actions().len(), 3, "{way:?}");
    }
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
