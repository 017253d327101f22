//! How many schedules are played.

use crate::provisioning::simulation::stage::play;
use crate::testing::simulation::schedule::{assert_keeps_its_promises, assert_replays};

/// Schedules of one test run.
const SCHEDULES: u64 = 20_000;

#[test]
fn whatever_happened_before_it_ends_well() {
    assert_keeps_its_promises(play, SCHEDULES);
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    assert_replays(play);
}
