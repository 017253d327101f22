//! What is promised of planned runs, on a world in memory.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use base64::Engine as _;
use futures_util::future::join;

use crate::kernel::audit::{Actor, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::sealing::Purpose;
use crate::kernel::{RequestId, Sealer, Secret, Timestamp, UserId};
use crate::provisioning::Toolbox;
use crate::provisioning::backfill::{Finished, Order};
use crate::provisioning::fanout::store::{ChunkId, QueueError, RunQueue};
use crate::provisioning::fanout::{Delivery, FannedOut, Receipt};
use crate::provisioning::memory::{Fuse, World};
use crate::provisioning::policy::{LEASE, RUN_IDLE, hold};
use crate::provisioning::record::State;
use crate::provisioning::store::{RunClosing, Trigger};
use crate::threedeye::UpstreamError;

/// A queue that keeps what it takes.
#[derive(Default)]
struct Post {
    taken: RefCell<Vec<ChunkId>>,
    refuses: Cell<bool>,
}

impl RunQueue for Post {
    fn send<'a>(
        &'a self,
        chunks: &'a [ChunkId],
    ) -> futures_util::future::LocalBoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            if self.refuses.get() {
                return Err(QueueError("out of order".to_owned()));
            }
            self.taken.borrow_mut().extend_from_slice(chunks);
            Ok(())
        })
    }
}

struct Bench {
    world: World,
    sealer: Sealer,
    origin: Origin,
    post: Post,
}

const DONE: Receipt = Receipt::Done;

fn again(seconds: u64) -> Receipt {
    Receipt::Again {
        after: Duration::from_secs(seconds),
    }
}

fn order(limit: u32, max_takeovers: u32) -> Order {
    Order {
        trigger: Trigger::Manual,
        limit,
        max_takeovers,
    }
}

impl Bench {
    /// With users u0, u1 and so on.
    fn with_users(count: usize) -> Self {
        let key = base64::engine::general_purpose::STANDARD.encode([5; 32]);
        let bench = Self {
            world: World::new(),
            sealer: Sealer::new(&Secret::new(key), None).unwrap(),
            origin: Origin::event(
                Actor::queue(),
                RequestId::mint(Timestamp::from_millis(1), &Seeded::new(1)),
            ),
            post: Post::default(),
        };
        for n in 0..count {
            bench.world.add_user(&format!("u{n}"), &email(n));
        }
        bench
    }

    fn tools(&self) -> Toolbox<'_, World, World, World, Seeded> {
        Toolbox {
            upstream: &self.world,
            store: &self.world,
            clock: &self.world,
            random: &self.world.random,
            sealer: &self.sealer,
            origin: &self.origin,
        }
    }

    fn plan_with(&self, order: Order) -> FannedOut {
        let tools = self.tools();
        self.world
            .run(Fuse::None, async {
                tools.fan_out(order, &self.post).await.unwrap()
            })
            .unwrap()
    }

    fn plan(&self) -> FannedOut {
        self.plan_with(order(10_000, 20))
    }

    /// The messages that were sent since the last look.
    fn messages(&self) -> Vec<ChunkId> {
        self.post.taken.take()
    }

    fn deliver_until(&self, fuse: Fuse, messages: &[ChunkId]) -> Option<Delivery> {
        let tools = self.tools();
        self.world
            .run(fuse, async { tools.consume(messages).await.unwrap() })
    }

    fn deliver(&self, messages: &[ChunkId]) -> Delivery {
        self.deliver_until(Fuse::None, messages).unwrap()
    }

    fn bury(&self, messages: &[ChunkId]) {
        let tools = self.tools();
        self.world
            .run(Fuse::None, async { tools.bury(messages).await.unwrap() })
            .unwrap();
    }

    fn backfill(&self) -> Finished {
        let tools = self.tools();
        self.world
            .run(Fuse::None, async {
                tools.backfill(order(500, 20)).await.unwrap()
            })
            .unwrap()
    }

    /// The last line of a run; `None` while it is open.
    fn end_of(&self, run_id: &str) -> Option<RunClosing> {
        self.world.tables.borrow().runs[run_id].clone()
    }

    fn creates(&self) -> u32 {
        self.world.remote.borrow().creates
    }

    /// Exactly one account each, which the stored password opens.
    fn assert_all_settled(&self, count: usize) {
        for n in 0..count {
            let user = format!("u{n}");
            let mapping = self.world.mapping(&user).unwrap();
            assert_eq!(mapping.state, State::Complete, "{user}");
            let accounts = self.world.accounts_of(&email(n));
            assert_eq!(accounts.len(), 1, "{user}");
            assert_eq!(mapping.threedeye_id.as_ref(), Some(&accounts[0].user.id));
            let id = UserId::new(user);
            let sealed = mapping.password.unwrap();
            let stored = self.sealer.open(Purpose::ThreedeyePassword, &id, &sealed);
            assert_eq!(stored.unwrap().expose(), accounts[0].password);
        }
        assert!(self.world.queued().is_empty());
    }
}

