//! By hand only: `npm run soak`.
#![allow(clippy::print_stderr, reason = "for the person who watches")]

use crate::provisioning;
use crate::testing::simulation::schedule::{Play, Schedule, play_side_by_side};
use crate::testing::simulation::service;

/// The simulations by name, each with its schedules of a round: those of about a minute.
const SIMULATIONS: [(&str, Play, u64); 2] = [
    (
        "provisioning",
        provisioning::simulation::stage::play,
        20_000,
    ),
    ("service", service::stage::play, 10_000),
];

/// Behind the seeds of the tests.
const FIRST_SEED: u64 = 20_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// All simulations, or the one of `SPKEY_SIMULATION`.
fn chosen() -> impl Iterator<Item = (&'static str, Play, u64)> {
    let wanted = std::env::var("SPKEY_SIMULATION").ok();
    let is_wanted = move |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    let mut chosen = SIMULATIONS.into_iter();
    std::iter::from_fn(move || chosen.find(|(name, ..)| is_wanted(name)))
}

/// Goes on until a promise breaks. `SPKEY_SEED` is where it begins, and `SPKEY_SCHEDULES` how many of each
/// simulation it plays if it shall end.
#[test]
#[ignore = "endless: npm run soak"]
fn play_until_a_promise_breaks() {
    let first = number("SPKEY_SEED").unwrap_or(FIRST_SEED);
    let total = number("SPKEY_SCHEDULES").unwrap_or(u64::MAX - first);
    let mut left: Vec<_> = chosen()
        .map(|simulation| (simulation, first, total))
        .collect();
    assert!(!left.is_empty(), "there is no such simulation");
    while left.iter().any(|(.., left)| *left > 0) {
        for ((name, play, round), seed, left) in &mut left {
            let count = (*round).min(*left);
            match play_side_by_side(*play, *seed, count) {
                Ok(effects) => eprintln!("{name}, {count} seeds from {seed}: {effects} effects"),
                Err(failure) => panic!("{name}, {failure}"),
            }
            *seed += count;
            *left -= count;
        }
    }
}

/// Tells everything that happens in the schedule of `SPKEY_SEED`, nothing left out.
#[test]
#[ignore = "tells one schedule: npm run soak -- --tell SEED"]
fn tell() {
    let schedule = Schedule::of(number("SPKEY_SEED").unwrap_or(0));
    for (name, play, _) in chosen() {
        eprintln!("{name}, {}", schedule.describe(play));
    }
}
