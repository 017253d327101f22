//! What is promised of provisioning, on a world in memory.

use std::time::Duration;

use base64::Engine as _;

use crate::kernel::audit::{Actor, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::sealing::Purpose;
use crate::kernel::{Clock as _, EmailKey, RequestId, Sealer, Secret, Timestamp, UserId};
use crate::provisioning::Failure;
use crate::provisioning::Toolbox;
use crate::provisioning::backfill::{Finished, Order};
use crate::provisioning::memory::{Fuse, World, yield_once};
use crate::provisioning::policy::{SETTLING, SINGLE_BUDGET};
use crate::provisioning::record::State;
use crate::provisioning::reset::{ResetDone, ResetOrder, ResetRefused};
use crate::provisioning::single::Unavailable;
use crate::provisioning::store::{Store, Trigger};
use crate::threedeye::{RoleId, UpstreamError};

struct Bench {
    world: World,
    sealer: Sealer,
    origin: Origin,
}

type Tools<'a> = Toolbox<'a, World, World, World, Seeded>;

const PLAIN_RESET: ResetOrder = ResetOrder {
    clear_mapping: true,
    delete_remote: false,
    reprovision: false,
    preserve_roles: false,
};

const fn order(max_takeovers: u32) -> Order {
    Order {
        trigger: Trigger::Manual,
        limit: 50,
        max_takeovers,
    }
}

impl Bench {
    fn new() -> Self {
        let key = base64::engine::general_purpose::STANDARD.encode([5; 32]);
        Self {
            world: World::new(),
            sealer: Sealer::new(&Secret::new(key), None).unwrap(),
            origin: Origin::event(
                Actor::cron(),
                RequestId::mint(Timestamp::from_millis(1), &Seeded::new(1)),
            ),
        }
    }

    fn tools(&self) -> Tools<'_> {
        Toolbox {
            upstream: &self.world,
            store: &self.world,
            clock: &self.world,
            random: &self.world.random,
            sealer: &self.sealer,
            origin: &self.origin,
        }
    }

    fn backfill_until(&self, fuse: Fuse, max_takeovers: u32) -> Option<Finished> {
        let run = self.tools();
        let order = order(max_takeovers);
        self.world
            .run(fuse, async { run.backfill(order).await.unwrap() })
    }

    /// A backfill beside which something else happens once its users are claimed.
    fn backfill_beside(&self, event: impl FnOnce()) -> Finished {
        let tools = self.tools();
        let run = async { tools.backfill(order(20)).await.unwrap() };
        let other = async {
            for _ in 0..3 {
                yield_once().await;
            }
            event();
        };
        let both = futures_util::future::join(run, other);
        let ended = self.world.run(Fuse::None, async { both.await.0 });
        ended.unwrap()
    }

    fn backfill(&self) -> Finished {
        self.backfill_until(Fuse::None, 20).unwrap()
    }

    fn credentials(&self, user: &str) -> Result<(String, String), Unavailable> {
        let user = UserId::new(user);
        let tools = self.tools();
        self.world
            .run(Fuse::None, async {
                let dossier = self.world.dossier(&user).await.unwrap();
                let account = tools.account(&user, dossier, true).await?;
                Ok((account.id.0, account.password.expose().to_owned()))
            })
            .unwrap()
    }

    fn reset(&self, user: &str, order: ResetOrder) -> Result<ResetDone, ResetRefused> {
        let user = UserId::new(user);
        let tools = self.tools();
        self.world
            .run(Fuse::None, async { tools.reset(&user, order, true).await })
            .unwrap()
    }

    /// The one sentence that support must be able to trust.
    fn assert_settled(&self, user: &str, email: &str, roles: &[&str]) {
        let mapping = self.world.mapping(user).unwrap();
        assert_eq!(mapping.state, State::Complete, "{user}");
        let accounts = self.world.accounts_of(email);
        assert_eq!(accounts.len(), 1, "{user}: exactly one remote account");
        assert_eq!(mapping.threedeye_id.as_ref(), Some(&accounts[0].user.id));
        let sealed = mapping.password.unwrap();
        let stored = self
            .sealer
            .open(Purpose::ThreedeyePassword, &UserId::new(user), &sealed)
            .unwrap();
        assert_eq!(stored.expose(), accounts[0].password, "{user}: password");
        for role in roles {
            let role = RoleId((*role).to_owned());
            assert!(accounts[0].user.roles.contains(&role), "{user}: {role:?}");
        }
        assert_eq!(self.world.recovery(user), None, "{user}: no roles wait");
        assert!(!self.world.queued().contains(&user.to_owned()));
    }

    /// Runs until nothing is due any more; leases of the dead run out in between.
    fn converge(&self) {
        for _ in 0..8 {
            self.world.pass(Duration::from_secs(3600));
            self.backfill();
            if self.world.queued().is_empty() {
                return;
            }
        }
        panic!("still queued: {:?}", self.world.queued());
    }
}

