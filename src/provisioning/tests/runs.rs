//! A backfill run as a whole.

use super::{ANNA, Bench, CLEAR_AND_DELETE, refused};
use crate::provisioning::record::State;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::simulated::Operation;

#[test]
fn a_fresh_user_gets_one_account() {
    let bench = Bench::new();
    bench.add_user("a", " Anna@Example.com ");
    let run = bench.backfill();
    assert!(run.success);
    assert_eq!((run.tally.total, run.tally.created), (1, 1));
    assert_eq!(run.remaining, 0);
    bench.assert_settled("a", ANNA, &[]);
    assert_eq!(bench.world.audit_outcomes("a"), ["created"]);
}

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
fn the_second_user_of_an_email_fails_once_and_is_set_aside() {
    let bench = Bench::with_anna();
    bench.add_user("b", "ANNA@example.com");
    let run = bench.backfill();
    assert_eq!((run.tally.created, run.tally.failed), (1, 1));
    assert_eq!(bench.mapping("b").unwrap().state, State::SetAside);
    assert_eq!(bench.backfill().tally.total, 0);
    assert!(matches!(
        bench.credentials("b"),
        Err(ProvisioningError::Failed(Failure::Duplicate))
    ));
    // The other's mapping changes, so this one is due again.
    bench.reset("a", CLEAR_AND_DELETE).unwrap();
    assert_eq!(bench.queued(), ["a", "b"]);
}

#[test]
fn a_run_replaces_no_more_than_it_may() {
    let bench = Bench::new();
    for n in 0..5 {
        let email = format!("u{n}@example.com");
        bench.add_user(&format!("u{n}"), &email);
        bench.add_account(&format!("old{n}"), &email, &[]);
    }
    let run = bench.backfill_replacing(0);
    assert_eq!((run.tally.created, run.tally.skipped), (0, 5));
    let run = bench.backfill_replacing(2);
    assert_eq!((run.tally.created, run.tally.skipped), (2, 3));
    assert!(
        run.tally
            .errors
            .iter()
            .any(|e| e.contains("take-over limit"))
    );
    assert_eq!(bench.backfill_replacing(2).tally.created, 2);
    assert_eq!(bench.backfill_replacing(2).tally.created, 1);
}

#[test]
fn a_rate_limit_ends_the_run_and_loses_no_user() {
    let bench = Bench::new();
    for n in 0..20 {
        bench.add_user(&format!("u{n:02}"), &format!("u{n}@example.com"));
    }
    bench.plan_faults(Operation::Create, [refused(429)]);
    let run = bench.backfill();
    assert!(!run.success);
    assert!(
        run.tally
            .errors
            .iter()
            .any(|e| e.contains("limits our rate"))
    );
    let tally = &run.tally;
    assert_eq!(tally.total, tally.created + tally.failed + tally.skipped);
    assert!(tally.skipped > 0);
    bench.converge();
    for n in 0..20 {
        bench.assert_settled(&format!("u{n:02}"), &format!("u{n}@example.com"), &[]);
    }
}

#[test]
fn five_failures_in_a_row_end_the_run() {
    let bench = Bench::new();
    for n in 0..30 {
        bench.add_user(&format!("u{n:02}"), &format!("u{n}@example.com"));
    }
    bench.plan_faults(Operation::Create, [403; 30].map(refused));
    let run = bench.backfill();
    assert!(!run.success);
    assert!(run.tally.failed < 15, "{}", run.tally.failed);
    assert!(run.tally.errors.iter().any(|e| e.contains("in a row")));
    assert_eq!(run.remaining, 30);
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
