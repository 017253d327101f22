//! How many schedules are played.

use crate::testing::simulation::schedule::{assert_replays, play_side_by_side};
use crate::testing::simulation::service::stage::play;

/// Schedules of one test run.
const SCHEDULES: u64 = 2_000;

#[test]
fn whatever_happened_no_promise_is_broken() {
    let effects = play_side_by_side(play, 0, SCHEDULES);
    let effects = effects.unwrap_or_else(|failure| panic!("{failure}"));
    // Schedules in which nothing happens would keep every promise.
    assert!(effects > 20 * SCHEDULES, "{effects} effects");
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    assert_replays(play);
}