#[test]
fn a_fresh_user_gets_one_account() {
    let bench = Bench::new();
    bench.world.add_user("a", " Anna@Example.com ");
    let run = bench.backfill();
    assert!(run.success);
    assert_eq!((run.tally.total, run.tally.created), (1, 1));
    assert_eq!(run.remaining, 0);
    bench.assert_settled("a", "anna@example.com", &[]);
    assert_eq!(bench.world.audit_outcomes("a"), ["created"]);
}

#[test]
fn fifty_users_cost_one_survey_one_create_each_and_few_writes() {
    let bench = Bench::new();
    for n in 0..50 {
        bench
            .world
            .add_user(&format!("u{n}"), &format!("u{n}@example.com"));
    }
    let run = bench.backfill();
    assert_eq!(run.tally.created, 50);
    let (creates, surveys) = {
        let remote = bench.world.remote.borrow();
        (remote.creates, remote.surveys)
    };
    assert_eq!((creates, surveys), (50, 1));
    let database_calls = bench.world.effects() - creates - surveys;
    assert!(database_calls <= 6, "{database_calls}");
}

#[test]
fn a_lost_answer_is_made_good_by_adoption() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.remote.borrow_mut().lose_next_answer = true;
    let run = bench.backfill();
    assert_eq!(run.tally.created, 1);
    bench.assert_settled("a", "anna@example.com", &[]);
    assert_eq!(bench.world.remote.borrow().creates, 1);
    assert_eq!(bench.world.audit_outcomes("a"), ["adopted"]);
}

#[test]
fn an_account_that_does_not_open_is_replaced_and_keeps_its_roles() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "Anna@example.com", "unknown", &["r1", "r2"], true);
    assert_eq!(bench.backfill().tally.created, 1);
    bench.assert_settled("a", "anna@example.com", &["r1", "r2"]);
    assert_eq!(bench.world.remote.borrow().deleted.len(), 1);
}

#[test]
fn a_deleted_email_that_stays_taken_for_a_while_is_waited_for() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &["r1"], true);
    bench.world.remote.borrow_mut().delete_delay = Duration::from_secs(3);
    assert_eq!(bench.backfill().tally.created, 1);
    bench.assert_settled("a", "anna@example.com", &["r1"]);
}

#[test]
fn a_deleted_email_that_stays_taken_for_long_is_no_orphan() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &["r1"], true);
    bench.world.remote.borrow_mut().delete_delay = Duration::from_secs(60);
    let run = bench.backfill();
    assert_eq!((run.tally.failed, run.tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &["r1"]);
}

