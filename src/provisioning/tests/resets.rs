//! Resets, and which accounts they delete.

use std::time::Duration;

use super::{ANNA, Bench, CLEAR, CLEAR_AND_DELETE, CREATE, NEW_ANNA};
use crate::kernel::UserId;
use crate::provisioning::reset::{ResetOrder, ResetTerms};
use crate::provisioning::world::Fuse;
use crate::provisioning::{Failure, ProvisioningError};
use crate::testing::transport::yield_once;
use crate::threedeye::simulated::Operation;

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

#[test]
fn no_roles_wait_for_a_user_that_returns_while_its_account_is_looked_for() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["r1"]);
    bench.backfill();
    bench.delete_user("a");
    let (user, context, lists) = (
        UserId::new("a"),
        bench.context(),
        bench.calls(Operation::List),
    );
    let reset = context.reset(
        Some(bench.client()),
        &user,
        CLEAR_AND_DELETE,
        ResetTerms::ANY,
    );
    let returning = async {
        while bench.calls(Operation::List) == lists {
            yield_once().await;
        }
        bench.add_user("a", ANNA);
    };
    let both = futures_util::future::join(reset, returning);
    let ended = bench.run(Fuse::None, async { both.await.0 }).unwrap();
    assert!(matches!(ended, Err(ProvisioningError::Busy { .. })));
    bench.assert_settled("a", ANNA, &["r1"]);
}
