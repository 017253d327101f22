//! How many requests a second, by instance and by caller.
//!
//! Each isolate counts for itself, in memory: a count that all isolates share
//! would be a write for every request. So the limits brake whoever hammers on
//! one place; they are no quota.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::kernel::Timestamp;

use super::InstanceName;

/// Requests a second that one caller may make.
pub const CALLER_PER_SECOND: u32 = 60;
/// Requests a second that all callers of one instance may make.
pub const INSTANCE_PER_SECOND: u32 = 300;

/// Whoever is counted, at most. Beyond it those are forgotten who could come
/// again at once; if there are none, whoever is new goes uncounted.
const MAX_COUNTED: usize = 10_000;

/// When each instance and each caller may come again: a generic cell rate
/// algorithm, which lets a second's worth of requests come at once and then as
/// many as the rate allows.
#[derive(Default)]
pub struct Throttle {
    /// By a hash of who it is, in microseconds since the epoch.
    next_at: HashMap<u64, i64>,
    hasher: RandomState,
}

struct Cell {
    key: u64,
    next_at: i64,
    wait: i64,
}

impl Throttle {
    /// Counts one request.
    ///
    /// # Errors
    ///
    /// The whole seconds, at least one, after which it may be tried again; then
    /// it was counted for nobody.
    pub fn admit(
        &mut self,
        instance: &InstanceName,
        caller: &str,
        now: Timestamp,
    ) -> Result<(), u64> {
        let now = now.as_millis().saturating_mul(1000);
        let cells = [
            self.cell((instance.as_str(), None), INSTANCE_PER_SECOND, now),
            self.cell((instance.as_str(), Some(caller)), CALLER_PER_SECOND, now),
        ];
        let wait = cells.iter().map(|cell| cell.wait).max().unwrap_or(0);
        if wait > 0 {
            let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(MICROS);
            return Err(seconds.max(1));
        }
        if self.next_at.len() >= MAX_COUNTED {
            self.next_at.retain(|_, next_at| *next_at > now);
        }
        for cell in cells {
            if self.next_at.len() < MAX_COUNTED || self.next_at.contains_key(&cell.key) {
                self.next_at.insert(cell.key, cell.next_at);
            }
        }
        Ok(())
    }

    fn cell(&self, who: (&str, Option<&str>), per_second: u32, now: i64) -> Cell {
        let key = self.hasher.hash_one(who);
        let interval = MICROS as i64 / i64::from(per_second);
        let burst = interval.saturating_mul(i64::from(per_second) - 1);
        // Nobody is counted further ahead than this, unless the clock was turned back since.
        let furthest = now.saturating_add(burst).saturating_add(interval);
        let counted = self.next_at.get(&key).copied();
        let due = counted.filter(|due| *due <= furthest).unwrap_or(now);
        let due = due.max(now);
        Cell {
            key,
            next_at: due.saturating_add(interval),
            wait: due.saturating_sub(burst).saturating_sub(now),
        }
    }
}

const MICROS: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000 + millis)
    }

    fn name(text: &str) -> InstanceName {
        InstanceName::parse(text).unwrap()
    }

    fn admitted(throttle: &mut Throttle, caller: &str, millis: i64) -> bool {
        throttle.admit(&name("rivia"), caller, at(millis)).is_ok()
    }

    #[test]
    fn a_caller_gets_a_seconds_worth_at_once_and_then_the_rate() {
        let mut throttle = Throttle::default();
        let at_once = (0..200).filter(|_| admitted(&mut throttle, "a", 0)).count();
        assert_eq!(at_once, 60);
        assert_eq!(throttle.admit(&name("rivia"), "a", at(0)), Err(1));
        assert!(!admitted(&mut throttle, "a", 16));
        assert!(admitted(&mut throttle, "a", 17));
        let later = (0..200)
            .filter(|_| admitted(&mut throttle, "a", 1017))
            .count();
        assert_eq!(later, 60);
    }

    #[test]
    fn callers_do_not_brake_each_other_but_their_instance_brakes_them_all() {
        let mut throttle = Throttle::default();
        let of_caller = |n: usize| format!("caller {}", n % 10);
        let admitted = (0..1000)
            .filter(|n| admitted(&mut throttle, &of_caller(*n), 0))
            .count();
        assert_eq!(admitted, 300);
        assert_eq!(throttle.admit(&name("other"), "caller 0", at(0)), Ok(()));
    }

    #[test]
    fn whoever_is_refused_is_not_counted() {
        let mut throttle = Throttle::default();
        for _ in 0..10_000 {
            let _ = throttle.admit(&name("rivia"), "greedy", at(0));
        }
        assert!(admitted(&mut throttle, "modest", 0));
    }

    #[test]
    fn memory_is_bounded_and_nobody_is_locked_out_by_it() {
        let mut throttle = Throttle::default();
        for n in 0..3 * MAX_COUNTED {
            let instance = name(&format!("i{n}"));
            assert_eq!(throttle.admit(&instance, "a", at(0)), Ok(()));
        }
        assert!(throttle.next_at.len() <= MAX_COUNTED);
    }

    #[test]
    fn a_clock_that_was_turned_back_keeps_nobody_out_for_longer() {
        let mut throttle = Throttle::default();
        assert!(admitted(&mut throttle, "a", 3_600_000));
        let at_once = (0..200).filter(|_| admitted(&mut throttle, "a", 0)).count();
        assert_eq!(at_once, 60);
    }

    proptest! {
        #[test]
        fn no_second_holds_more_than_two_seconds_worth(pauses in proptest::collection::vec(0i64..15, 1..250)) {
            let mut throttle = Throttle::default();
            let mut now = 0;
            let mut admitted_at = Vec::new();
            for pause in pauses {
                now += pause;
                if admitted(&mut throttle, "a", now) {
                    admitted_at.push(now);
                }
            }
            for start in &admitted_at {
                let within = admitted_at.iter().filter(|at| (*start..start + 1000).contains(at)).count();
                prop_assert!(within <= 120, "{within}");
            }
        }

        #[test]
        fn whoever_waits_as_told_is_let_in(hits in 61u32..400) {
            let mut throttle = Throttle::default();
            for _ in 0..hits {
                let _ = throttle.admit(&name("rivia"), "a", at(0));
            }
            let wait = throttle.admit(&name("rivia"), "a", at(0)).unwrap_err();
            prop_assert!(admitted(&mut throttle, "a", 1000 * wait as i64));
        }
    }
}