#[test]
fn an_account_that_becomes_visible_late_is_adopted() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    {
        let mut remote = bench.world.remote.borrow_mut();
        remote.create_delay = Duration::from_secs(60);
        remote.lose_next_answer = true;
    }
    let run = bench.backfill();
    assert_eq!((run.tally.failed, run.tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn an_orphan_is_quarantined_and_blocks_nobody() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.add_user("b", "bert@example.com");
    bench
        .world
        .add_account("x", "anna@example.com", "p", &[], false);
    let run = bench.backfill();
    assert_eq!(
        (run.tally.created, run.tally.failed, run.tally.quarantined),
        (1, 1, 1)
    );
    assert_eq!(bench.world.mapping("a").unwrap().state, State::Quarantined);
    assert_eq!(bench.backfill().tally.total, 0, "quarantined until a reset");
    assert!(matches!(
        bench.credentials("a"),
        Err(Unavailable::Failed(Failure::Orphan))
    ));
    bench.world.remote.borrow_mut().accounts.clear();
    bench.reset("a", PLAIN_RESET).unwrap();
    bench.backfill();
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn a_changed_email_ends_a_quarantine() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("x", "anna@example.com", "p", &[], false);
    bench.backfill();
    bench.world.change_email("a", "anna@new.example");
    bench.backfill();
    bench.assert_settled("a", "anna@new.example", &[]);
}

#[test]
fn an_account_made_for_the_old_email_is_adopted_after_a_change() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    // Effects: open run, claim, survey, create; the actor dies after the create.
    assert!(bench.backfill_until(Fuse::After(4), 20).is_none());
    bench.world.change_email("a", "anna@new.example");
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &[]);
    assert!(bench.world.accounts_of("anna@new.example").is_empty());
}

#[test]
fn the_second_user_of_an_email_fails_once_and_is_set_aside() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.add_user("b", "ANNA@example.com");
    let run = bench.backfill();
    assert_eq!((run.tally.created, run.tally.failed), (1, 1));
    assert_eq!(bench.world.mapping("b").unwrap().state, State::SetAside);
    assert_eq!(bench.backfill().tally.total, 0);
    assert!(matches!(
        bench.credentials("b"),
        Err(Unavailable::Failed(Failure::Duplicate))
    ));
    // The other's mapping changes: this one gets its chance.
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    bench.reset("a", order).unwrap();
    assert_eq!(bench.world.queued(), ["a", "b"]);
}

#[test]
fn our_own_login_is_never_deleted() {
    let bench = Bench::new();
    bench.world.add_user("a", "svc@example.com");
    bench
        .world
        .add_account("own", "svc@example.com", "p", &[], true);
    bench.world.remote.borrow_mut().login = crate::kernel::EmailKey::of("svc@example.com");
    let run = bench.backfill();
    assert_eq!(run.tally.failed, 1);
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    assert!(matches!(
        bench.reset("a", order),
        Err(ResetRefused::Failed(Failure::OwnLogin))
    ));
    assert_eq!(bench.world.accounts_of("svc@example.com").len(), 1);
}

#[test]
fn a_run_takes_over_no_more_than_it_may() {
    let bench = Bench::new();
    for n in 0..5 {
        let email = format!("u{n}@example.com");
        bench.world.add_user(&format!("u{n}"), &email);
        bench
            .world
            .add_account(&format!("old{n}"), &email, "unknown", &[], true);
    }
    let run = bench.backfill_until(Fuse::None, 0).unwrap();
    assert_eq!((run.tally.created, run.tally.skipped), (0, 5));
    let run = bench.backfill_until(Fuse::None, 2).unwrap();
    assert_eq!((run.tally.created, run.tally.skipped), (2, 3));
    assert!(
        run.tally
            .errors
            .iter()
            .any(|e| e.contains("take-over limit"))
    );
    assert_eq!(
        bench.backfill_until(Fuse::None, 2).unwrap().tally.created,
        2
    );
    assert_eq!(
        bench.backfill_until(Fuse::None, 2).unwrap().tally.created,
        1
    );
}

#[test]
fn a_rate_limit_ends_the_run_and_loses_nobody() {
    let bench = Bench::new();
    for n in 0..20 {
        bench
            .world
            .add_user(&format!("u{n:02}"), &format!("u{n}@example.com"));
    }
    let limited = UpstreamError::RateLimited { retry_after: None };
    bench.world.remote.borrow_mut().create_errors = vec![limited];
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
        bench
            .world
            .add_user(&format!("u{n:02}"), &format!("u{n}@example.com"));
    }
    bench.world.remote.borrow_mut().create_errors = vec![UpstreamError::Protocol; 30];
    let run = bench.backfill();
    assert!(!run.success);
    assert!(run.tally.failed < 15, "{}", run.tally.failed);
    assert!(run.tally.errors.iter().any(|e| e.contains("in a row")));
    assert_eq!(run.remaining, 30);
}

