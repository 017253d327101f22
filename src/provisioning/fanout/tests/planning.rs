//! Planning, and what becomes of chunks whose message is not sent or is lost.

use std::time::Duration;

use super::{DONE, FanoutBench, order, receipts};
use crate::provisioning::policy::{RUN_ABANDONED_AFTER, hold};
use crate::provisioning::world::Fuse;
use crate::threedeye::simulated::Operation;

#[test]
fn a_run_is_cut_into_chunks_that_share_one_read_of_the_list() {
    let bench = FanoutBench::with_users(120);
    let planned = bench.plan();
    assert_eq!((planned.users, planned.remaining), (120, 120));
    assert_eq!((planned.chunks, planned.unsent), (3, 0));
    assert_eq!(bench.end_of(&planned.run_id), None);
    let messages = bench.messages();
    assert_eq!(messages.len(), 3);
    let delivery = bench.deliver(&messages);
    assert_eq!(receipts(&delivery), [DONE; 3]);
    assert_eq!((delivery.tally.total, delivery.tally.created), (120, 120));
    assert_eq!(bench.calls(Operation::List), 1);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(end.completed);
    assert_eq!((end.tally.total, end.tally.created), (120, 120));
    bench.assert_all_settled(120);
}

#[test]
fn wherever_planning_dies_no_user_is_forgotten() {
    for fuse in [Fuse::Before as fn(u32) -> Fuse, Fuse::After] {
        for step in 1..=2 {
            let bench = FanoutBench::with_users(4);
            let provisioner = bench.provisioner();
            let planning = provisioner.fan_out(order(10_000, 20), &bench.queue);
            bench.world.run(fuse(step), planning);
            bench.pass(hold(10_000));
            assert_eq!(bench.backfill().tally.created, 4);
            bench.assert_all_settled(4);
        }
    }
}

#[test]
fn what_the_queue_does_not_take_is_due_again_at_once() {
    let bench = FanoutBench::with_users(3);
    bench.queue.refuses.set(true);
    let planned = bench.plan();
    assert_eq!((planned.chunks, planned.unsent), (1, 1));
    assert!(planned.cause.unwrap().contains("out of order"));
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(!end.completed);
    assert_eq!(end.tally.skipped, 3);
    assert_eq!(bench.backfill().tally.created, 3);
}

#[test]
fn lost_messages_forget_no_user_and_the_next_plan_closes_their_run() {
    let bench = FanoutBench::with_users(60);
    let lost = bench.plan();
    let messages = bench.messages();
    bench.deliver(&messages[1..]);
    bench.pass(RUN_ABANDONED_AFTER - Duration::from_secs(1));
    bench.plan();
    assert_eq!(bench.end_of(&lost.run_id), None, "not yet");
    bench.pass(Duration::from_secs(1));
    bench.plan();
    let end = bench.end_of(&lost.run_id).unwrap();
    assert!(!end.completed);
    assert_eq!((end.tally.created, end.tally.skipped), (10, 50));
    assert_eq!(bench.plan().users, 50, "they are due at once");
    let messages = bench.messages();
    bench.deliver(&messages);
    bench.assert_all_settled(60);
}
