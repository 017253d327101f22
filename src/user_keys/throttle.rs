//! Limits on requests a second, by instance and by caller.
//!
//! Each isolate counts in its own memory: a shared count would cost a write a request. So the
//! limits slow down a flood from one place; they are not a quota.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::kernel::Timestamp;

use crate::user_keys::InstanceName;

const CALLER_PER_SECOND: u32 = 60;
/// By all callers of an instance together.
const INSTANCE_PER_SECOND: u32 = 300;

/// The most instances and callers that are counted. Beyond it, those are dropped that are not
/// limited at the moment; if all are, new ones are not counted.
const MAX_COUNTED: usize = 10_000;

/// A generic cell rate algorithm (GCRA): a second's worth of requests may come at once, and then
/// as many as the rate allows.
#[derive(Default)]
pub struct Throttle {
    /// By a hash of the instance or caller, in microseconds since the epoch.
    next_at: HashMap<u64, i64>,
    hasher: RandomState,
}

#[derive(Hash)]
enum Counted<'a> {
    Instance(&'a str),
    Caller(&'a str),
}

struct Cell {
    key: u64,
    next_at: i64,
    wait: i64,
}

impl Throttle {
    /// Counts a request of a caller, whose name is unique across instances, and of `instance`, if
    /// it counts against one.
    ///
    /// # Errors
    ///
    /// Over a limit: in how many whole seconds, at least one, to retry. The request is not
    /// counted then.
    pub fn admit(
        &mut self,
        instance: Option<&InstanceName>,
        caller: &str,
        now: Timestamp,
    ) -> Result<(), u64> {
        let now = now.as_millis().saturating_mul(1000);
        let of_instance = instance.map(|name| {
            let instance = Counted::Instance(name.as_str());
            self.cell(&instance, INSTANCE_PER_SECOND, now)
        });
        let of_caller = self.cell(&Counted::Caller(caller), CALLER_PER_SECOND, now);
        let cells = || of_instance.iter().chain([&of_caller]);
        let wait = cells().map(|cell| cell.wait).max().unwrap_or(0);
        if wait > 0 {
            let seconds = u64::try_from(wait).unwrap_or(0).div_ceil(MICROS);
            return Err(seconds.max(1));
        }
        if self.next_at.len() >= MAX_COUNTED {
            self.next_at.retain(|_, next_at| *next_at > now);
        }
        for cell in cells() {
            if self.next_at.len() < MAX_COUNTED || self.next_at.contains_key(&cell.key) {
                self.next_at.insert(cell.key, cell.next_at);
            }
        }
        Ok(())
    }

    fn cell(&self, counted: &Counted<'_>, per_second: u32, now: i64) -> Cell {
        let key = self.hasher.hash_one(counted);
        let interval = MICROS as i64 / i64::from(per_second);
        let burst = interval.saturating_mul(i64::from(per_second) - 1);
        // Only a clock that was set back leaves times further ahead than this.
        let furthest = now.saturating_add(burst).saturating_add(interval);
        let last = self.next_at.get(&key).copied();
        let due = last.filter(|due| *due <= furthest).unwrap_or(now);
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
        throttle
            .admit(Some(&name("rivia")), caller, at(millis))
            .is_ok()
    }

    #[test]
    fn a_caller_gets_a_seconds_worth_at_once_and_then_the_rate() {
        let mut throttle = Throttle::default();
        let at_once = (0..200).filter(|_| admitted(&mut throttle, "a", 0)).count();
        assert_eq!(at_once, 60);
        assert_eq!(throttle.admit(Some(&name("rivia")), "a", at(0)), Err(1));
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
        assert_eq!(
            throttle.admit(Some(&name("other")), "a caller of the other", at(0)),
            Ok(())
        );
    }

    #[test]
    fn a_refused_request_is_not_counted() {
        let mut throttle = Throttle::default();
        for _ in 0..10_000 {
            let _ = throttle.admit(Some(&name("rivia")), "greedy", at(0));
        }
        assert!(admitted(&mut throttle, "modest", 0));
    }

    #[test]
    fn memory_is_bounded_and_locks_no_caller_out() {
        let mut throttle = Throttle::default();
        for n in 0..3 * MAX_COUNTED {
            let instance = name(&format!("i{n}"));
            let caller = format!("caller of {n}");
            assert_eq!(throttle.admit(Some(&instance), &caller, at(0)), Ok(()));
        }
        assert_eq!(throttle.next_at.len(), MAX_COUNTED);
        // Callers that were counted before still are.
        let first = name("i0");
        let again = (0..200).filter(|_| throttle.admit(Some(&first), "caller of 0", at(0)).is_ok());
        assert_eq!(again.count(), 59);
    }

    #[test]
    fn callers_below_their_limit_make_room() {
        let mut throttle = Throttle::default();
        for n in 0..MAX_COUNTED {
            assert!(admitted(
                &mut throttle,
                &format!("caller {n}"),
                n as i64 * 20
            ));
        }
        let late = 20 * MAX_COUNTED as i64 + 1000;
        let at_once = (0..200)
            .filter(|_| admitted(&mut throttle, "new", late))
            .count();
        assert_eq!(at_once, 60);
    }

    #[test]
    fn a_caller_may_count_against_no_instance() {
        let mut throttle = Throttle::default();
        for n in 0..1000 {
            let _ = throttle.admit(Some(&name("rivia")), &format!("caller {}", n % 10), at(0));
        }
        let account = (0..200).filter(|_| throttle.admit(None, "account", at(0)).is_ok());
        assert_eq!(account.count(), 60);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_no_caller_out() {
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
        fn a_caller_that_waits_as_told_is_admitted(hits in 61u32..400) {
            let mut throttle = Throttle::default();
            for _ in 0..hits {
                let _ = throttle.admit(Some(&name("rivia")), "a", at(0));
            }
            let wait = throttle.admit(Some(&name("rivia")), "a", at(0)).unwrap_err();
            prop_assert!(admitted(&mut throttle, "a", 1000 * wait as i64));
        }
    }
}
