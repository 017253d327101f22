//! A backfill run as a whole.

use super::Bench;
use crate::threedeye::simulated::Operation;

#[test]
fn fifty_users_cost_one_scan_one_create_each_and_few_writes() {
    let bench = Bench::new();
    for n in 0..50 {
        bench.add_user(&format!("u{n}"), &format!("u{n}@example.com"));
    }
    let run = bench.backfill();
    assert_eq!(run.tally.created, 50);
    let creates = bench.calls(Operation::Create);
    let pages = bench.calls(Operation::List);
    let tokens = bench.calls(Operation::Token);
    assert_eq!((creates, pages, tokens), (50, 1, 1));
    let database_calls = bench.world.effects() - creates - pages - tokens;
    assert!(database_calls <= 6, "{database_calls}");
}

#[test]
fn an_email_corrected_during_a_run_is_not_forgotten() {
    // The e-mail changes after the claim, so the run ends in a quarantine for
    // the old one.
    let bench = Bench::new();
    bench.add_user("a", "typo@example.com");
    bench.add_foreign_account("typo@example.com");
    let run = bench.backfill_beside("a", || bench.change_email("a", "right@example.com"));
    assert_eq!(run.tally.failed, 1);
    bench.converge();
    bench.assert_settled("a", "right@example.com", &[]);
}
