//! Planned runs and their chunks.

use std::collections::BTreeSet;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::fanout::store::{
    Allowance, ChunkId, FanoutStore, Opened, Planned, Planning, Standing,
};
use crate::provisioning::record::State;
use crate::provisioning::store::{RunClosing, StoreError, Tally};

use super::World;
use super::plans::{Chunk, ChunkState, Plan};
use super::tables::Tables;

/// Where a planned user stands; `None`: left as it was.
#[derive(PartialEq, Eq)]
enum Place {
    Waiting,
    Created,
    Failed,
    Quarantined,
}

impl Tables {
    fn open_chunks(&self, ids: &[ChunkId]) -> Vec<ChunkId> {
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

    fn place(&self, user: &UserId, hold: Timestamp) -> Option<Place> {
        let due = self.queue.get(user);
        if due == Some(&hold) {
            return Some(Place::Waiting);
        }
        let mapping = &self.rows.get(user)?.mapping;
        match mapping.state {
            State::Complete => Some(Place::Created),
            State::Quarantined => Some(Place::Quarantined),
            State::SetAside => Some(Place::Failed),
            _ if due.is_some() && due == mapping.next_attempt_at.as_ref() => Some(Place::Failed),
            _ => None,
        }
    }

    fn take_stock(&mut self, ids: &[ChunkId], given_up: Option<&str>) -> Vec<Standing> {
        let mut standings = Vec::new();
        for id in self.open_chunks(ids) {
            let hold = self.fanout.plans[&id.run_id].hold;
            let mut chunk = self.fanout.chunks[&id].clone();
            let places: Vec<Option<Place>> = chunk
                .users
                .iter()
                .map(|user| self.place(user, hold))
                .collect();
            let count = |wanted: &[Place]| {
                let all = places.iter().flatten();
                all.filter(|place| wanted.contains(place)).count() as u32
            };
            chunk.waiting = count(&[Place::Waiting]);
            chunk.created = count(&[Place::Created]);
            chunk.failed = count(&[Place::Failed, Place::Quarantined]);
            chunk.quarantined = count(&[Place::Quarantined]);
            chunk.skipped = chunk.planned - chunk.waiting - chunk.created - chunk.failed;
            chunk.errors = chunk
                .users
                .iter()
                .zip(&places)
                .filter(|(_, place)| matches!(place, Some(Place::Failed | Place::Quarantined)))
                .map(|(user, _)| {
                    let error = self.rows[user].mapping.last_error.clone();
                    format!("{user}: {}", error.unwrap_or_default())
                })
                .collect();
            if given_up.is_none() && chunk.skipped > 0 {
                chunk.errors.push(format!(
                    "chunk {}: {} user(s) left as they were",
                    id.chunk, chunk.skipped
                ));
            }
            if let Some(why) = given_up {
                chunk.errors.push(format!("chunk {}: {why}", id.chunk));
                chunk.state = ChunkState::GivenUp;
            } else if chunk.waiting == 0 {
                chunk.state = ChunkState::Done;
            }
            standings.push(Standing {
                id: id.clone(),
                waiting: chunk.waiting,
                deliveries: chunk.deliveries,
            });
            self.fanout.chunks.insert(id, chunk);
        }
        standings
    }

    fn sum_up(&mut self, runs: BTreeSet<String>, now: Timestamp) {
        for run_id in runs {
            let Some(plan) = self.fanout.plans.get_mut(&run_id) else {
                continue;
            };
            plan.advanced_at = now;
            let chunks = self.fanout.chunks.iter();
            let chunks: Vec<&Chunk> = chunks
                .filter(|(id, _)| id.run_id == run_id)
                .map(|(_, chunk)| chunk)
                .collect();
            if chunks.iter().any(|chunk| chunk.state == ChunkState::Open) {
                continue;
            }
            let sum = |part: fn(&Chunk) -> u32| chunks.iter().map(|chunk| part(chunk)).sum();
            let closing = RunClosing {
                run_id: run_id.clone(),
                completed: chunks.iter().all(|chunk| chunk.state == ChunkState::Done),
                tally: Tally {
                    total: sum(|chunk| chunk.planned),
                    created: sum(|chunk| chunk.created),
                    failed: sum(|chunk| chunk.failed),
                    skipped: sum(|chunk| chunk.skipped),
                    quarantined: sum(|chunk| chunk.quarantined),
                    errors: chunks.iter().flat_map(|c| c.errors.clone()).collect(),
                },
                finished_at: now,
            };
            self.runs.insert(run_id, Some(closing));
        }
    }
}

fn runs_of(chunks: &[ChunkId]) -> BTreeSet<String> {
    chunks.iter().map(|id| id.run_id.clone()).collect()
}

impl FanoutStore for World {
    async fn plan_run(&self, planning: &Planning) -> Result<Planned, StoreError> {
        self.effect(|| {
            let tables = &mut *self.tables.borrow_mut();
            let run_id = planning.opening.run_id.clone();
            let abandoned = tables
                .fanout
                .chunks
                .iter()
                .filter(|(id, chunk)| {
                    chunk.state == ChunkState::Open
                        && tables.fanout.plans[&id.run_id].advanced_at <= planning.idle_since
                })
                .map(|(id, _)| id.clone())
                .collect();
            tables.runs.insert(run_id.clone(), None);
            tables.fanout.plans.insert(
                run_id.clone(),
                Plan {
                    hold: planning.hold_until,
                    takeovers_left: planning.max_takeovers,
                    advanced_at: planning.opening.started_at,
                },
            );
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
                let planned = part.len() as u32;
                let chunk = Chunk {
                    state: ChunkState::Open,
                    users: part.to_vec(),
                    deliveries: 0,
                    planned,
                    waiting: planned,
                    created: 0,
                    failed: 0,
                    skipped: 0,
                    quarantined: 0,
                    errors: Vec::new(),
                };
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
    ) -> Result<Opened, StoreError> {
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
                let held: BTreeSet<UserId> = tables.held(&id).into_iter().collect();
                // Whom `due` lists at the end of time is everybody, but for those under a lease.
                let hold = tables.fanout.plans[&id.run_id].hold;
                let leased = |user: &UserId| {
                    let row = tables.rows.get(user);
                    row.is_some_and(|row| row.mapping.lease_until > now)
                };
                let all = tables.due(hold, u32::MAX).into_iter();
                opened
                    .candidates
                    .extend(all.filter(|one| held.contains(&one.user) && !leased(&one.user)));
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
    ) -> Result<Vec<Standing>, StoreError> {
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
    ) -> Result<(), StoreError> {
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
