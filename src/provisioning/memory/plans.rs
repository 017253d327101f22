//! The tables of fan-out.

use std::collections::BTreeMap;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::fanout::store::ChunkId;
use crate::provisioning::store::Tally;

/// Planned runs and their chunks.
#[derive(Default)]
pub struct Fanout {
    pub plans: BTreeMap<String, Plan>,
    pub chunks: BTreeMap<ChunkId, Chunk>,
}

/// A planned run, as far as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where its users' places in the work queue were moved to.
    pub hold: Timestamp,
    pub takeovers_left: u32,
    pub advanced_at: Timestamp,
    /// The sums of its chunks, as they were last read off.
    pub tally: Tally,
    /// How many users waited when it ended.
    pub remaining: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkState {
    Open,
    Done,
    GivenUp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub state: ChunkState,
    /// Nobody once it is closed.
    pub users: Vec<UserId>,
    pub deliveries: u32,
    pub planned: u32,
    pub waiting: u32,
    pub created: u32,
    pub failed: u32,
    pub skipped: u32,
    pub quarantined: u32,
    pub errors: Vec<String>,
}

impl Chunk {
    /// One that nobody has delivered yet.
    pub fn of(users: &[UserId]) -> Self {
        let planned = users.len() as u32;
        Self {
            state: ChunkState::Open,
            users: users.to_vec(),
            deliveries: 0,
            planned,
            waiting: planned,
            created: 0,
            failed: 0,
            skipped: 0,
            quarantined: 0,
            errors: Vec::new(),
        }
    }
}
