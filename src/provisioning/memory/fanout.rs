//! Planned runs and their chunks.

use std::collections::BTreeSet;

use crate::db::DatabaseError;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::fanout::store::{
    Allowance, ChunkId, FanoutStore, Opened, Planned, Planning, Standing,
};
use crate::provisioning::store::Tally;

use crate::provisioning::memory::World;
use crate::provisioning::memory::plans::{Chunk, ChunkState, Plan};
use crate::provisioning::memory::tables::Tables;

/// A plan tells of this many abandoned chunks.
const ABANDONED: usize = 1000;

impl Tables {
    fn abandoned(&self, idle_since: Timestamp) -> Vec<ChunkId> {
        let chunks = self.fanout.chunks.iter();
        let is_abandoned = |id: &ChunkId, chunk: &Chunk| {
            chunk.state == ChunkState::Open
                && self.fanout.plans[&id.run_id].advanced_at <= idle_since
        };
        chunks
            .filter(|(id, chunk)| is_abandoned(id, chunk))
            .map(|(id, _)| id.clone())
            .take(ABANDONED)
            .collect()
    }

    pub fn open_chunks(&self, ids: &[ChunkId]) -> Vec<ChunkId> {
        let chunks = &self.fanout.chunks;
        let open = |id: &&ChunkId| chunks.get(*id).is_some_and(|c| c.state == ChunkState::Open);
        ids.iter().filter(open).cloned().collect()
    }

    /// The users of a chunk whose place in the work queue is the run's hold.
    fn held(&self, id: &ChunkId) -> Vec<UserId> {
        let hold = self.fanout.plans[&id.run_id].hold;
        let users = self.fanout.chunks[id].users.iter();
        users
            .filter(|user| self.queue.get(*user) == Some(&hold))
            .cloned()
            .collect()
    }
}

fn runs_of(chunks: &[ChunkId]) -> BTreeSet<String> {
    chunks.iter().map(|id| id.run_id.clone()).collect()
}

impl FanoutStore for World {
    async fn plan_run(&self, planning: &Planning) -> Result<Planned, DatabaseError> {
        self.effect(|| {
            let tables = &mut *self.tables.borrow_mut();
            let run_id = planning.opening.run_id.clone();
            if tables.runs.contains_key(&run_id) {
                return Err(DatabaseError("there is a run of that id".to_owned()));
            }
            let abandoned = tables.abandoned(planning.idle_since);
            tables.runs.insert(run_id.clone(), None);
            let plan = Plan {
                hold: planning.hold_until,
                takeovers_left: planning.max_takeovers,
                advanced_at: planning.opening.started_at,
                tally: Tally::default(),
                remaining: None,
            };
            tables.fanout.plans.insert(run_id.clone(), plan);
            let users: Vec<UserId> = tables
                .due(planning.due_by, planning.opening.limit)
                .into_iter()
                .map(|candidate| candidate.user)
                .collect();
            let mut chunks = Vec::new();
            for (index, part) in users.chunks(planning.chunk_size as usize).enumerate() {
                let id = ChunkId {
                    run_id: run_id.clone(),
                    chunk: index as u32 + 1,
                };
                let chunk = Chunk::of(part);
                tables.fanout.chunks.insert(id.clone(), chunk);
                chunks.push(id);
            }
            for user in &users {
                tables.queue.insert(user.clone(), planning.hold_until);
            }
            tables.sum_up(BTreeSet::from([run_id]), planning.opening.started_at);
            Ok(Planned {
                chunks,
                users: users.len() as u32,
                remaining: tables.queue.len() as u64,
                abandoned,
            })
        })
        .await
    }

    async fn open_delivery(
        &self,
        chunks: &[ChunkId],
        now: Timestamp,
    ) -> Result<Opened, DatabaseError> {
        self.effect(|| {
            let tables = &mut *self.tables.borrow_mut();
            let mut opened = Opened::default();
            for run_id in runs_of(chunks) {
                let Some(plan) = tables.fanout.plans.get_mut(&run_id) else {
                    continue;
                };
                plan.advanced_at = now;
                opened.allowances.push(Allowance {
                    run_id,
                    takeovers: std::mem::take(&mut plan.takeovers_left),
                });
            }
            for id in tables.open_chunks(chunks) {
                if let Some(chunk) = tables.fanout.chunks.get_mut(&id) {
                    chunk.deliveries += 1;
                }
                let held = tables.held(&id).into_iter();
                let free = held.filter(|user| !tables.is_held(user, now));
                let candidates = free.filter_map(|user| tables.candidate(&user));
                opened.candidates.extend(candidates);
            }
            Ok(opened)
        })
        .await
    }

    async fn close_delivery(
        &self,
        chunks: &[ChunkId],
        unused: &[Allowance],
        now: Timestamp,
    ) -> Result<Vec<Standing>, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            for allowance in unused {
                if let Some(plan) = tables.fanout.plans.get_mut(&allowance.run_id) {
                    plan.takeovers_left += allowance.takeovers;
                }
            }
            let standings = tables.take_stock(chunks, None);
            tables.sum_up(runs_of(chunks), now);
            Ok(standings)
        })
        .await
    }

    async fn give_up(
        &self,
        chunks: &[ChunkId],
        why: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            for id in tables.open_chunks(chunks) {
                for user in tables.held(&id) {
                    let row = tables.rows.get(&user);
                    let own_wait = row.and_then(|row| row.mapping.next_attempt_at);
                    let due = own_wait.map_or(now, |wait| wait.max(now));
                    tables.queue.insert(user, due);
                }
            }
            tables.take_stock(chunks, Some(why));
            tables.sum_up(runs_of(chunks), now);
            Ok(())
        })
        .await
    }
}