#[test]
fn missing_roles_leave_the_account_usable_and_the_user_queued() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &["missing-1"], true);
    let run = bench.backfill();
    assert_eq!(run.tally.failed, 1);
    assert_eq!(bench.world.mapping("a").unwrap().state, State::Attaching);
    assert_eq!(bench.world.queued(), ["a"]);
    assert!(bench.credentials("a").is_ok());
}

#[test]
fn credentials_answer_the_same_account_every_time() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    let first = bench.credentials("a").unwrap();
    assert_eq!(bench.credentials("a").unwrap(), first);
    bench.assert_settled("a", "anna@example.com", &[]);
    assert_eq!(bench.world.remote.borrow().creates, 1);
}

#[test]
fn a_reset_with_everything_ends_in_a_new_account_with_the_old_roles() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.backfill();
    bench.world.remote.borrow_mut().accounts[0]
        .user
        .roles
        .push(RoleId("r1".to_owned()));
    let order = ResetOrder {
        clear_mapping: true,
        delete_remote: true,
        reprovision: true,
        preserve_roles: true,
    };
    let done = bench.reset("a", order).unwrap();
    assert!(done.cleared_mapping);
    assert_eq!(done.removal.roles.len(), 1);
    assert!(done.reprovisioned.unwrap().is_ok());
    bench.assert_settled("a", "anna@example.com", &["r1"]);
    // Again: there is still just one.
    bench.reset("a", order).unwrap();
    bench.assert_settled("a", "anna@example.com", &["r1"]);
}

#[test]
fn another_users_account_is_not_deleted_for_sharing_the_email() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.add_user("b", "anna@example.com");
    bench.backfill();
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    let done = bench.reset("b", order).unwrap();
    assert!(done.removal.deleted.is_none() && !done.removal.not_visible);
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn an_unknown_user_is_reset_without_leaving_a_trace() {
    let bench = Bench::new();
    let order = ResetOrder {
        delete_remote: true,
        reprovision: true,
        ..PLAIN_RESET
    };
    let done = bench.reset("nobody", order).unwrap();
    assert!(!done.user_found && !done.cleared_mapping);
    assert!(matches!(done.reprovisioned, Some(Err(Unavailable::NoUser))));
    assert!(bench.world.mapping("nobody").is_none());
}

#[test]
fn another_users_unfinished_account_is_not_deleted_for_sharing_the_email() {
    let bench = Bench::new();
    bench.world.add_user("b", "anna@example.com");
    // Dies after the create, before it is written down.
    assert!(bench.backfill_until(Fuse::After(4), 20).is_none());
    bench.world.add_user("a", "anna@example.com");
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    assert!(bench.reset("a", order).unwrap().removal.deleted.is_none());
    assert_eq!(bench.world.accounts_of("anna@example.com").len(), 1);
}

#[test]
fn a_reset_that_dies_after_the_delete_leaves_work_in_the_queue() {
    for clear_mapping in [true, false] {
        let bench = crash_scene();
        bench.backfill();
        let order = ResetOrder {
            clear_mapping,
            delete_remote: true,
            reprovision: false,
            preserve_roles: true,
        };
        let user = UserId::new("b");
        let tools = bench.tools();
        // Effects: dossier, seize, survey, foreign, announce, delete.
        let ended = bench.world.run(Fuse::After(6), async {
            tools.reset(&user, order, true).await.is_ok()
        });
        assert_eq!(ended, None);
        assert!(bench.world.accounts_of("bert@example.com").is_empty());
        bench.converge();
        bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
    }
}

#[test]
fn a_reset_forgets_an_account_that_somebody_removed_by_hand() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.backfill();
    bench.world.remote.borrow_mut().accounts.clear();
    let order = ResetOrder {
        clear_mapping: false,
        delete_remote: true,
        ..PLAIN_RESET
    };
    assert!(bench.reset("a", order).unwrap().removal.not_visible);
    bench.backfill();
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn a_reset_finds_the_account_that_was_made_for_an_earlier_email() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    assert!(bench.backfill_until(Fuse::After(4), 20).is_none());
    bench.world.change_email("a", "anna@new.example");
    bench.world.pass(Duration::from_secs(61));
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    assert!(bench.reset("a", order).unwrap().removal.deleted.is_some());
    bench.backfill();
    bench.assert_settled("a", "anna@new.example", &[]);
    assert!(bench.world.accounts_of("anna@example.com").is_empty());
}

