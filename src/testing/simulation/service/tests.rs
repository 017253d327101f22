//! How many schedules are played.

use crate::testing::simulation::schedule::{assert_keeps_its_promises, assert_replays};
use crate::testing::simulation::service::stage::play;

/// Schedules of one test run.
const SCHEDULES: u64 = 2_000;

#[test]
fn whatever_happened_no_promise_is_broken() {
    assert_keeps_its_promises(play, SCHEDULES);
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    assert_replays(play);
}
