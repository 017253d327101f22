//! The tables of fan-out.

use std::collections::BTreeMap;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::fanout::store::ChunkId;

/// Planned runs and their chunks.
#[derive(Default)]
pub struct Fanout {
    pub plans: BTreeMap<String, Plan>,
    pub chunks: BTreeMap<ChunkId, Chunk>,
}

pub struct Plan {
    pub hold: Timestamp,
    pub takeovers_left: u32,
    pub advanced_at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkState {
    Open,
    Done,
    GivenUp,
}

#[derive(Clone)]
pub struct Chunk {
    pub state: ChunkState,
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
