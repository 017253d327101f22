//! How many codes may be refused in a row, and what waits for whoever guesses on.
//!
//! The count and the lock are kept by the very statement that refuses a code
//! (`platform::d1::account`), which is given these figures; so concurrent guesses all count.

use std::time::Duration;

use crate::kernel::Timestamp;

/// The refused code that locks for the first time.
pub const FAILURES_BEFORE_LOCK: u32 = 5;
/// The first lock; each further refused code doubles it.
pub const FIRST_LOCK: Duration = Duration::from_secs(30);
/// The longest lock.
pub const LONGEST_LOCK: Duration = Duration::from_secs(60 * 60);
/// Refused codes in a row after which only support helps (NIST SP 800-63B, 5.2.2).
pub const MOST_FAILURES: u32 = 100;

/// How one kind of code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// Refused codes in a row.
    pub failures: u32,
    /// Until when nothing is accepted.
    pub until: Timestamp,
}

impl Lock {
    /// Whether a code may be tried `now`.
    ///
    /// # Errors
    ///
    /// The seconds to wait, at least one.
    pub fn check(self, now: Timestamp) -> Result<(), u64> {
        if self.failures >= MOST_FAILURES {
            return Err(LONGEST_LOCK.as_secs());
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn lock(failures: u32, until: Timestamp) -> Result<(), u64> {
        Lock { failures, until }.check(NOW)
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
    fn after_a_hundred_time_does_not_help() {
        assert_eq!(lock(99, NOW), Ok(()));
        assert_eq!(lock(100, NOW), Err(3600));
    }
}