#[test]
fn an_account_that_a_reset_let_go_of_is_not_left_behind_by_a_new_email() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &["r1"], true);
    bench.backfill();
    assert!(bench.reset("a", PLAIN_RESET).unwrap().cleared_mapping);
    bench.world.change_email("a", "anna@new.example");
    bench.backfill();
    bench.assert_settled("a", "anna@new.example", &["r1"]);
    assert!(bench.world.accounts_of("anna@example.com").is_empty());
}

#[test]
fn an_account_that_a_reset_let_go_of_is_its_users_though_another_wants_its_email() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &["r1"], true);
    bench.backfill();
    bench.world.add_user("b", "anna@example.com");
    bench.backfill();
    bench.world.change_email("a", "anna@new.example");
    // Frees the e-mail, which is then the other's, who may not replace the account yet.
    bench.reset("a", PLAIN_RESET).unwrap();
    bench.backfill_until(Fuse::None, 0).unwrap();
    bench.world.change_email("b", "bert@example.com");
    bench.converge();
    assert!(bench.world.accounts_of("anna@example.com").is_empty());
    bench.assert_settled("a", "anna@new.example", &["r1"]);
    bench.assert_settled("b", "bert@example.com", &[]);
}

#[test]
fn a_list_that_cannot_be_read_again_makes_nobody_an_orphan() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("late", "anna@example.com", "unknown", &["r1"], true);
    {
        let mut remote = bench.world.remote.borrow_mut();
        remote.accounts[0].visible_from = bench.world.now().plus(Duration::from_millis(500));
        remote.survey_errors = vec![None, Some(UpstreamError::Transient)];
    }
    let run = bench.backfill();
    assert_eq!((run.tally.failed, run.tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &["r1"]);
}

#[test]
fn earlier_failures_do_not_shorten_the_wait_after_our_own_delete() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &["r1"], true);
    for _ in 0..6 {
        bench.world.remote.borrow_mut().delete_errors = vec![UpstreamError::Transient];
        bench.backfill();
        bench.world.pass(Duration::from_secs(3600));
    }
    assert_eq!(bench.world.mapping("a").unwrap().attempts, 6);
    bench.world.remote.borrow_mut().delete_delay = Duration::from_secs(30);
    assert_eq!(bench.backfill().tally.quarantined, 0);
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &["r1"]);
}

const EVERYTHING: ResetOrder = ResetOrder {
    clear_mapping: true,
    delete_remote: true,
    reprovision: true,
    preserve_roles: true,
};

/// Resets a user that has its account, with a list and a delete that take this
/// many seconds; tells how long it took.
fn slow_reset(list: u64, delete: u64) -> (Bench, Result<ResetDone, ResetRefused>, Duration) {
    let bench = crash_scene();
    bench.backfill();
    {
        let mut remote = bench.world.remote.borrow_mut();
        let slow = [("list", list), ("delete", delete)];
        remote.latencies = slow.map(|(call, s)| (call, Duration::from_secs(s))).into();
    }
    let started = bench.world.now();
    let ended = bench.reset("b", EVERYTHING);
    let took = bench.world.now().since(started);
    bench.world.remote.borrow_mut().latencies.clear();
    (bench, ended, took)
}

