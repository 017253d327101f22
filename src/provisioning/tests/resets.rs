//! Resets, and which accounts they delete.

use std::time::Duration;

use super::{ANNA, Bench, CLEAR, CLEAR_AND_DELETE, CREATE, EVERYTHING, NEW_ANNA};
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::world::Fuse;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::RoleId;

#[test]
fn a_reset_with_everything_ends_in_a_new_account_with_the_old_roles() {
    let bench = Bench::with_anna();
    bench.backfill();
    {
        let role = RoleId("r1".to_owned());
        let mut directory = bench.directory();
        directory.roles.insert(role.clone());
        directory.accounts[0].user.roles.push(role);
    }
    let done = bench.reset("a", EVERYTHING).unwrap();
    assert!(done.cleared_mapping);
    assert_eq!(done.removal.roles.len(), 1);
    assert!(done.reprovisioned.unwrap().is_ok());
    bench.assert_settled("a", ANNA, &["r1"]);
    // Again: there is still just one.
    bench.reset("a", EVERYTHING).unwrap();
    bench.assert_settled("a", ANNA, &["r1"]);
}

#[test]
fn another_users_account_is_not_deleted_for_sharing_the_email() {
    let bench = Bench::with_anna();
    bench.add_user("b", ANNA);
    bench.backfill();
    let done = bench.reset("b", CLEAR_AND_DELETE).unwrap();
    assert!(done.removal.deleted.is_none() && !done.removal.not_visible);
    bench.assert_settled("a", ANNA, &[]);
}

#[test]
fn an_unknown_user_is_reset_without_leaving_a_trace() {
    let bench = Bench::new();
    let order = ResetOrder {
        delete_remote: true,
        reprovision: true,
        ..CLEAR
    };
    let done = bench.reset("unknown", order).unwrap();
    assert!(!done.user_found && !done.cleared_mapping);
    assert!(matches!(
        done.reprovisioned,
        Some(Err(ProvisioningError::NoUser))
    ));
    assert!(bench.mapping("unknown").is_none());
}

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
