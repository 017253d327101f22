//! A run that is planned once and worked off by queue consumers.
//!
//! Planning cuts what is due into chunks and moves their users' place in the work queue to the run's
//! *hold*, a moment in the future. The hold is the mark by which a delivery knows its users: whatever
//! settles a user (an account, a failure with its own wait, a reset, another run after the hold) takes
//! it away. So a message that comes twice finds no user left, one that never comes leaves users that
//! are due again by themselves, and nothing has to be remembered between deliveries.

mod queue;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::db::DatabaseError;
use crate::kernel::ordered::set_of;
use crate::kernel::{Deadline, Timestamp, ids};
use crate::provisioning::attempt::ReplacementBudget;
use crate::provisioning::backfill::{NotRun, RunOrder};
use crate::provisioning::batch::{RunWatch, Stop};
use crate::provisioning::bulk::BulkReport;
use crate::provisioning::offboarding::{RemovalOrder, Removals};
use crate::provisioning::policy::{
    CHUNK_SIZE, CLOCK_SKEW, DELIVERIES, LIST_ABANDONED_AFTER, MESSAGES_A_SEND, RUN_ABANDONED_AFTER,
    RUN_BUDGET, hold, redelivery,
};
use crate::provisioning::store::{
    self, Abandoned, Planning, ReplacementAllowance, RunOpening, Silence, Tally,
};
use crate::provisioning::{Context, Provisioner};
use crate::threedeye::UpstreamError;

pub use queue::{ChunkId, QueueError, RunQueue};

/// What planning came to.
#[derive(Debug)]
pub struct FannedOut {
    pub run_id: String,
    pub users: u32,
    /// Users that wait, the planned ones included.
    pub remaining: u64,
    pub chunks: usize,
    /// Those of them that the queue did not take; their users are due again.
    pub unsent: usize,
    /// Chunks of earlier runs that no message will come for any more; their users are due again too.
    pub abandoned: usize,
    /// Why the queue did not take messages.
    pub cause: Option<String>,
    /// What was done about users that left: those are not left to consumers.
    pub removals: Removals,
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    Done,
    /// To be delivered again.
    Retry {
        after: Duration,
    },
}

/// What came of a delivery.
#[derive(Debug)]
pub struct Delivery {
    /// One receipt a chunk.
    pub receipts: Vec<(ChunkId, Receipt)>,
    pub tally: Tally,
    /// Set if it ended early.
    pub stop: Option<Stop>,
    /// Set if the customer's list could not be read at all.
    pub scan_error: Option<UpstreamError>,
}

impl Delivery {
    fn paused(chunks: Vec<ChunkId>) -> Self {
        Self {
            receipts: chunks.into_iter().map(|id| (id, Receipt::Done)).collect(),
            tally: Tally::default(),
            stop: Some(Stop::Paused),
            scan_error: None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match (&self.stop, &self.scan_error) {
            (Some(Stop::RateLimited { retry_after }), _)
            | (_, Some(UpstreamError::RateLimited { retry_after })) => *retry_after,
            _ => None,
        }
    }
}

impl Provisioner<'_> {
    /// Plans a run, sends its chunks to the queue, and removes the accounts of users that left.
    pub async fn fan_out(
        &self,
        order: RunOrder,
        queue: &dyn RunQueue,
    ) -> Result<FannedOut, NotRun> {
        let now = self.clock.now();
        let run_id = ids::prefixed_ulid("run", now, self.random);
        let planning = Planning {
            opening: RunOpening {
                run_id: run_id.clone(),
                trigger: order.trigger,
                origin: self.origin.clone(),
                limit: order.limit,
                started_at: now,
            },
            max_replacements: order.max_replacements,
            due_by: now.plus(CLOCK_SKEW),
            hold_until: now.plus(hold(order.limit)),
            chunk_size: CHUNK_SIZE,
            silence: silence(now),
            leavings: order.removals.due(now),
        };
        let planned = store::plan_run(self.database, &planning).await?;
        let planned = planned.ok_or(NotRun::Paused)?;
        let mut unsent = Vec::new();
        let mut cause = None;
        for group in planned.chunks.chunks(MESSAGES_A_SEND) {
            if let Err(error) = queue.send(group).await {
                // If the queue took them all the same, they will find no user waiting.
                unsent.extend_from_slice(group);
                cause = Some(error.to_string());
            }
        }
        if !unsent.is_empty() {
            self.leave_to_the_next_run(&unsent, "could not be enqueued")
                .await?;
        }
        self.give_up_abandoned(&planned.abandoned).await?;
        let watch = RunWatch::new(vec![run_id.clone()], now);
        let removals = self
            .remove_leaving(&planned.leaving, order.removals, &watch)
            .await?;
        Ok(FannedOut {
            run_id,
            users: planned.users,
            remaining: planned.remaining,
            chunks: planned.chunks.len(),
            unsent: unsent.len(),
            abandoned: planned.abandoned.undelivered.len(),
            cause,
            removals,
        })
    }
}

