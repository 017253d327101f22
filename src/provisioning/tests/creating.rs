//! Users without an account in our customer.

use std::time::Duration;

use super::{ANNA, Bench, CLEAR, CREATE, NEW_ANNA, outage};
use crate::kernel::EmailKey;
use crate::provisioning::record::State;
use crate::provisioning::world::Fuse;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

#[test]
fn an_orphan_is_quarantined_and_blocks_no_other_user() {
    let bench = Bench::with_anna();
    bench.add_user("b", "bert@example.com");
    bench.add_foreign_account(ANNA);
    let run = bench.backfill();
    assert_eq!(
        (run.tally.created, run.tally.failed, run.tally.quarantined),
        (1, 1, 1)
    );
    assert_eq!(bench.mapping("a").unwrap().state, State::Quarantined);
    assert_eq!(bench.backfill().tally.total, 0, "quarantined until a reset");
    assert!(matches!(
        bench.credentials("a"),
        Err(ProvisioningError::Failed(Failure::Orphan))
    ));
    bench.directory().accounts.retain(|account| account.ours);
    bench.reset("a", CLEAR).unwrap();
    bench.backfill();
    bench.assert_settled("a", ANNA, &[]);
}

#[test]
fn a_changed_email_ends_a_quarantine() {
    let bench = Bench::with_anna();
    bench.add_foreign_account(ANNA);
    bench.backfill();
    bench.change_email("a", NEW_ANNA);
    bench.backfill();
    bench.assert_settled("a", NEW_ANNA, &[]);
}

#[test]
fn an_account_made_for_the_old_email_is_adopted_after_a_change() {
    let bench = Bench::with_anna();
    // Dies after the create, before it is written down.
    bench.backfill_dying(Fuse::After(CREATE));
    assert_eq!(bench.directory().accounts.len(), 1);
    bench.change_email("a", NEW_ANNA);
    bench.converge();
    bench.assert_settled("a", ANNA, &[]);
    assert!(bench.accounts_of(NEW_ANNA).is_empty());
}

#[test]
fn a_list_that_cannot_be_read_again_makes_no_orphan() {
    let bench = Bench::with_anna();
    bench.add_account("late", ANNA, &["r1"]);
    let visible_from = bench.world.now().plus(Duration::from_millis(500));
    bench.directory().accounts[0].visible_from = visible_from;
    bench.plan_faults(Operation::List, [Fault::None]);
    bench.plan_faults(Operation::List, outage());
    let run = bench.backfill();
    assert_eq!((run.tally.failed, run.tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", ANNA, &["r1"]);
}

#[test]
fn an_email_that_another_users_reset_frees_meanwhile_is_no_orphan() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &[]);
    let second = Duration::from_secs(1);
    bench.slow_down(Operation::List, second);
    // The other found the account to be its own before the user was claimed.
    let run = bench.backfill_beside("a", || {
        let now = bench.world.now();
        let email = EmailKey::of(ANNA).unwrap();
        let removed = "INSERT INTO threedeye_removals (email_key, removed_at) VALUES (?1, ?2)";
        let sqlite = &bench.world.sqlite;
        sqlite.execute(removed, (email.as_str(), now.as_millis()));
        let mut remote = bench.directory();
        remote.accounts.clear();
        remote.taken_until.insert(email, now.plus(60 * second));
    });
    let tally = run.tally;
    assert_eq!((tally.failed, tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", ANNA, &[]);
}