fn email(n: usize) -> String {
    format!("u{n}@example.com")
}

fn receipts(delivery: &Delivery) -> Vec<Receipt> {
    delivery.receipts.iter().map(|(_, one)| *one).collect()
}

#[test]
fn a_run_is_cut_into_chunks_that_share_one_read_of_the_list() {
    let bench = Bench::with_users(120);
    let planned = bench.plan();
    assert_eq!((planned.users, planned.remaining), (120, 120));
    assert_eq!((planned.chunks, planned.unsent), (3, 0));
    assert_eq!(bench.end_of(&planned.run_id), None);
    let messages = bench.messages();
    assert_eq!(messages.len(), 3);
    let delivery = bench.deliver(&messages);
    assert_eq!(receipts(&delivery), [DONE; 3]);
    assert_eq!((delivery.tally.total, delivery.tally.created), (120, 120));
    assert_eq!(bench.world.remote.borrow().surveys, 1);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(end.completed);
    assert_eq!((end.tally.total, end.tally.created), (120, 120));
    bench.assert_all_settled(120);
}

#[test]
fn a_delivery_of_fifty_costs_what_a_run_in_one_process_costs() {
    let bench = Bench::with_users(50);
    bench.plan();
    let messages = bench.messages();
    bench.deliver(&messages);
    let database_calls = bench.world.effects() - 50 - 1;
    assert!(database_calls <= 8, "{database_calls}");
}

#[test]
fn a_limit_is_kept_and_what_is_planned_is_nobody_elses() {
    let bench = Bench::with_users(70);
    assert_eq!(bench.plan_with(order(60, 20)).users, 60);
    assert_eq!(bench.backfill().tally.total, 10);
    let second = bench.plan();
    assert_eq!((second.users, second.chunks), (0, 0));
    let end = bench.end_of(&second.run_id).unwrap();
    assert!(end.completed, "a run with nothing to do has ended");
    let messages = bench.messages();
    bench.deliver(&messages);
    bench.assert_all_settled(70);
}

#[test]
fn a_message_that_comes_twice_finds_nobody() {
    let bench = Bench::with_users(3);
    let planned = bench.plan();
    let messages = bench.messages();
    let twice = [messages.clone(), messages.clone()].concat();
    assert_eq!(bench.deliver(&twice).tally.created, 3);
    let end = bench.end_of(&planned.run_id);
    let second = bench.deliver(&messages);
    assert_eq!(receipts(&second), [DONE]);
    assert_eq!(second.tally.total, 0);
    assert_eq!(bench.world.effects(), 2, "it costs a look");
    assert_eq!(bench.creates(), 3);
    assert!(end.is_some());
    assert_eq!(bench.end_of(&planned.run_id), end);
}

#[test]
fn a_message_that_comes_twice_at_once_is_worked_off_once() {
    let bench = Bench::with_users(30);
    let planned = bench.plan();
    let messages = bench.messages();
    let tools = bench.tools();
    let (one, other) = bench
        .world
        .run(Fuse::None, async {
            join(tools.consume(&messages), tools.consume(&messages)).await
        })
        .unwrap();
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one.tally.created + other.tally.created, 30);
    assert_eq!(bench.creates(), 30);
    // Whoever came second looked while the first one was still at work, or after.
    bench.deliver(&messages);
    assert_eq!(bench.end_of(&planned.run_id).unwrap().tally.created, 30);
    bench.assert_all_settled(30);
}

