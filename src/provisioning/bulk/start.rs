//! Opens a run over a list, and sends it to the queue or does it.

use crate::db::json_text;
use crate::kernel::{Deadline, UserId, ids};
use crate::provisioning::Context;
use crate::provisioning::backfill::{NotRun, RunOrder};
use crate::provisioning::batch::Stop;
use crate::provisioning::bulk::{BulkOrder, BulkPlan, PlannedUser};
use crate::provisioning::fanout::{ChunkId, RunQueue};
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::policy::{BULK_CHUNK_SIZE, MESSAGES_A_SEND, RUN_BUDGET};
use crate::provisioning::store::bulk::{
    BulkOpened, BulkOpening, BulkRun, NewBulkUser, open_bulk_run,
};
use crate::provisioning::store::{self, RunOpening};
use crate::threedeye::Client;

/// A run that carries a plan out.
#[derive(Debug)]
pub struct Started {
    pub run_id: String,
    /// Whether consumers of the queue do the work, after the answer.
    pub is_queued: bool,
}

impl Context<'_> {
    /// Carries out what a preview showed; a plan that was carried out before is not again. Without a queue all of it
    /// is done before this returns, as far as the time goes.
    pub async fn start_bulk(
        &self,
        remote: Option<&Client>,
        order: &BulkOrder,
        plan: &BulkPlan,
        users: &[PlannedUser],
        queue: Option<&dyn RunQueue>,
        limits: RunOrder,
    ) -> Result<Started, NotRun> {
        let now = self.clock.now();
        let run_id = ids::prefixed_ulid("run", now, self.random);
        let bulk = json_text(order)?;
        let opening = BulkOpening {
            run: RunOpening {
                run_id: run_id.clone(),
                trigger: limits.trigger,
                origin: self.origin.clone(),
                limit: limits.limit,
                started_at: now,
            },
            is_queued: queue.is_some(),
            action: order.act.as_str(),
            order: bulk.clone(),
            plan: plan.name(),
            max_replacements: limits.max_replacements,
            users: (0..).zip(users).map(new_user).collect(),
        };
        let chunks = match open_bulk_run(self.database, &opening).await? {
            BulkOpened::Paused => return Err(NotRun::Paused),
            BulkOpened::Before(run_id) => {
                return Ok(Started {
                    run_id,
                    is_queued: true,
                });
            }
            BulkOpened::Opened(chunks) => chunks,
        };
        match queue {
            Some(queue) => self.send(&chunks, queue).await?,
            None => {
                let run = BulkRun {
                    run_id: run_id.clone(),
                    bulk,
                    actor: self.origin.actor.as_str().to_owned(),
                    request_id: self.origin.request_id.to_string(),
                };
                self.do_at_once(remote, run, &chunks, limits.removals)
                    .await?;
            }
        }
        Ok(Started {
            run_id,
            is_queued: queue.is_some(),
        })
    }

    async fn send(&self, chunks: &[ChunkId], queue: &dyn RunQueue) -> Result<(), NotRun> {
        for group in chunks.chunks(MESSAGES_A_SEND) {
            if let Err(error) = queue.send(group).await {
                // If the queue took them all the same, they will find no user waiting.
                let why = error.to_string();
                store::give_up(self.database, group, &why, "", self.clock.now()).await?;
            }
        }
        Ok(())
    }

    async fn do_at_once(
        &self,
        remote: Option<&Client>,
        run: BulkRun,
        chunks: &[ChunkId],
        removals: RemovalOrder,
    ) -> Result<(), NotRun> {
        let deadline = Deadline::after(self.clock, RUN_BUDGET);
        let runs = [run];
        let report = self.work_off(remote, &runs, chunks, removals, deadline);
        let report = match report.await {
            Ok(report) => report,
            Err(error) => {
                let why = "run ended early: a database error";
                store::give_up(self.database, chunks, why, "", self.clock.now()).await?;
                return Err(error.into());
            }
        };
        let mut stop = report.stop;
        if stop.is_none() {
            let names: Vec<&str> = runs.iter().map(|run| run.run_id.as_str()).collect();
            let halt = store::read_halt(self.database, &names).await?;
            stop = match (halt.stopped, halt.paused) {
                (true, _) => Some(Stop::ByOrder),
                (false, true) => Some(Stop::Paused),
                (false, false) => None,
            };
        }
        if let Some(stop) = stop {
            // No one comes back for them.
            let why = format!("run ended early: {stop}");
            store::give_up(self.database, chunks, &why, "", self.clock.now()).await?;
        }
        Ok(())
    }
}

fn new_user((index, planned): (u32, &PlannedUser)) -> NewBulkUser<'_> {
    let refusal = planned.verdict.as_ref().err();
    NewBulkUser {
        chunk: index / BULK_CHUNK_SIZE + 1,
        n: planned.place,
        user: planned.user.as_ref().map(UserId::as_str),
        seen: planned
            .verdict
            .as_ref()
            .ok()
            .map(|ready| ready.tag.as_str()),
        reason: refusal.map(|refusal| refusal.code),
        outcome: refusal.map(|refusal| refusal.message.as_str()),
    }
}
