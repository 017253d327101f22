//! Users whose e-mail has an account already.

use std::time::Duration;

use super::{ANNA, Bench, CLEAR_AND_DELETE, outage};
use crate::provisioning::record::State;
use crate::provisioning::world::LOGIN;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::RoleId;
use crate::threedeye::retry::MAX_TRIES;
use crate::threedeye::simulated::Operation;

#[test]
fn an_account_that_does_not_open_is_replaced_and_keeps_its_roles() {
    let bench = Bench::with_anna();
    bench.add_account("old", "Anna@example.com", &["r1", "r2"]);
    assert_eq!(bench.backfill().tally.created, 1);
    bench.assert_settled("a", ANNA, &["r1", "r2"]);
    assert_eq!(bench.directory().deleted.len(), 1);
}

#[test]
fn a_deleted_email_that_stays_taken_for_a_while_is_waited_for() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["r1"]);
    bench.directory().delete_delay = Duration::from_secs(3);
    assert_eq!(bench.backfill().tally.created, 1);
    bench.assert_settled("a", ANNA, &["r1"]);
}

#[test]
fn a_deleted_email_that_stays_taken_for_long_is_no_orphan() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["r1"]);
    bench.directory().delete_delay = Duration::from_secs(60);
    let run = bench.backfill();
    assert_eq!((run.tally.failed, run.tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", ANNA, &["r1"]);
}

#[test]
fn our_own_login_is_never_deleted() {
    let bench = Bench::new();
    bench.add_user("a", LOGIN);
    bench.world.add_account("own", LOGIN, "p", &[], true);
    let run = bench.backfill();
    assert_eq!(run.tally.failed, 1);
    assert!(matches!(
        bench.reset("a", CLEAR_AND_DELETE),
        Err(ProvisioningError::Failed(Failure::OwnLogin))
    ));
    assert_eq!(bench.accounts_of(LOGIN).len(), 1);
}

#[test]
fn missing_roles_leave_the_account_usable_and_the_user_queued() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["gone"]);
    bench.remove_role("gone");
    let run = bench.backfill();
    assert_eq!(run.tally.failed, 1);
    assert_eq!(bench.mapping("a").unwrap().state, State::Attaching);
    assert_eq!(bench.queued(), ["a"]);
    assert!(bench.credentials("a").is_ok());
}

#[test]
fn a_role_that_is_gone_does_not_hold_up_the_others() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["gone", "r2"]);
    bench.remove_role("gone");
    bench.backfill();
    let account = bench.accounts_of(ANNA).remove(0);
    assert_eq!(account.user.roles, [RoleId("r2".to_owned())]);
}

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
