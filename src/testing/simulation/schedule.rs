//! A schedule, what came of it, and the smallest one that still breaks the same promise.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// What is played.
#[derive(Debug, Clone)]
pub struct Schedule {
    pub seed: u64,
    /// What is left out.
    pub without: BTreeSet<Part>,
}

/// A part of a schedule that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// An actor.
    Actor(usize),
    /// Something that happens beside the actors.
    Event(usize),
    /// What goes wrong with an actor's n-th effect.
    Fault(usize, u64),
    /// How long an actor's n-th effect takes.
    Delay(usize, u64),
}

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise, in a word or two: a shrunk schedule must break the same.
    pub promise: &'static str,
    /// What was seen.
    pub seen: String,
}

/// What came of it.
pub struct Played {
    /// The parts that played a role.
    pub parts: BTreeSet<Part>,
    pub effects: u64,
    pub trace: Vec<String>,
    pub violation: Option<Violation>,
}

/// Plays a schedule to its end, and keeps a trace if asked to.
pub type Play = fn(&Schedule, bool) -> Played;

/// The native machine's cores are shared with the other tests.
const THREADS: u64 = 2;

impl Schedule {
    /// The whole schedule of a seed.
    pub const fn of(seed: u64) -> Self {
        Self {
            seed,
            without: BTreeSet::new(),
        }
    }

    /// Leaves out whatever is not needed to break the promise.
    fn shrink(mut self, play: Play, violation: &Violation) -> Self {
        let breaks = |schedule: &Self| {
            play(schedule, false)
                .violation
                .is_some_and(|other| other.promise == violation.promise)
        };
        loop {
            let mut smaller = false;
            for part in play(&self, false).parts {
                let mut candidate = self.clone();
                candidate.without.insert(part);
                if breaks(&candidate) {
                    self = candidate;
                    smaller = true;
                }
            }
            if !smaller {
                return self;
            }
        }
    }

    /// A failing schedule in words: what is left of it, and what then happens.
    pub fn describe(&self, play: Play) -> String {
        let played = play(self, true);
        let (seed, trace) = (self.seed, played.trace.join("\n"));
        let Some(violation) = played.violation else {
            return format!("seed {seed}: no promise is broken\n{trace}");
        };
        let parts = played.parts.iter().map(|part| format!("{part:?}"));
        format!(
            "seed {seed}: broken promise: {}\n  seen: {}\n  left of the schedule: {}\n{trace}",
            violation.promise,
            violation.seen,
            parts.collect::<Vec<_>>().join(", "),
        )
    }
}

/// Plays the schedules of `count` seeds on all threads, until one has failed; tells how many effects that
/// were, or the schedule that breaks a promise, shrunk.
pub fn play_side_by_side(play: Play, first: u64, count: u64) -> Result<u64, String> {
    let failed = &AtomicBool::new(false);
    thread::scope(|scope| {
        let parts: Vec<_> = (0..THREADS)
            .map(|part| {
                let seeds = (first + part..first + count).step_by(THREADS as usize);
                scope.spawn(move || play_all(play, seeds, failed))
            })
            .collect();
        parts
            .into_iter()
            .map(|part| part.join().unwrap())
            .sum::<Result<u64, String>>()
    })
}

fn play_all(
    play: Play,
    seeds: impl Iterator<Item = u64>,
    failed: &AtomicBool,
) -> Result<u64, String> {
    let mut effects = 0;
    for seed in seeds {
        if failed.load(Ordering::Relaxed) {
            break;
        }
        let schedule = Schedule::of(seed);
        let played = play(&schedule, false);
        effects += played.effects;
        if let Some(violation) = played.violation {
            failed.store(true, Ordering::Relaxed);
            return Err(schedule.shrink(play, &violation).describe(play));
        }
    }
    Ok(effects)
}

/// That the first `count` schedules break no promise.
pub fn assert_keeps_its_promises(play: Play, count: u64) {
    let effects = play_side_by_side(play, 0, count);
    let effects = effects.unwrap_or_else(|failure| panic!("{failure}"));
    // Schedules in which nothing happens would keep every promise.
    assert!(effects > 20 * count, "{effects} effects");
}

/// That a seed is one schedule: what is played twice leaves the same trace.
pub fn assert_replays(play: Play) {
    for seed in 0..50 {
        let schedule = Schedule::of(seed);
        let (once, again) = (play(&schedule, true), play(&schedule, true));
        assert!(!once.trace.is_empty());
        assert_eq!(once.trace, again.trace);
    }
}
