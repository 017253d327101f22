//! Where planned users stand, and what that makes of their chunks and runs.

use std::collections::BTreeSet;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::fanout::store::{ChunkId, Standing};
use crate::provisioning::record::State;
use crate::provisioning::store::{RunClosing, Tally};

use crate::provisioning::memory::plans::{Chunk, ChunkState};
use crate::provisioning::memory::tables::Tables;

/// Where a planned user stands; `None`: left as it was.
#[derive(PartialEq, Eq)]
enum Place {
    Waiting,
    Created,
    Failed,
    Quarantined,
}

/// A run's ledger row holds this many lines.
const RUN_LINES: usize = 100;

impl Tables {
    /// `hold`: the run's, unless nobody is to wait for it any more.
    fn place(&self, user: &UserId, hold: Option<Timestamp>) -> Option<Place> {
        let due = self.queue.get(user);
        if due.is_some() && due == hold.as_ref() {
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

    /// Reads off where the users of these chunks stand, as far as they are open.
    pub fn take_stock(&mut self, ids: &[ChunkId], given_up: Option<&str>) -> Vec<Standing> {
        let mut standings = Vec::new();
        for id in self.open_chunks(ids) {
            let chunk = self.read_off(&id, given_up);
            standings.push(Standing {
                id: id.clone(),
                waiting: chunk.waiting,
                deliveries: chunk.deliveries,
            });
            self.fanout.chunks.insert(id, chunk);
        }
        standings
    }

    /// An open chunk as its users stand now.
    fn read_off(&self, id: &ChunkId, given_up: Option<&str>) -> Chunk {
        let hold = self.fanout.plans[&id.run_id].hold;
        let hold = given_up.is_none().then_some(hold);
        let mut chunk = self.fanout.chunks[id].clone();
        let users = std::mem::take(&mut chunk.users);
        let places: Vec<_> = users.iter().map(|user| self.place(user, hold)).collect();
        let count = |wanted: &[Place]| {
            let all = places.iter().flatten();
            all.filter(|place| wanted.contains(place)).count() as u32
        };
        chunk.waiting = count(&[Place::Waiting]);
        chunk.created = count(&[Place::Created]);
        chunk.failed = count(&[Place::Failed, Place::Quarantined]);
        chunk.quarantined = count(&[Place::Quarantined]);
        chunk.skipped = chunk.planned - chunk.waiting - chunk.created - chunk.failed;
        let failed = users
            .iter()
            .zip(&places)
            .filter(|(_, place)| matches!(place, Some(Place::Failed | Place::Quarantined)));
        let line = |(user, _): (&UserId, _)| {
            let error = self.rows[user].mapping.last_error.as_deref();
            format!("{user}: {}", error.unwrap_or("failed"))
        };
        chunk.errors = failed.map(line).collect();
        let (number, skipped) = (id.chunk, chunk.skipped);
        if let Some(why) = given_up {
            chunk.errors.push(format!("chunk {number}: {why}"));
            chunk.state = ChunkState::GivenUp;
            return chunk;
        }
        if skipped > 0 {
            chunk.errors.push(format!(
                "chunk {number}: {skipped} user(s) left as they were: gone, changed, or beyond \
                 the take-over limit"
            ));
        }
        if chunk.waiting == 0 {
            chunk.state = ChunkState::Done;
        } else {
            chunk.users = users;
        }
        chunk
    }

    /// What that makes of the runs. What has closed keeps its end.
    pub fn sum_up(&mut self, runs: BTreeSet<String>, now: Timestamp) {
        let waiting = self.queue.len() as u64;
        for run_id in runs {
            let chunks = self.fanout.chunks.iter();
            let chunks: Vec<&Chunk> = chunks
                .filter(|(id, _)| id.run_id == run_id)
                .map(|(_, chunk)| chunk)
                .collect();
            let Some(plan) = self.fanout.plans.get_mut(&run_id) else {
                continue;
            };
            plan.advanced_at = now;
            plan.tally = sum(&chunks);
            if chunks.iter().any(|chunk| chunk.state == ChunkState::Open) {
                continue;
            }
            plan.remaining.get_or_insert(waiting);
            let ended = self.runs.get(&run_id).cloned().flatten();
            let closing = RunClosing {
                run_id: run_id.clone(),
                completed: chunks.iter().all(|chunk| chunk.state == ChunkState::Done),
                tally: plan.tally.clone(),
                finished_at: ended.map_or(now, |end| end.finished_at),
            };
            self.runs.insert(run_id, Some(closing));
        }
    }
}

fn sum(chunks: &[&Chunk]) -> Tally {
    let total = |part: fn(&Chunk) -> u32| chunks.iter().map(|chunk| part(chunk)).sum();
    let lines = chunks.iter().flat_map(|chunk| chunk.errors.clone());
    Tally {
        total: total(|chunk| chunk.planned),
        created: total(|chunk| chunk.created),
        failed: total(|chunk| chunk.failed),
        skipped: total(|chunk| chunk.skipped),
        quarantined: total(|chunk| chunk.quarantined),
        errors: lines.take(RUN_LINES).collect(),
    }
}
