//! Resets, and which accounts they delete.

use std::time::Duration;

use super::{Bench, CLEAR, CLEAR_AND_DELETE, CREATE, EVERYTHING};
use crate::provisioning::Failure;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::single::Unavailable;
use crate::provisioning::world::Fuse;
use crate::threedeye::RoleId;

#[test]
fn a_reset_with_everything_ends_in_a_new_account_with_the_old_roles() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
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
    bench.assert_settled("a", "anna@example.com", &["r1"]);
    // Again: there is still just one.
    bench.reset("a", EVERYTHING).unwrap();
    bench.assert_settled("a", "anna@example.com", &["r1"]);
}

#[test]
fn another_users_account_is_not_deleted_for_sharing_the_email() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.add_user("b", "anna@example.com");
    bench.backfill();
    let done = bench.reset("b", CLEAR_AND_DELETE).unwrap();
    assert!(done.removal.deleted.is_none() && !done.removal.not_visible);
    bench.assert_settled("a", "anna@example.com", &[]);
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
    assert!(matches!(done.reprovisioned, Some(Err(Unavailable::NoUser))));
    assert!(bench.world.mapping("unknown").is_none());
}

#[test]
fn another_users_unfinished_account_is_not_deleted_for_sharing_the_email() {
    let bench = Bench::new();
    bench.world.add_user("b", "anna@example.com");
    // Dies after the create, before it is written down.
    bench.backfill_dying(Fuse::After(CREATE));
    assert_eq!(bench.directory().accounts.len(), 1);
    bench.world.add_user("a", "anna@example.com");
    assert!(
        bench
            .reset("a", CLEAR_AND_DELETE)
            .unwrap()
            .removal
            .deleted
            .is_none()
    );
    assert_eq!(bench.world.accounts_of("anna@example.com").len(), 1);
}

#[test]
fn a_reset_forgets_an_account_that_was_removed_by_hand() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.backfill();
    bench.directory().accounts.clear();
    let order = ResetOrder {
        clear_mapping: false,
        delete_remote: true,
        ..CLEAR
    };
    assert!(bench.reset("a", order).unwrap().removal.not_visible);
    bench.backfill();
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn a_reset_finds_the_account_that_was_made_for_an_earlier_email() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.backfill_dying(Fuse::After(CREATE));
    assert_eq!(bench.directory().accounts.len(), 1);
    bench.world.change_email("a", "anna@new.example");
    bench.world.pass(Duration::from_secs(61));
    assert!(
        bench
            .reset("a", CLEAR_AND_DELETE)
            .unwrap()
            .removal
            .deleted
            .is_some()
    );
    bench.backfill();
    bench.assert_settled("a", "anna@new.example", &[]);
    assert!(bench.world.accounts_of("anna@example.com").is_empty());
}

#[test]
fn an_email_freed_by_a_reset_is_no_orphan_while_it_stays_taken() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
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
        Some(Err(Unavailable::Failed(Failure::StillTaken)))
    ));
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &[]);
}
