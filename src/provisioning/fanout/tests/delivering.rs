//! Deliveries: their cost, their repetition and their failures.

use std::time::Duration;

use futures_util::future::join;

use super::{DONE, FanoutBench, email, receipts, retry};
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::policy::{LEASE, hold};
use crate::provisioning::tests::{REMOVALS, outage, rate_limited, refused};
use crate::provisioning::world::Fuse;
use crate::threedeye::UpstreamError;
use crate::threedeye::simulated::Operation;

/// The effects of a first delivery up to the scan: open the delivery, claim, token, list.
const SCAN: u32 = 4;

#[test]
fn a_delivery_of_fifty_costs_what_a_run_in_one_process_costs() {
    let bench = FanoutBench::with_users(50);
    bench.plan();
    let messages = bench.messages();
    bench.deliver(&messages);
    // Without the creates, the token and the list.
    let database_calls = bench.world.effects() - 50 - 2;
    assert!(database_calls <= 8, "{database_calls}");
}

#[test]
fn a_message_that_comes_twice_finds_no_user() {
    let bench = FanoutBench::with_users(3);
    let planned = bench.plan();
    let messages = bench.messages();
    let twice = [messages.clone(), messages.clone()].concat();
    assert_eq!(bench.deliver(&twice).tally.created, 3);
    let end = bench.end_of(&planned.run_id);
    let second = bench.deliver(&messages);
    assert_eq!(receipts(&second), [DONE]);
    assert_eq!(second.tally.total, 0);
    assert_eq!(bench.world.effects(), 2, "it costs a look");
    assert_eq!(bench.creates(), 3);
    assert!(end.is_some());
    assert_eq!(bench.end_of(&planned.run_id), end);
}

#[test]
fn a_message_that_comes_twice_at_once_is_worked_off_once() {
    let bench = FanoutBench::with_users(30);
    let planned = bench.plan();
    let messages = bench.messages();
    let consumer = bench.provisioner();
    let (one, other) = bench
        .world
        .run(Fuse::None, async {
            join(
                consumer.consume(&messages, REMOVALS),
                consumer.consume(&messages, REMOVALS),
            )
            .await
        })
        .unwrap();
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.tally.created + other.tally.created, 30);
    assert_eq!(bench.creates(), 30);
    // The second delivery may have looked while the first one was still at work.
    bench.deliver(&messages);
    assert_eq!(bench.end_of(&planned.run_id).unwrap().tally.created, 30);
    bench.assert_all_settled(30);
}

#[test]
fn a_rate_limit_sends_the_message_back_for_as_long_as_3deye_asks() {
    let bench = FanoutBench::with_users(10);
    let planned = bench.plan();
    let messages = bench.messages();
    bench.plan_faults(Operation::Create, [rate_limited(7)]);
    let delivery = bench.deliver(&messages);
    assert_eq!(receipts(&delivery), [retry(7)]);
    assert_eq!(bench.end_of(&planned.run_id), None);
    bench.pass(Duration::from_secs(7));
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(end.completed);
    // The user that met the limit failed and is due by itself.
    assert_eq!((end.tally.created, end.tally.failed), (9, 1));
    bench.backfill();
    bench.assert_all_settled(10);
}

#[test]
fn a_list_that_cannot_be_read_sends_the_message_back_longer_and_longer() {
    let bench = FanoutBench::with_users(2);
    bench.plan();
    let messages = bench.messages();
    for wait in [30, 60, 120] {
        bench.plan_faults(Operation::List, outage());
        let delivery = bench.deliver(&messages);
        assert_eq!(receipts(&delivery), [retry(wait)]);
        assert_eq!(delivery.scan_error, Some(UpstreamError::Transient));
    }
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    bench.assert_all_settled(2);
}

#[test]
fn a_user_that_failed_is_not_tried_again_by_the_same_run() {
    let bench = FanoutBench::with_users(12);
    bench.plan();
    let messages = bench.messages();
    // One user's own failure, then the end of the delivery.
    bench.plan_faults(Operation::Create, [refused(400), refused(429)]);
    assert_eq!(receipts(&bench.deliver(&messages)), [retry(30)]);
    bench.pass(Duration::from_secs(30));
    let second = bench.deliver(&messages);
    assert_eq!(receipts(&second), [DONE]);
    assert_eq!(second.tally.created, second.tally.total);
    let attempts: Vec<u32> = (0..12)
        .filter_map(|n| bench.mapping(&format!("u{n}")))
        .map(|mapping| mapping.attempts)
        .filter(|attempts| *attempts > 0)
        .collect();
    assert_eq!(attempts, [1, 1], "both wait for the next run");
}

#[test]
fn a_busy_user_makes_the_message_come_again() {
    let bench = FanoutBench::with_users(2);
    bench.plan();
    let messages = bench.messages();
    assert!(bench.deliver_until(Fuse::After(SCAN), &messages).is_none());
    assert_eq!(bench.calls(Operation::List), 1, "it died after the scan");
    let delivery = bench.deliver(&messages);
    assert_eq!(
        delivery.tally.total, 0,
        "the dead consumer's leases live on"
    );
    assert_eq!(receipts(&delivery), [retry(60)]);
    bench.pass(LEASE);
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    bench.assert_all_settled(2);
}

#[test]
fn wherever_a_consumer_dies_the_next_delivery_ends_it() {
    for fuse in [Fuse::Before as fn(u32) -> Fuse, Fuse::After] {
        for step in 1.. {
            let bench = FanoutBench::with_users(4);
            bench.add_account("old", &email(1), &["r1"]);
            let planned = bench.plan();
            let messages = bench.messages();
            let survived = bench.deliver_until(fuse(step), &messages).is_some();
            bench.pass(LEASE);
            assert_eq!(receipts(&bench.deliver(&messages)), [DONE], "step {step}");
            let end = bench.end_of(&planned.run_id).unwrap();
            assert!(end.completed);
            let tally = end.tally;
            assert_eq!(tally.created + tally.failed + tally.skipped, 4);
            // The run's allowance of replacements was with the dead consumer.
            bench.pass(hold(10_000));
            bench.backfill();
            bench.assert_all_settled(4);
            if survived {
                break;
            }
        }
    }
}

#[test]
fn a_message_of_an_unknown_run_is_acknowledged() {
    let bench = FanoutBench::with_users(1);
    let stranger = ChunkId {
        run_id: "run_unknown".to_owned(),
        chunk: 1,
    };
    assert_eq!(receipts(&bench.deliver(&[stranger])), [DONE]);
    assert_eq!(bench.creates(), 0);
}
