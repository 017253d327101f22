//! Runs and resets that die at every step.

use std::time::Duration;

use super::{ANNA, Bench, CLAIM, CLEAR, EVERYTHING, crash_scene};
use crate::provisioning::ProvisioningError;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::world::Fuse;

/// The effects of a reset up to its delete: load, acquire the lease, list, accounts of others, begin
/// the removal, delete. The token is still valid.
const RESET_DELETE: u32 = 6;

#[test]
fn a_reset_that_dies_after_the_delete_leaves_work_in_the_queue() {
    for clear_mapping in [true, false] {
        let bench = crash_scene(Bench::new());
        bench.backfill();
        let order = ResetOrder {
            clear_mapping,
            delete_remote: true,
            reprovision: false,
            preserve_roles: true,
        };
        let ended = bench.reset_until(Fuse::After(RESET_DELETE), "b", order);
        assert!(ended.is_none());
        assert!(bench.accounts_of("bert@example.com").is_empty());
        bench.converge();
        bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
    }
}

#[test]
fn at_whatever_step_a_run_dies_the_next_ones_end_it_well() {
    let length = {
        let bench = crash_scene(Bench::new());
        bench.backfill();
        bench.world.effects()
    };
    assert!(length > 8);
    for number in 1..=length {
        for fuse in [Fuse::Before(number), Fuse::After(number)] {
            let bench = crash_scene(Bench::new());
            bench.backfill_dying(fuse);
            bench.converge();
            bench.assert_settled("a", ANNA, &[]);
            bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
        }
    }
}

#[test]
fn at_whatever_step_a_reset_dies_the_next_runs_end_it_well() {
    let die = |fuse| {
        let bench = crash_scene(Bench::new());
        bench.backfill();
        let ended = bench.reset_until(fuse, "b", EVERYTHING);
        let length = bench.world.effects();
        (bench, ended, length)
    };
    let (_, _, length) = die(Fuse::None);
    for number in 1..=length {
        for fuse in [Fuse::Before(number), Fuse::After(number)] {
            let (bench, ended, _) = die(fuse);
            assert!(ended.is_none(), "{fuse:?}");
            bench.pass(Duration::from_secs(61));
            bench.reset("b", EVERYTHING).unwrap();
            bench.converge();
            bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
        }
    }
}

#[test]
fn a_dead_holder_blocks_its_user_for_a_minute_at_most() {
    let bench = Bench::with_anna();
    // Dies right after the claim.
    bench.backfill_dying(Fuse::After(CLAIM));
    let held_until = bench.mapping("a").unwrap().lease_until;
    assert!(held_until.since(bench.world.now()) <= Duration::from_secs(60));
    assert!(matches!(
        bench.reset("a", CLEAR),
        Err(ProvisioningError::Busy {
            retry_after_s: 1..=61
        })
    ));
    bench.pass(Duration::from_secs(60));
    assert!(bench.credentials("a").is_ok());
}
