//! What is promised of planned runs, on the shipped SQL and a simulated 3dEye.
//!
//! | module | what it tests |
//! |---|---|
//! | `planning` | cutting a run into chunks and sending them |
//! | `delivering` | what a consumer does with messages |
//! | `closing` | how a run ends, and what its row says |

mod closing;
mod delivering;
mod planning;

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use futures_executor::block_on;
use futures_util::future::LocalBoxFuture;

use crate::db::Database;
use crate::provisioning::backfill::RunOrder;
use crate::provisioning::fanout::{ChunkId, Delivery, FannedOut, QueueError, Receipt, RunQueue};
use crate::provisioning::store::{self, RunClosing};
use crate::provisioning::tests::{Bench, REMOVALS, order};
use crate::provisioning::world::Fuse;
use crate::threedeye::simulated::Operation;

/// A queue that keeps what it takes.
#[derive(Default)]
struct KeepingQueue {
    taken: RefCell<Vec<ChunkId>>,
    refuses: Cell<bool>,
}

impl RunQueue for KeepingQueue {
    fn send<'a>(&'a self, chunks: &'a [ChunkId]) -> LocalBoxFuture<'a, Result<(), QueueError>> {
        Box::pin(async move {
            if self.refuses.get() {
                return Err(QueueError("out of order".to_owned()));
            }
            self.taken.borrow_mut().extend_from_slice(chunks);
            Ok(())
        })
    }
}

const DONE: Receipt = Receipt::Done;

fn retry(seconds: u64) -> Receipt {
    Receipt::Retry {
        after: Duration::from_secs(seconds),
    }
}

/// A world with users u0, u1 and so on, and a queue.
struct FanoutBench {
    bench: Bench,
    queue: KeepingQueue,
}

impl FanoutBench {
    fn with_users(count: usize) -> Self {
        let bench = Bench::new();
        for n in 0..count {
            bench.add_user(&format!("u{n}"), &email(n));
        }
        Self {
            bench,
            queue: KeepingQueue::default(),
        }
    }

    fn plan_with(&self, order: RunOrder) -> FannedOut {
        let planning = self.bench.provisioner();
        self.world
            .run(Fuse::None, async {
                planning.fan_out(order, &self.queue).await.unwrap()
            })
            .unwrap()
    }

    fn plan(&self) -> FannedOut {
        self.plan_with(order(10_000, 20))
    }

    /// The messages that were sent since this was called last.
    fn messages(&self) -> Vec<ChunkId> {
        self.queue.taken.take()
    }

    fn deliver_until(&self, fuse: Fuse, messages: &[ChunkId]) -> Option<Delivery> {
        let consumer = self.bench.provisioner();
        self.world.run(fuse, async {
            consumer.consume(messages, REMOVALS).await.unwrap()
        })
    }

    fn deliver(&self, messages: &[ChunkId]) -> Delivery {
        self.deliver_until(Fuse::None, messages).unwrap()
    }

    fn dead_letter(&self, messages: &[ChunkId]) {
        let context = self.bench.context();
        self.world
            .run(Fuse::None, async {
                context.dead_letter(messages).await.unwrap();
            })
            .unwrap();
    }

    /// How a run closed; `None` while it is open.
    fn end_of(&self, run_id: &str) -> Option<RunClosing> {
        let database = Database::new(Rc::new(self.world.sqlite.clone()));
        let found = block_on(store::find_run(&database, run_id));
        let (row, _) = found.unwrap().unwrap();
        Some(RunClosing {
            run_id: row.run_id,
            completed: row.status == "completed",
            tally: row.tally,
            finished_at: row.finished_at?,
        })
    }

    fn creates(&self) -> u32 {
        self.calls(Operation::Create)
    }

    fn assert_all_settled(&self, count: usize) {
        for n in 0..count {
            self.assert_complete(&format!("u{n}"), &email(n));
        }
        assert!(self.queued().is_empty());
    }
}

impl Deref for FanoutBench {
    type Target = Bench;

    fn deref(&self) -> &Bench {
        &self.bench
    }
}

fn email(n: usize) -> String {
    format!("u{n}@example.com")
}

fn receipts(delivery: &Delivery) -> Vec<Receipt> {
    delivery.receipts.iter().map(|(_, one)| *one).collect()
}
