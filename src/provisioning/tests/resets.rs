//! Resets, and which accounts they delete.

use std::time::Duration;

use super::{ANNA, Bench, CLEAR, CLEAR_AND_DELETE, CREATE, NEW_ANNA};
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::world::Fuse;
use crate::provisioning::{Failure, ProvisioningError};

#[test]
fn another_users_unfinished_account_is_not_deleted_for_sharing_the_email() {
    let bench = Bench::new();
    bench.add_user("b", ANNA);
    // Dies after the create, before it is written down.
    bench.backfill_dying(Fuse::After(CREATE));
    assert_eq!(bench.directory().accounts.len(), 1);
    bench.add_user("a", ANNA);
    assert!(
        bench
            .reset("a", CLEAR_AND_DELETE)
            .unwrap()
            .removal
            .deleted
            .is_none()
    );
    assert_eq!(bench.accounts_of(ANNA).len(), 1);
}

#[test]
fn a_reset_forgets_an_account_that_was_removed_by_hand() {
    let bench = Bench::with_anna();
    bench.backfill();
    bench.directory().accounts.clear();
    let order = ResetOrder {
        clear_mapping: false,
        delete_remote: true,
        ..CLEAR
    };
    assert!(bench.reset("a", order).unwrap().removal.not_visible);
    bench.backfill();
    bench.assert_settled("a", ANNA, &[]);
}

#[test]
fn a_reset_finds_the_account_that_was_made_for_an_earlier_email() {
    let bench = Bench::with_anna();
    bench.backfill_dying(Fuse::After(CREATE));
    assert_eq!(bench.directory().accounts.len(), 1);
    bench.change_email("a", NEW_ANNA);
    bench.pass(Duration::from_secs(61));
    assert!(
        bench
            .reset("a", CLEAR_AND_DELETE)
            .unwrap()
            .removal
            .deleted
            .is_some()
    );
    bench.backfill();
    bench.assert_settled("a", NEW_ANNA, &[]);
    assert!(bench.accounts_of(ANNA).is_empty());
}

#[test]
fn an_email_freed_by_a_reset_is_no_orphan_while_it_stays_taken() {
    let bench = Bench::with_anna();
    bench.backfill();
    bench.directory().delete_delay = Duration::from_secs(60);
    let order = ResetOrder {
        delete_remote: true,
        reprovision: true,
        ..CLEAR
    };
    let done = bench.reset("a", order).unwrap();
    assert!(matches!(
        done.reprovisioned,
        Some(Err(ProvisioningError::Failed(Failure::StillTaken)))
    ));
    bench.converge();
    bench.assert_settled("a", ANNA, &[]);
}
