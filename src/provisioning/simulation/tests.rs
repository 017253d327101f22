//! How many schedules are played, and which.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::provisioning::simulation::shrink::{describe, shrink};
use crate::provisioning::simulation::stage::{Schedule, play};

/// Schedules of one test run.
const SCHEDULES: u64 = 20_000;

/// The native machine's cores are shared with the other tests.
const THREADS: u64 = 2;

/// Plays the schedules of these seeds until one of them, or of another thread's,
/// has failed; tells how many effects that were, or the schedule that breaks a
/// promise, shrunk.
fn play_all(seeds: impl Iterator<Item = u64>, failed: &AtomicBool) -> Result<u64, String> {
    let mut effects = 0;
    for seed in seeds {
        if failed.load(Ordering::Relaxed) {
            break;
        }
        let schedule = Schedule {
            seed,
            without: BTreeSet::new(),
        };
        let played = play(&schedule, false);
        effects += played.effects;
        if let Some(violation) = played.violation {
            failed.store(true, Ordering::Relaxed);
            return Err(describe(&shrink(schedule, &violation)));
        }
    }
    Ok(effects)
}

/// The same on all threads.
fn play_side_by_side(first: u64, count: u64) -> Result<u64, String> {
    let failed = &AtomicBool::new(false);
    thread::scope(|scope| {
        let parts: Vec<_> = (0..THREADS)
            .map(|part| {
                let seeds = (first + part..first + count).step_by(THREADS as usize);
                scope.spawn(move || play_all(seeds, failed))
            })
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().unwrap())
            .sum::<Result<u64, String>>()
    })
}

#[test]
fn whatever_happened_before_it_ends_well() {
    let effects = play_side_by_side(0, SCHEDULES).unwrap_or_else(|failure| panic!("{failure}"));
    // Schedules in which nothing happens would keep every promise.
    assert!(effects > 20 * SCHEDULES, "{effects} effects");
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    for seed in 0..50 {
        let schedule = Schedule {
            seed,
            without: BTreeSet::new(),
        };
        let (once, again) = (play(&schedule, true), play(&schedule, true));
        assert!(!once.trace.is_empty());
        assert_eq!(once.trace, again.trace);
    }
}

/// By hand only: `npm run soak`.
#[allow(clippy::print_stderr, reason = "somebody is watching")]
mod soak {
    use super::*;

    fn number(variable: &str) -> Option<u64> {
        std::env::var(variable).ok()?.parse().ok()
    }

    /// Goes on until a promise breaks. `SPKEY_SEED` is where it begins, and
    /// `SPKEY_SCHEDULES` how many it plays if it shall end.
    #[test]
    #[ignore = "endless: npm run soak"]
    fn on_and_on() {
        const ROUND: u64 = 10_000;
        let mut seed = number("SPKEY_SEED").unwrap_or(SCHEDULES);
        let end = number("SPKEY_SCHEDULES").map_or(u64::MAX, |count| seed.saturating_add(count));
        while seed < end {
            let count = ROUND.min(end - seed);
            match play_side_by_side(seed, count) {
                Ok(effects) => eprintln!("seeds {seed} to {}: {effects} effects", seed + count - 1),
                Err(failure) => panic!("{failure}"),
            }
            seed += count;
        }
    }

    /// Tells everything that happens in the schedule of `SPKEY_SEED`, nothing left out.
    #[test]
    #[ignore = "tells one schedule: npm run soak -- --tell SEED"]
    fn tell() {
        let schedule = Schedule {
            seed: number("SPKEY_SEED").unwrap_or(0),
            without: BTreeSet::new(),
        };
        eprintln!("{}", describe(&schedule));
    }
}
