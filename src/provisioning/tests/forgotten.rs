//! The account that a reset let go of.

use std::time::Duration;

use super::{ANNA, Bench, CLEAR, CLEAR_AND_DELETE, CREATE, NEW_ANNA, REMOVALS, outage, sealer};
use crate::provisioning::world::Fuse;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

#[test]
fn an_account_that_a_reset_let_go_of_is_not_left_behind_by_a_new_email() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["r1"]);
    bench.backfill();
    assert!(bench.reset("a", CLEAR).unwrap().cleared_mapping);
    bench.change_email("a", NEW_ANNA);
    bench.backfill();
    bench.assert_settled("a", NEW_ANNA, &["r1"]);
    assert!(bench.accounts_of(ANNA).is_empty());
}

#[test]
fn an_account_that_a_reset_let_go_of_is_its_users_though_another_wants_its_email() {
    let bench = Bench::with_anna();
    bench.add_account("old", ANNA, &["r1"]);
    bench.backfill();
    bench.add_user("b", ANNA);
    bench.backfill();
    bench.change_email("a", NEW_ANNA);
    // Frees the e-mail, which is then the other's, who may not replace the account yet.
    bench.reset("a", CLEAR).unwrap();
    bench.backfill_replacing(0);
    bench.change_email("b", "bert@example.com");
    bench.converge();
    assert!(bench.accounts_of(ANNA).is_empty());
    bench.assert_settled("a", NEW_ANNA, &["r1"]);
    bench.assert_settled("b", "bert@example.com", &[]);
}

#[test]
fn an_account_whose_key_is_lost_does_not_hold_up_its_user_for_ever() {
    let mut bench = Bench::with_anna();
    // Dies before the create, so there is no account that a list could show.
    bench.backfill_dying(Fuse::Before(CREATE));
    assert_eq!(bench.calls(Operation::List), 1);
    assert!(bench.directory().accounts.is_empty());
    bench.pass(Duration::from_secs(3600));
    bench.change_email("a", NEW_ANNA);
    bench.sealer = sealer(6);
    bench.reset("a", CLEAR).unwrap();
    bench.reset("a", CLEAR_AND_DELETE).unwrap();
    bench.converge();
    bench.assert_settled("a", NEW_ANNA, &[]);
}

#[test]
fn a_reset_that_sees_neither_account_forgets_none_that_is_there() {
    let bench = Bench::with_anna();
    bench.directory().create_delay = Duration::from_secs(600);
    bench.plan_faults(Operation::Create, [Fault::AnswerLost]);
    bench.backfill();
    bench.reset("a", CLEAR).unwrap();
    bench.change_email("a", NEW_ANNA);
    assert_eq!(
        bench.backfill().tally.failed,
        1,
        "the first is not visible yet"
    );
    let ended = bench.reset("a", CLEAR_AND_DELETE);
    assert!(matches!(
        ended,
        Err(ProvisioningError::Failed(Failure::NotVisibleYet))
    ));
    bench.directory().create_delay = Duration::ZERO;
    bench.converge();
    bench.assert_settled("a", NEW_ANNA, &[]);
    assert!(bench.accounts_of(ANNA).is_empty());
}

/// Anna's account was created but is not visible yet; the row was cleared since, and an intent for the
/// same e-mail recorded that came to nothing.
fn cleared_and_begun_again() -> Bench {
    let bench = Bench::with_anna();
    bench.directory().create_delay = Duration::from_secs(600);
    bench.plan_faults(Operation::Create, [Fault::AnswerLost]);
    bench.backfill();
    bench.reset("a", CLEAR).unwrap();
    bench.plan_faults(Operation::List, outage());
    bench.backfill();
    assert_eq!(bench.accounts_of(ANNA).len(), 1);
    bench
}

#[test]
fn the_account_of_a_user_that_is_reset_twice_leaves_with_it() {
    let bench = cleared_and_begun_again();
    assert!(bench.reset("a", CLEAR).unwrap().cleared_mapping);
    bench.delete_user("a");
    bench.pass(REMOVALS.wait);
    assert_eq!(bench.backfill().removed, 1);
    assert!(bench.accounts_of(ANNA).is_empty());
}

#[test]
fn a_user_that_is_reset_twice_is_provisioned() {
    let bench = cleared_and_begun_again();
    bench.reset("a", CLEAR).unwrap();
    bench.converge();
    bench.assert_settled("a", ANNA, &[]);
}

#[test]
fn a_second_reset_lets_go_of_an_intent_whose_key_is_lost() {
    let mut bench = cleared_and_begun_again();
    bench.sealer = sealer(6);
    bench.reset("a", CLEAR).unwrap();
    bench.converge();
    bench.assert_settled("a", ANNA, &[]);
}