impl Context<'_> {
    /// Closes the chunks whose message failed too often. Their users stay in the work queue and are due
    /// for the next run.
    pub async fn dead_letter(&self, chunks: &[ChunkId]) -> Result<(), DatabaseError> {
        let why = format!("failed {DELIVERIES} deliveries");
        let (chunks, now) = (distinct(chunks), self.clock.now());
        store::give_up_dead(self.database, &chunks, &why, FOR_THE_NEXT_RUN, now).await
    }

    /// Closes what no one will come for any more.
    pub(in crate::provisioning) async fn give_up_abandoned(
        &self,
        abandoned: &Abandoned,
    ) -> Result<(), DatabaseError> {
        let now = self.clock.now();
        if !abandoned.undelivered.is_empty() {
            // As good as dead letters, and told like them.
            let (chunks, why) = (&abandoned.undelivered, "no delivery for too long");
            store::give_up_dead(self.database, chunks, why, FOR_THE_NEXT_RUN, now).await?;
        }
        if !abandoned.died.is_empty() {
            let why = "run ended early: the process that did it died";
            store::give_up(self.database, &abandoned.died, why, "", now).await?;
        }
        Ok(())
    }

    async fn leave_to_the_next_run(
        &self,
        chunks: &[ChunkId],
        why: &str,
    ) -> Result<(), DatabaseError> {
        store::give_up(
            self.database,
            chunks,
            why,
            FOR_THE_NEXT_RUN,
            self.clock.now(),
        )
        .await
    }
}

impl Provisioner<'_> {
    /// Takes up all users that wait for these chunks, in one batch: the customer's list is read once a
    /// delivery. A failed database leaves everything to the next delivery.
    /// Those of a list that an administrator gave are done one by one.
    pub async fn consume(
        &self,
        chunks: &[ChunkId],
        removals: RemovalOrder,
    ) -> Result<Delivery, DatabaseError> {
        let chunks: Vec<ChunkId> = distinct(chunks);
        let now = self.clock.now();
        let Some(opened) = store::open_delivery(self.database, &chunks, now).await? else {
            // Their users wait in the queue for as long as it takes; messages would not.
            self.leave_to_the_next_run(&chunks, "runs are paused")
                .await?;
            return Ok(Delivery::paused(chunks));
        };
        let runs = set_of(chunks.iter().map(|chunk| chunk.run_id.as_str()));
        let watch = RunWatch::new(runs.into_iter().map(str::to_owned).collect(), now);
        let budget = ReplacementBudget::limited(total(&opened.allowances));
        // A backfill may take all the time there is: half of it where a list waits behind it.
        let half = match opened.bulk.is_empty() {
            true => RUN_BUDGET,
            false => RUN_BUDGET / 2,
        };
        let [half, whole] = [half, RUN_BUDGET].map(|time| Deadline::after(self.clock, time));
        let (report, mut tally) = self
            .provision(
                opened.candidates,
                &opened.quarantined,
                &budget,
                &watch,
                half,
            )
            .await?;
        let remote = Some(self.remote);
        // Calls that our own deadline cut short look like outages too.
        let is_down = match &report.stop {
            Some(Stop::Outages) => !half.passed(self.clock.now()),
            Some(Stop::RateLimited { .. }) => true,
            _ => report.scan_error.is_some(),
        };
        let bulk = match is_down {
            // The list comes again.
            true => BulkReport::default(),
            false => {
                self.work_off(remote, &opened.bulk, &chunks, removals, whole)
                    .await?
            }
        };
        tally.total += bulk.tally.total;
        tally.created += bulk.tally.created;
        tally.failed += bulk.tally.failed;
        let unused = share_out(budget.left(), opened.allowances);
        let now = self.clock.now();
        let open = store::close_delivery(self.database, &chunks, &unused, now).await?;
        let mut delivery = Delivery {
            receipts: Vec::new(),
            tally,
            stop: report.stop.or(bulk.stop),
            scan_error: report.scan_error,
        };
        let asked = delivery.retry_after();
        delivery.receipts = chunks
            .into_iter()
            .map(|id| {
                // A chunk that was closed before has no status.
                let waiting = open.iter().find(|one| one.id == id && one.waiting > 0);
                let receipt = waiting.map_or(Receipt::Done, |chunk| Receipt::Retry {
                    after: redelivery(chunk.deliveries, asked),
                });
                (id, receipt)
            })
            .collect();
        Ok(delivery)
    }
}

/// What becomes of the users of a chunk that is given up.
const FOR_THE_NEXT_RUN: &str = "; its users wait for the next run";

/// After which silence a run that begins now gives earlier ones up.
pub(in crate::provisioning) fn silence(now: Timestamp) -> Silence {
    Silence {
        runs: now.minus(RUN_ABANDONED_AFTER),
        queued_lists: now.minus(LIST_ABANDONED_AFTER),
    }
}

fn distinct(chunks: &[ChunkId]) -> Vec<ChunkId> {
    let chunks = set_of(chunks);
    chunks.into_iter().cloned().collect()
}

fn total(allowances: &[ReplacementAllowance]) -> u32 {
    allowances
        .iter()
        .fold(0, |sum, one| sum.saturating_add(one.replacements))
}

/// Splits what is left of the allowances together, giving no run back more than it had.
fn share_out(left: u32, allowances: Vec<ReplacementAllowance>) -> Vec<ReplacementAllowance> {
    let mut left = left;
    allowances
        .into_iter()
        .map(|had| {
            let replacements = had.replacements.min(left);
            left -= replacements;
            ReplacementAllowance {
                replacements,
                ..had
            }
        })
        .collect()
}
