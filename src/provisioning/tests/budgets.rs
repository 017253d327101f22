//! Resets that run out of time.

use std::time::Duration;

use super::{Bench, EVERYTHING, crash_scene};
use crate::provisioning::policy::{SETTLING, SINGLE_BUDGET};
use crate::provisioning::reset::ResetDone;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::simulated::Operation;

/// The longest time that `THREEDEYE_TIMEOUT_MS` may give a call.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Resets a user that has its account, with a list and a delete that take this many seconds; tells
/// how long it took.
fn slow_reset(list: u64, delete: u64) -> (Bench, Result<ResetDone, ProvisioningError>, Duration) {
    let bench = crash_scene(Bench::with_timeout(LONGEST_TIMEOUT));
    bench.backfill();
    bench.slow_down(Operation::List, Duration::from_secs(list));
    bench.slow_down(Operation::Delete, Duration::from_secs(delete));
    let started = bench.world.now();
    let ended = bench.reset("b", EVERYTHING);
    let took = bench.world.now().since(started);
    bench.slow_down(Operation::List, Duration::ZERO);
    bench.slow_down(Operation::Delete, Duration::ZERO);
    (bench, ended, took)
}

#[test]
fn a_reset_and_its_provisioning_share_one_budget() {
    let (bench, ended, took) = slow_reset(8, 8);
    assert!(ended.unwrap().reprovisioned.unwrap().is_ok());
    assert!(took < SINGLE_BUDGET, "{took:?}");
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn a_reset_without_time_to_provision_says_so_and_leaves_it_to_the_queue() {
    let (bench, ended, took) = slow_reset(15, 13);
    let done = ended.unwrap();
    assert!(done.cleared_mapping && done.removal.deleted.is_some());
    assert!(matches!(
        done.reprovisioned,
        Some(Err(ProvisioningError::Failed(Failure::OutOfTime)))
    ));
    assert!(took < SINGLE_BUDGET, "{took:?}");
    assert!(bench.mapping("b").is_none(), "nothing was begun");
    bench.backfill();
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn a_provisioning_that_runs_out_of_time_halfway_is_completed_later() {
    let (bench, ended, took) = slow_reset(12, 12);
    assert!(ended.unwrap().reprovisioned.unwrap().is_err());
    assert!(took <= SINGLE_BUDGET, "{took:?}");
    bench.converge();
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn a_reset_that_runs_out_of_time_before_it_clears_clears_nothing() {
    let (bench, ended, took) = slow_reset(15, 16);
    assert!(matches!(ended, Err(ProvisioningError::Failed(_))));
    assert!(took <= SINGLE_BUDGET, "{took:?}");
    assert!(bench.mapping("b").unwrap().password.is_some());
    bench.pass(SETTLING);
    assert!(bench.reset("b", EVERYTHING).unwrap().cleared_mapping);
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}
