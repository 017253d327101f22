//! How a run closes.

use super::{DONE, FanoutBench, email, order, receipts};

#[test]
fn a_dead_letter_closes_its_chunk_and_leaves_its_users_to_the_next_run() {
    let bench = FanoutBench::with_users(60);
    let planned = bench.plan();
    let messages = bench.messages();
    bench.deliver(&messages[1..]);
    bench.dead_letter(&messages[..1]);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(!end.completed);
    assert_eq!((end.tally.created, end.tally.skipped), (10, 50));
    assert_eq!(
        end.tally.errors,
        ["chunk 1: failed 5 deliveries; its users wait for the next run"]
    );
    assert_eq!(bench.deliver(&messages).tally.total, 0, "it is closed");
    assert_eq!(bench.backfill().tally.created, 50);
    bench.assert_all_settled(60);
}

#[test]
fn the_limit_of_replacements_is_the_runs_and_not_the_deliverys() {
    let bench = FanoutBench::with_users(60);
    for n in [0, 1, 2, 57, 58, 59] {
        bench.add_account(&format!("old{n}"), &email(n), &[]);
    }
    let planned = bench.plan_with(order(10_000, 4));
    let messages = bench.messages();
    for message in &messages {
        bench.deliver(std::slice::from_ref(message));
    }
    assert_eq!(bench.directory().deleted.len(), 4);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(end.completed);
    assert_eq!((end.tally.created, end.tally.skipped), (58, 2));
    assert_eq!(
        bench.backfill().tally.created,
        2,
        "they did not have to wait"
    );
    bench.assert_all_settled(60);
}

#[test]
fn a_failure_is_told_by_the_run_and_has_its_own_wait() {
    let bench = FanoutBench::with_users(3);
    bench.add_foreign_account(&email(0));
    bench.add_user("rival", &email(2));
    let planned = bench.plan();
    let messages = bench.messages();
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    let tally = bench.end_of(&planned.run_id).unwrap().tally;
    assert_eq!((tally.total, tally.created), (4, 2));
    assert_eq!((tally.failed, tally.quarantined), (2, 1));
    assert_eq!(tally.errors.len(), 2);
}
