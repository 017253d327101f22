//! The smallest schedule that still breaks the same promise.

use crate::provisioning::simulation::director::Part;
use crate::provisioning::simulation::oracle::Violation;
use crate::provisioning::simulation::stage::{Schedule, play};

/// Leaves out whatever is not needed to break the promise.
pub fn shrink(mut schedule: Schedule, violation: &Violation) -> Schedule {
    let breaks = |schedule: &Schedule| {
        play(schedule, false)
            .violation
            .is_some_and(|other| other.promise == violation.promise)
    };
    loop {
        let mut smaller = false;
        let parts: Vec<Part> = play(&schedule, false).parts.into_iter().collect();
        for part in parts {
            let mut candidate = schedule.clone();
            candidate.without.insert(part);
            if breaks(&candidate) {
                schedule = candidate;
                smaller = true;
            }
        }
        if !smaller {
            return schedule;
        }
    }
}

/// A failing schedule in words: what is left of it, and what then happens.
pub fn describe(schedule: &Schedule) -> String {
    let played = play(schedule, true);
    let Some(violation) = played.violation else {
        return format!(
            "seed {}: no promise is broken\n{}",
            schedule.seed,
            played.trace.join("\n")
        );
    };
    let parts: Vec<String> = played
        .parts
        .iter()
        .map(|part| format!("{part:?}"))
        .collect();
    format!(
        "seed {}: broken promise: {}\n  seen: {}\n  left of the schedule: {}\n{}",
        schedule.seed,
        violation.promise,
        violation.seen,
        parts.join(", "),
        played.trace.join("\n")
    )
}
