//! Users whose e-mail has an account already.

use std::time::Duration;

use super::{ANNA, Bench, outage};
use crate::threedeye::retry::MAX_TRIES;
use crate::threedeye::simulated::Operation;

#[test]
fn earlier_failures_do_not_shorten_the_wait_after_our_own_delete() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["r1"]);
    for _ in 0..6 {
        bench.plan_faults(Operation::Delete, outage());
        bench.backfill();
        bench.pass(Duration::from_secs(3600));
    }
    assert_eq!(bench.mapping("a").unwrap().attempts, 6);
    assert_eq!(bench.calls(Operation::Delete), 6 * MAX_TRIES);
    bench.directory().delete_delay = Duration::from_secs(30);
    assert_eq!(bench.backfill().tally.quarantined, 0);
    bench.converge();
    bench.assert_settled("a", ANNA, &["r1"]);
}
