//! The ledger and the chunks, as the suite looks at them.

use serde::Deserialize;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::conformance::{Chunk, ChunkState, Plan};
use crate::provisioning::fanout::store::ChunkId;
use crate::provisioning::store::{RunClosing, Tally};

pub const ALL: &str = "
SELECT run_id, mode, status, total, created, failed, skipped, quarantined, errors, finished_at,
       hold_until, takeovers_left, advanced_at, remaining
FROM provisioning_runs ORDER BY run_id";

pub const ALL_CHUNKS: &str = "
SELECT run_id, chunk, state, user_ids, deliveries, planned, waiting, created, failed, skipped,
       quarantined, errors
FROM provisioning_chunks ORDER BY run_id, chunk";

#[derive(Deserialize)]
pub struct RunRow {
    run_id: String,
    mode: String,
    status: String,
    total: u32,
    created: u32,
    failed: u32,
    skipped: u32,
    quarantined: u32,
    errors: String,
    finished_at: Option<i64>,
    hold_until: Option<i64>,
    takeovers_left: u32,
    advanced_at: Option<i64>,
    remaining: Option<u64>,
}

impl RunRow {
    fn tally(&self) -> Tally {
        Tally {
            total: self.total,
            created: self.created,
            failed: self.failed,
            skipped: self.skipped,
            quarantined: self.quarantined,
            errors: serde_json::from_str(&self.errors).unwrap(),
        }
    }

    /// How it was closed, if it was.
    pub fn run(&self) -> (String, Option<RunClosing>) {
        // Whoever finishes a run says how, and nobody else does.
        assert_eq!(self.status == "running", self.finished_at.is_none());
        let closing = self.finished_at.map(|finished_at| RunClosing {
            run_id: self.run_id.clone(),
            completed: self.status == "completed",
            tally: self.tally(),
            finished_at: Timestamp::from_millis(finished_at),
        });
        (self.run_id.clone(), closing)
    }

    /// What a planned run has beyond that.
    pub fn plan(&self) -> Option<(String, Plan)> {
        let moment = |column: Option<i64>| Timestamp::from_millis(column.unwrap());
        (self.mode == "queue").then(|| {
            let plan = Plan {
                hold: moment(self.hold_until),
                takeovers_left: self.takeovers_left,
                advanced_at: moment(self.advanced_at),
                tally: self.tally(),
                remaining: self.remaining,
            };
            (self.run_id.clone(), plan)
        })
    }
}

#[derive(Deserialize)]
pub struct ChunkRow {
    run_id: String,
    chunk: u32,
    state: String,
    user_ids: String,
    deliveries: u32,
    planned: u32,
    waiting: u32,
    created: u32,
    failed: u32,
    skipped: u32,
    quarantined: u32,
    errors: String,
}

impl ChunkRow {
    pub fn into_chunk(self) -> (ChunkId, Chunk) {
        let users: Vec<String> = serde_json::from_str(&self.user_ids).unwrap();
        let id = ChunkId {
            run_id: self.run_id,
            chunk: self.chunk,
        };
        let chunk = Chunk {
            state: match self.state.as_str() {
                "open" => ChunkState::Open,
                "done" => ChunkState::Done,
                "given_up" => ChunkState::GivenUp,
                other => panic!("{id:?} is {other}"),
            },
            users: users.into_iter().map(UserId::new).collect(),
            deliveries: self.deliveries,
            planned: self.planned,
            waiting: self.waiting,
            created: self.created,
            failed: self.failed,
            skipped: self.skipped,
            quarantined: self.quarantined,
            errors: serde_json::from_str(&self.errors).unwrap(),
        };
        (id, chunk)
    }
}
