//! The transactions of planned runs. A list of chunks names each of them once.
//!
//! A user waits for its chunk as long as its place in the work queue is the run's hold, even while
//! another actor works on it. Figures are read off where the users stand and never added up, so what
//! is done twice counts once. The ledger shows the sums of a run's chunks, and the first [`MAX_RUN_ERRORS`](crate::provisioning::policy::MAX_RUN_ERRORS) of
//! their lines. What is closed keeps its figures and its end.
//!
//! CROSS JOIN keeps SQLite from reordering: the chunks come first, so a statement reads what its
//! chunks hold, whatever the tables hold.

pub mod delivery;
pub mod give_up;
pub mod plan;
pub mod sums;

use serde::{Deserialize, Serialize};

use crate::db::{Arg, DatabaseError};
use crate::provisioning::fanout::ChunkId;

/// A chunk as the statements read it.
#[derive(Serialize)]
struct ChunkParameter<'a> {
    run: &'a str,
    chunk: u32,
}

#[derive(Deserialize)]
struct ChunkRow {
    run_id: String,
    chunk: u32,
}

impl From<ChunkRow> for ChunkId {
    fn from(row: ChunkRow) -> Self {
        Self {
            run_id: row.run_id,
            chunk: row.chunk,
        }
    }
}

fn chunk_list(chunks: &[ChunkId]) -> Result<Arg, DatabaseError> {
    let list: Vec<ChunkParameter> = chunks
        .iter()
        .map(|id| ChunkParameter {
            run: &id.run_id,
            chunk: id.chunk,
        })
        .collect();
    Arg::json(&list)
}
