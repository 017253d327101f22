//! How many schedules are played.

use crate::provisioning::simulation::stage::play;
use crate::testing::simulation::schedule::{assert_replays, play_side_by_side};

/// Schedules of one test run.
const SCHEDULES: u64 = 20_000;

#[test]
fn whatever_happened_before_it_ends_well() {
    let effects = play_side_by_side(play, 0, SCHEDULES);
    let effects = effects.unwrap_or_else(|failure| panic!("{failure}"));
    // Schedules in which nothing happens would keep every promise.
    assert!(effects > 20 * SCHEDULES, "{effects} effects");
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    assert_replays(play);
}