#[test]
fn a_rate_limit_sends_the_message_back_for_as_long_as_3deye_asks() {
    let bench = Bench::with_users(10);
    let planned = bench.plan();
    let messages = bench.messages();
    let limited = UpstreamError::RateLimited {
        retry_after: Some(Duration::from_secs(7)),
    };
    bench.world.remote.borrow_mut().create_errors = vec![limited];
    let delivery = bench.deliver(&messages);
    assert_eq!(receipts(&delivery), [again(7)]);
    assert_eq!(bench.end_of(&planned.run_id), None);
    bench.world.pass(Duration::from_secs(7));
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(end.completed);
    // Who met the limit failed on the way and is due by itself.
    assert_eq!((end.tally.created, end.tally.failed), (9, 1));
    bench.backfill();
    bench.assert_all_settled(10);
}

#[test]
fn a_list_that_cannot_be_read_sends_the_message_back_longer_and_longer() {
    let bench = Bench::with_users(2);
    bench.plan();
    let messages = bench.messages();
    for wait in [30, 60, 120] {
        bench.world.remote.borrow_mut().survey_errors = vec![Some(UpstreamError::Transient)];
        let delivery = bench.deliver(&messages);
        assert_eq!(receipts(&delivery), [again(wait)]);
        assert_eq!(delivery.blind, Some(UpstreamError::Transient));
    }
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    bench.assert_all_settled(2);
}

#[test]
fn a_user_that_failed_is_not_tried_again_by_the_same_run() {
    let bench = Bench::with_users(12);
    bench.plan();
    let messages = bench.messages();
    // Answered from the back: one user's own failure, then the end of the delivery.
    bench.world.remote.borrow_mut().create_errors = vec![
        UpstreamError::RateLimited { retry_after: None },
        UpstreamError::Rejected { status: 400 },
    ];
    assert_eq!(receipts(&bench.deliver(&messages)), [again(30)]);
    bench.world.pass(Duration::from_secs(30));
    let second = bench.deliver(&messages);
    assert_eq!(receipts(&second), [DONE]);
    assert_eq!(second.tally.created, second.tally.total);
    let attempts: Vec<u32> = (0..12)
        .filter_map(|n| bench.world.mapping(&format!("u{n}")))
        .map(|mapping| mapping.attempts)
        .filter(|attempts| *attempts > 0)
        .collect();
    assert_eq!(attempts, [1, 1], "both wait for the next run");
}

#[test]
fn a_busy_user_makes_the_message_come_again() {
    let bench = Bench::with_users(2);
    bench.plan();
    let messages = bench.messages();
    assert!(bench.deliver_until(Fuse::After(3), &messages).is_none());
    let delivery = bench.deliver(&messages);
    assert_eq!(
        delivery.tally.total, 0,
        "the dead consumer's leases live on"
    );
    assert_eq!(receipts(&delivery), [again(60)]);
    bench.world.pass(LEASE);
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    bench.assert_all_settled(2);
}

#[test]
fn wherever_a_consumer_dies_the_next_delivery_ends_it() {
    for fuse in [Fuse::Before as fn(u32) -> Fuse, Fuse::After] {
        for step in 1.. {
            let bench = Bench::with_users(4);
            bench
                .world
                .add_account("old", &email(1), "unknown", &["r1"], true);
            let planned = bench.plan();
            let messages = bench.messages();
            let survived = bench.deliver_until(fuse(step), &messages).is_some();
            bench.world.pass(LEASE);
            assert_eq!(receipts(&bench.deliver(&messages)), [DONE], "step {step}");
            let end = bench.end_of(&planned.run_id).unwrap();
            assert!(end.completed);
            let tally = end.tally;
            assert_eq!(tally.created + tally.failed + tally.skipped, 4);
            // A dead consumer takes the run's allowance of take-overs along.
            bench.world.pass(hold(10_000));
            bench.backfill();
            bench.assert_all_settled(4);
            if survived {
                break;
            }
        }
    }
}