#[test]
fn a_reset_and_its_provisioning_share_one_budget() {
    let (bench, ended, took) = slow_reset(8, 8);
    assert!(ended.unwrap().reprovisioned.unwrap().is_ok());
    assert!(took < SINGLE_BUDGET, "{took:?}");
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn a_reset_without_time_to_provision_says_so_and_leaves_it_to_the_queue() {
    let (bench, ended, took) = slow_reset(15, 13);
    let done = ended.unwrap();
    assert!(done.cleared_mapping && done.removal.deleted.is_some());
    assert!(matches!(
        done.reprovisioned,
        Some(Err(Unavailable::Failed(Failure::OutOfTime)))
    ));
    assert!(took < SINGLE_BUDGET, "{took:?}");
    assert!(bench.world.mapping("b").is_none(), "nothing was begun");
    bench.backfill();
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn a_provisioning_that_runs_out_of_time_halfway_is_gone_on_with() {
    let (bench, ended, took) = slow_reset(12, 12);
    assert!(ended.unwrap().reprovisioned.unwrap().is_err());
    assert!(took <= SINGLE_BUDGET, "{took:?}");
    bench.converge();
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn a_reset_that_runs_out_of_time_before_it_clears_clears_nothing() {
    let (bench, ended, took) = slow_reset(15, 16);
    assert!(matches!(ended, Err(ResetRefused::Failed(_))));
    assert!(took <= SINGLE_BUDGET, "{took:?}");
    assert!(bench.world.mapping("b").unwrap().password.is_some());
    bench.world.pass(SETTLING);
    assert!(bench.reset("b", EVERYTHING).unwrap().cleared_mapping);
    bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
}

#[test]
fn an_account_whose_key_is_lost_does_not_hold_up_its_user_for_ever() {
    let mut bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    // Dies before the create, so there is no account that a list could show.
    assert!(bench.backfill_until(Fuse::Before(4), 20).is_none());
    bench.world.pass(Duration::from_secs(3600));
    bench.world.change_email("a", "anna@new.example");
    let other = base64::engine::general_purpose::STANDARD.encode([6; 32]);
    bench.sealer = Sealer::new(&Secret::new(other), None).unwrap();
    bench.reset("a", PLAIN_RESET).unwrap();
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    bench.reset("a", order).unwrap();
    bench.converge();
    bench.assert_settled("a", "anna@new.example", &[]);
}

#[test]
fn a_reset_that_sees_neither_account_forgets_none_that_is_there() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    {
        let mut remote = bench.world.remote.borrow_mut();
        remote.create_delay = Duration::from_secs(600);
        remote.lose_next_answer = true;
    }
    bench.backfill();
    bench.reset("a", PLAIN_RESET).unwrap();
    bench.world.change_email("a", "anna@new.example");
    assert_eq!(
        bench.backfill().tally.failed,
        1,
        "the first is not visible yet"
    );
    let order = ResetOrder {
        delete_remote: true,
        ..PLAIN_RESET
    };
    let ended = bench.reset("a", order);
    assert!(matches!(
        ended,
        Err(ResetRefused::Failed(Failure::NotVisibleYet))
    ));
    bench.world.remote.borrow_mut().create_delay = Duration::ZERO;
    bench.converge();
    bench.assert_settled("a", "anna@new.example", &[]);
    assert!(bench.world.accounts_of("anna@example.com").is_empty());
}

#[test]
fn an_email_freed_by_a_reset_is_no_orphan_while_it_stays_taken() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.backfill();
    bench.world.remote.borrow_mut().delete_delay = Duration::from_secs(60);
    let order = ResetOrder {
        delete_remote: true,
        reprovision: true,
        ..PLAIN_RESET
    };
    let done = bench.reset("a", order).unwrap();
    assert!(matches!(
        done.reprovisioned,
        Some(Err(Unavailable::Failed(Failure::StillTaken)))
    ));
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn an_email_that_another_users_reset_frees_meanwhile_is_no_orphan() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench
        .world
        .add_account("old", "anna@example.com", "unknown", &[], true);
    let second = Duration::from_secs(1);
    bench.world.remote.borrow_mut().latencies = [("list", second)].into();
    // The other found the account to be its own before the user was claimed.
    let run = bench.backfill_beside(|| {
        let now = bench.world.now();
        let email = EmailKey::of("anna@example.com").unwrap();
        let mut tables = bench.world.tables.borrow_mut();
        tables.removals.insert(email.clone(), now);
        let mut remote = bench.world.remote.borrow_mut();
        remote.accounts.clear();
        remote.taken_until.insert(email, now.plus(60 * second));
    });
    let tally = run.tally;
    assert_eq!((tally.failed, tally.quarantined), (1, 0));
    bench.converge();
    bench.assert_settled("a", "anna@example.com", &[]);
}

#[test]
fn a_role_that_is_gone_does_not_hold_up_the_others() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.add_account(
        "old",
        "anna@example.com",
        "unknown",
        &["missing-1", "r2"],
        true,
    );
    bench.backfill();
    let account = bench.world.accounts_of("anna@example.com").remove(0);
    assert_eq!(account.user.roles, [RoleId("r2".to_owned())]);
}

