//! The lock-out: how often codes may be rejected in a row, and what follows.
//!
//! The statements that reject a code also count and lock (`store::code_attempt`), so that concurrent attempts
//! are all counted. They take these figures as parameters; their rule is the one of `lock_after` below, and
//! `store::tests::lockout` compares both.

use std::time::Duration;

use crate::db;
use crate::kernel::Timestamp;

/// The consecutive failure that locks for the first time.
pub const FAILURES_BEFORE_LOCK: u32 = 5;
/// The first lock; each further failure doubles it.
pub const FIRST_LOCK: Duration = Duration::from_secs(30);
pub const MAX_LOCK: Duration = Duration::from_secs(60 * 60);
/// Consecutive failures after which no code is accepted until support unlocks
/// (NIST SP 800-63B, 5.2.2).
pub const MAX_CONSECUTIVE_FAILURES: u32 = 100;

db::row! {
    /// How one kind of code stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Lock {
        /// Consecutive failures.
        pub failures: u32,
        /// Until when no code is accepted.
        pub until: Timestamp,
    }
}

impl Lock {
    /// Whether a code may be tried `now`.
    ///
    /// # Errors
    ///
    /// The seconds to wait, at least one.
    pub fn check(self, now: Timestamp) -> Result<(), u64> {
        if self.failures >= MAX_CONSECUTIVE_FAILURES {
            return Err(MAX_LOCK.as_secs());
        }
        match self.until.since(now) {
            Duration::ZERO => Ok(()),
            wait => Err(wait
                .as_millis()
                .div_ceil(1000)
                .try_into()
                .unwrap_or(u64::MAX)),
        }
    }
}

/// How long codes are locked after so many consecutive failures: the rule that `locked_until!` has in SQL.
#[cfg(test)]
pub(crate) fn lock_after(failures: u32) -> Option<Duration> {
    let doublings = failures.checked_sub(FAILURES_BEFORE_LOCK)?;
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    Some(FIRST_LOCK.saturating_mul(factor).min(MAX_LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::lockout::{is_locked, may_be_locked};

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn lock(failures: u32, until: Timestamp) -> Result<(), u64> {
        Lock { failures, until }.check(NOW)
    }

    #[test]
    fn the_figures_in_sql_are_those_of_the_rule() {
        let first = format!("totp_failures >= {FAILURES_BEFORE_LOCK} OR");
        assert!(may_be_locked!("f").contains(&first));
        let schema = include_str!("../../migrations/0006_account.sql");
        let index = may_be_locked!("f").replace("f.", "");
        assert!(schema.contains(&format!("WHERE {index};")));
        let last = format!("totp_failures >= {MAX_CONSECUTIVE_FAILURES} OR");
        assert!(is_locked!("f", "?1").contains(&last));
    }

    #[test]
    fn is_open_until_locked_and_from_the_end_on() {
        assert_eq!(lock(0, Timestamp::from_millis(0)), Ok(()));
        assert_eq!(lock(7, NOW), Ok(()));
        assert_eq!(lock(7, NOW.plus(Duration::from_millis(1))), Err(1));
        assert_eq!(lock(7, NOW.plus(Duration::from_millis(1001))), Err(2));
        assert_eq!(lock(5, NOW.plus(FIRST_LOCK)), Err(30));
    }

    #[test]
    fn after_a_hundred_failures_the_lock_does_not_end() {
        assert_eq!(lock(99, NOW), Ok(()));
        assert_eq!(lock(100, NOW), Err(3600));
    }
}
