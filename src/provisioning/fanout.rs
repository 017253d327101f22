//! A run that is planned once and worked off by queue consumers.
//!
//! Planning cuts what is due into chunks and moves their users' place in the
//! work queue to the run's *hold*, a moment in the future. The hold is the
//! mark by which a delivery knows its users: whatever settles a user (an
//! account, a failure with its own wait, a reset, another run after the hold)
//! takes it away. So a message that comes twice finds nobody left, one that
//! never comes leaves users that are due again by themselves, and nothing has
//! to be remembered between deliveries.

pub mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::kernel::{Clock, Random, Timestamp, ids};
use crate::threedeye::{Upstream, UpstreamError};

use crate::db::DatabaseError;
use crate::provisioning::Toolbox;
use crate::provisioning::account::Takeovers;
use crate::provisioning::backfill::{Order, count, part_rivals};
use crate::provisioning::batch::Stop;
use crate::provisioning::policy::{
    CHUNK_SIZE, CLOCK_SKEW, DELIVERIES, MESSAGES_A_SEND, RUN_IDLE, hold, redelivery,
};
use crate::provisioning::store::{RunOpening, Tally};

use store::{Allowance, ChunkId, FanoutStore, Planning, RunQueue};

/// What planning came to.
#[derive(Debug, Clone)]
pub struct FannedOut {
    /// The row in the ledger.
    pub run_id: String,
    /// Users planned.
    pub users: u32,
    /// Users that wait, the planned ones included.
    pub remaining: u64,
    /// Chunks planned.
    pub chunks: usize,
    /// Those of them that the queue did not take; their users are due again.
    pub unsent: usize,
    /// Chunks of earlier runs that no message will come for any more; their
    /// users are due again as well.
    pub abandoned: usize,
    /// Why the queue did not take what it did not take.
    pub cause: Option<String>,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// Nobody waits for it any more.
    Done,
    /// To be delivered again.
    Again {
        /// After this long.
        after: Duration,
    },
}

/// What came of a delivery.
#[derive(Debug)]
pub struct Delivery {
    /// One receipt a chunk.
    pub receipts: Vec<(ChunkId, Receipt)>,
    /// What this delivery did, and to whom.
    pub tally: Tally,
    /// Set when it was ended early.
    pub stop: Option<Stop>,
    /// Set when the customer's list could not be read at all.
    pub blind: Option<UpstreamError>,
}

impl Delivery {
    fn retry_after(&self) -> Option<Duration> {
        match (&self.stop, &self.blind) {
            (Some(Stop::RateLimited { retry_after }), _)
            | (_, Some(UpstreamError::RateLimited { retry_after })) => *retry_after,
            _ => None,
        }
    }
}

impl<U: Upstream, S: FanoutStore, C: Clock, R: Random> Toolbox<'_, U, S, C, R> {
    /// Plans a run and sends its chunks to the queue.
    pub async fn fan_out(
        &self,
        order: Order,
        queue: &dyn RunQueue,
    ) -> Result<FannedOut, DatabaseError> {
        let now = self.clock.now();
        let run_id = ids::prefixed_ulid("run", now, self.random);
        let planned = self
            .store
            .plan_run(&Planning {
                opening: RunOpening {
                    run_id: run_id.clone(),
                    trigger: order.trigger,
                    origin: self.origin.clone(),
                    limit: order.limit,
                    started_at: now,
                },
                max_takeovers: order.max_takeovers,
                due_by: now.plus(CLOCK_SKEW),
                hold_until: now.plus(hold(order.limit)),
                chunk_size: CHUNK_SIZE,
                idle_since: now.minus(RUN_IDLE),
            })
            .await?;
        let mut unsent = Vec::new();
        let mut cause = None;
        for group in planned.chunks.chunks(MESSAGES_A_SEND) {
            if let Err(error) = queue.send(group).await {
                // Had the queue taken them all the same, they will find nobody waiting.
                unsent.extend_from_slice(group);
                cause = Some(error.to_string());
            }
        }
        if !unsent.is_empty() {
            self.leave_to_the_next_run(&unsent, "could not be enqueued")
                .await?;
        }
        if !planned.abandoned.is_empty() {
            self.leave_to_the_next_run(&planned.abandoned, "no delivery for too long")
                .await?;
        }
        Ok(FannedOut {
            run_id,
            users: planned.users,
            remaining: planned.remaining,
            chunks: planned.chunks.len(),
            unsent: unsent.len(),
            abandoned: planned.abandoned.len(),
            cause,
        })
    }

    /// Takes up everybody who waits for these chunks, in one batch: the
    /// customer's list is read once a delivery. A failed database leaves
    /// everything to the next delivery.
    pub async fn consume(&self, chunks: &[ChunkId]) -> Result<Delivery, DatabaseError> {
        let chunks: Vec<ChunkId> = distinct(chunks);
        let opened = self.store.open_delivery(&chunks, self.clock.now()).await?;
        let mut delivery = Delivery {
            receipts: Vec::new(),
            tally: Tally {
                total: u32::try_from(opened.candidates.len()).unwrap_or(u32::MAX),
                ..Tally::default()
            },
            stop: None,
            blind: None,
        };
        let takeovers = Takeovers::limited(total(&opened.allowances));
        let (free, rivals) = part_rivals(opened.candidates);
        let outcome = self
            .provision_all(free, &takeovers, &mut delivery.tally)
            .await?;
        self.put_aside(rivals, &mut delivery.tally).await?;
        delivery.stop = outcome.stop;
        delivery.blind = outcome.blind.clone();
        count(outcome, &mut delivery.tally);
        let now = self.clock.now();
        let unused = share_out(takeovers.left(), opened.allowances);
        let standings = self.store.close_delivery(&chunks, &unused, now).await?;
        let asked = delivery.retry_after();
        delivery.receipts = chunks
            .into_iter()
            .map(|id| {
                // A chunk that was closed before has no standing.
                let open = standings.iter().find(|one| one.id == id && one.waiting > 0);
                let receipt = open.map_or(Receipt::Done, |open| Receipt::Again {
                    after: redelivery(open.deliveries, asked),
                });
                (id, receipt)
            })
            .collect();
        Ok(delivery)
    }

    /// Closes the chunks whose message failed too often. Their users stay in
    /// the work queue and are due for the next run.
    pub async fn bury(&self, chunks: &[ChunkId]) -> Result<(), DatabaseError> {
        let why = format!("failed {DELIVERIES} deliveries");
        self.leave_to_the_next_run(&distinct(chunks), &why).await
    }

    async fn leave_to_the_next_run(
        &self,
        chunks: &[ChunkId],
        why: &str,
    ) -> Result<(), DatabaseError> {
        let line = format!("{why}; its users wait for the next run");
        let now: Timestamp = self.clock.now();
        self.store.give_up(chunks, &line, now).await
    }
}

fn distinct(chunks: &[ChunkId]) -> Vec<ChunkId> {
    let chunks: BTreeSet<&ChunkId> = chunks.iter().collect();
    chunks.into_iter().cloned().collect()
}

fn total(allowances: &[Allowance]) -> u32 {
    allowances
        .iter()
        .fold(0, |sum, one| sum.saturating_add(one.takeovers))
}

/// What is left of the allowances together, given back to no run beyond what
/// it had.
fn share_out(left: u32, allowances: Vec<Allowance>) -> Vec<Allowance> {
    let mut left = left;
    allowances
        .into_iter()
        .map(|had| {
            let takeovers = had.takeovers.min(left);
            left -= takeovers;
            Allowance { takeovers, ..had }
        })
        .collect()
}