#[test]
fn an_email_corrected_during_a_run_is_not_forgotten() {
    // The e-mail changes after the claim, so the run ends in a quarantine for
    // the old one.
    let bench = Bench::new();
    bench.world.add_user("a", "typo@example.com");
    bench
        .world
        .add_account("x", "typo@example.com", "p", &[], false);
    let run = bench.backfill_beside(|| bench.world.change_email("a", "right@example.com"));
    assert_eq!(run.tally.failed, 1);
    bench.converge();
    bench.assert_settled("a", "right@example.com", &[]);
}

#[test]
fn a_read_password_moves_to_the_current_key() {
    let mut bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    let before = bench.credentials("a").unwrap();
    let keys = [6, 5]
        .map(|byte| Secret::new(base64::engine::general_purpose::STANDARD.encode([byte; 32])));
    bench.sealer = Sealer::new(&keys[0], Some(&keys[1])).unwrap();
    assert_eq!(bench.credentials("a").unwrap(), before);
    // The previous key is not needed for this user any more.
    bench.sealer = Sealer::new(&keys[0], None).unwrap();
    assert_eq!(bench.credentials("a").unwrap(), before);
}

/// Builds the same small world for every run of the crash test: a fresh user,
/// one to replace, one whose roles wait.
fn crash_scene() -> Bench {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    bench.world.add_user("b", "bert@example.com");
    bench
        .world
        .add_account("old", "bert@example.com", "unknown", &["r1", "r2"], true);
    bench
}

#[test]
fn whatever_step_a_run_dies_at_the_next_ones_end_it_well() {
    let length = {
        let bench = crash_scene();
        bench.backfill();
        bench.world.effects()
    };
    assert!(length > 8);
    for number in 1..=length {
        for fuse in [Fuse::Before(number), Fuse::After(number)] {
            let bench = crash_scene();
            assert!(bench.backfill_until(fuse, 20).is_none(), "{fuse:?}");
            bench.converge();
            bench.assert_settled("a", "anna@example.com", &[]);
            bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
        }
    }
}

#[test]
fn whatever_step_a_reset_dies_at_the_next_runs_end_it_well() {
    let order = ResetOrder {
        clear_mapping: true,
        delete_remote: true,
        reprovision: true,
        preserve_roles: true,
    };
    let die = |fuse| {
        let bench = crash_scene();
        bench.backfill();
        let user = UserId::new("b");
        let tools = bench.tools();
        let ended = bench.world.run(fuse, async {
            tools.reset(&user, order, true).await.is_ok()
        });
        let length = bench.world.effects();
        (bench, ended, length)
    };
    let (_, _, length) = die(Fuse::None);
    for number in 1..=length {
        for fuse in [Fuse::Before(number), Fuse::After(number)] {
            let (bench, ended, _) = die(fuse);
            assert_eq!(ended, None, "{fuse:?}");
            bench.world.pass(Duration::from_secs(61));
            bench.reset("b", order).unwrap();
            bench.converge();
            bench.assert_settled("b", "bert@example.com", &["r1", "r2"]);
        }
    }
}

#[test]
fn a_dead_holder_blocks_nobody_for_more_than_a_minute() {
    let bench = Bench::new();
    bench.world.add_user("a", "anna@example.com");
    // Dies right after the claim.
    assert!(bench.backfill_until(Fuse::After(2), 20).is_none());
    let held_until = bench.world.mapping("a").unwrap().lease_until;
    assert!(held_until.since(bench.world.now()) <= Duration::from_secs(60));
    assert!(matches!(
        bench.reset("a", PLAIN_RESET),
        Err(ResetRefused::Busy {
            retry_after_s: 1..=61
        })
    ));
    bench.world.pass(Duration::from_secs(60));
    assert!(bench.credentials("a").is_ok());
}