#[test]
fn wherever_planning_dies_nobody_is_forgotten() {
    for fuse in [Fuse::Before as fn(u32) -> Fuse, Fuse::After] {
        for step in 1..=2 {
            let bench = Bench::with_users(4);
            let tools = bench.tools();
            let planning = tools.fan_out(order(10_000, 20), &bench.post);
            bench.world.run(fuse(step), planning);
            bench.world.pass(hold(10_000));
            assert_eq!(bench.backfill().tally.created, 4);
            bench.assert_all_settled(4);
        }
    }
}

#[test]
fn a_dead_letter_closes_its_chunk_and_leaves_its_users_to_the_next_run() {
    let bench = Bench::with_users(60);
    let planned = bench.plan();
    let messages = bench.messages();
    bench.deliver(&messages[1..]);
    bench.bury(&messages[..1]);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(!end.completed);
    assert_eq!((end.tally.created, end.tally.skipped), (10, 50));
    assert_eq!(
        end.tally.errors,
        ["chunk 1: failed 5 deliveries; its users wait for the next run"]
    );
    assert_eq!(bench.deliver(&messages).tally.total, 0, "it is closed");
    assert_eq!(bench.backfill().tally.created, 50);
    bench.assert_all_settled(60);
}

#[test]
fn lost_messages_forget_nobody_and_the_next_plan_closes_their_run() {
    let bench = Bench::with_users(60);
    let lost = bench.plan();
    let messages = bench.messages();
    bench.deliver(&messages[1..]);
    bench.world.pass(RUN_IDLE - Duration::from_secs(1));
    bench.plan();
    assert_eq!(bench.end_of(&lost.run_id), None, "not yet");
    bench.world.pass(Duration::from_secs(1));
    bench.plan();
    let end = bench.end_of(&lost.run_id).unwrap();
    assert!(!end.completed);
    assert_eq!((end.tally.created, end.tally.skipped), (10, 50));
    assert_eq!(bench.plan().users, 50, "they are due at once");
    let messages = bench.messages();
    bench.deliver(&messages);
    bench.assert_all_settled(60);
}

#[test]
fn what_the_queue_does_not_take_is_due_again_at_once() {
    let bench = Bench::with_users(3);
    bench.post.refuses.set(true);
    let planned = bench.plan();
    assert_eq!((planned.chunks, planned.unsent), (1, 1));
    assert!(planned.cause.unwrap().contains("out of order"));
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(!end.completed);
    assert_eq!(end.tally.skipped, 3);
    assert_eq!(bench.backfill().tally.created, 3);
}

#[test]
fn the_limit_of_takeovers_is_the_runs_and_not_the_deliverys() {
    let bench = Bench::with_users(60);
    for n in [0, 1, 2, 57, 58, 59] {
        bench
            .world
            .add_account(&format!("old{n}"), &email(n), "unknown", &[], true);
    }
    let planned = bench.plan_with(order(10_000, 4));
    let messages = bench.messages();
    for message in &messages {
        bench.deliver(std::slice::from_ref(message));
    }
    assert_eq!(bench.world.remote.borrow().deleted.len(), 4);
    let end = bench.end_of(&planned.run_id).unwrap();
    assert!(end.completed);
    assert_eq!((end.tally.created, end.tally.skipped), (58, 2));
    assert_eq!(
        bench.backfill().tally.created,
        2,
        "they did not have to wait"
    );
    bench.assert_all_settled(60);
}

#[test]
fn a_failure_is_told_by_the_run_and_has_its_own_wait() {
    let bench = Bench::with_users(3);
    bench.world.add_account("x", &email(0), "p", &[], false);
    bench.world.add_user("rival", &email(2));
    let planned = bench.plan();
    let messages = bench.messages();
    assert_eq!(receipts(&bench.deliver(&messages)), [DONE]);
    let tally = bench.end_of(&planned.run_id).unwrap().tally;
    assert_eq!((tally.total, tally.created), (4, 2));
    assert_eq!((tally.failed, tally.quarantined), (2, 1));
    assert_eq!(tally.errors.len(), 2);
}

#[test]
fn a_message_of_an_unknown_run_is_done_with() {
    let bench = Bench::with_users(1);
    let stranger = ChunkId {
        run_id: "run_unknown".to_owned(),
        chunk: 1,
    };
    assert_eq!(receipts(&bench.deliver(&[stranger])), [DONE]);
    assert_eq!(bench.creates(), 0);
}
