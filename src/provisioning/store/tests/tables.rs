//! What the database holds, read past the store.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::*;
use crate::provisioning::fanout::ChunkId;

const QUEUE: &str = "SELECT user_id AS id, due_at AS at FROM provisioning_queue ORDER BY user_id";

const REMOVALS: &str =
    "SELECT email_key AS id, removed_at AS at FROM threedeye_removals ORDER BY email_key";

// ?1 subject
const TRAIL: &str = "SELECT outcome FROM audit_log WHERE subject = ?1 ORDER BY id";

const RUNS: &str = "
SELECT run_id, mode, status, total, created, failed, skipped, quarantined, errors, finished_at,
       hold_until, takeovers_left, advanced_at, remaining
FROM provisioning_runs ORDER BY run_id";

const CHUNKS: &str = "
SELECT run_id, chunk, state, user_ids, deliveries, planned, waiting, created, failed, skipped,
       quarantined, errors
FROM provisioning_chunks ORDER BY run_id, chunk";

/// All that the store reads or writes.
const TABLES: [&str; 10] = [
    "SELECT * FROM users ORDER BY uuid",
    "SELECT * FROM threedeye_users ORDER BY user_id",
    "SELECT * FROM threedeye_recovery ORDER BY user_id",
    "SELECT * FROM threedeye_removals ORDER BY email_key",
    "SELECT * FROM provisioning_queue ORDER BY user_id",
    "SELECT * FROM provisioning_totals ORDER BY name",
    "SELECT * FROM provisioning_unsettled ORDER BY lease_token, user_id",
    "SELECT * FROM provisioning_runs ORDER BY run_id",
    "SELECT * FROM provisioning_chunks ORDER BY run_id, chunk",
    "SELECT * FROM audit_log ORDER BY id",
];

/// A planned run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRun {
    /// Where its users' places in the work queue were moved to.
    pub hold: Timestamp,
    pub replacements_left: u32,
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
    /// Empty once it is closed.
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
    /// One that was not delivered yet.
    pub fn of(users: &[UserId]) -> Self {
        let planned = u32::try_from(users.len()).unwrap();
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

impl StoreTest {
    pub fn read<T: DeserializeOwned>(&self, statement: Statement) -> Vec<T> {
        let mut batch = Batch::new();
        let rows = batch.push(statement);
        block_on(self.database.run(batch))
            .unwrap()
            .rows(rows)
            .unwrap()
    }

    /// Everything, to show that nothing changed.
    pub fn tables(&self) -> Vec<Vec<Value>> {
        let mut batch = Batch::new();
        let slots = TABLES.map(|sql| batch.push(Statement::new(sql, [])));
        let answers = block_on(self.database.run(batch)).unwrap();
        slots.map(|slot| answers.rows(slot).unwrap()).into()
    }

    /// The users that wait, and how long until each is due, in seconds. Their number is told right.
    pub fn queue(&self) -> Vec<(String, i64)> {
        let rows: Vec<MomentRow> = self.read(Statement::new(QUEUE, []));
        assert_eq!(self.waiting(), rows.len() as u64);
        let now = self.now().as_secs();
        let due_in = |row: MomentRow| (row.id, Timestamp::from_millis(row.at).as_secs() - now);
        rows.into_iter().map(due_in).collect()
    }

    pub fn queued(&self) -> Vec<String> {
        self.queue().into_iter().map(|(user, _)| user).collect()
    }

    /// E-mails whose accounts were deleted, and when.
    pub fn removals(&self) -> Vec<(EmailKey, Timestamp)> {
        let rows: Vec<MomentRow> = self.read(Statement::new(REMOVALS, []));
        rows.into_iter()
            .map(|row| (email(&row.id), Timestamp::from_millis(row.at)))
            .collect()
    }

    /// How the trail says that a user's changes ended.
    pub fn trail(&self, user: &str) -> Vec<String> {
        let rows: Vec<TrailRow> = self.read(Statement::new(TRAIL, [user.into()]));
        rows.into_iter().map(|row| row.outcome).collect()
    }

    /// Each run's id, and how it was closed if it was.
    pub fn runs(&self) -> Vec<(String, Option<RunClosing>)> {
        let rows: Vec<RunRow> = self.read(Statement::new(RUNS, []));
        rows.iter()
            .map(|row| (row.run_id.clone(), row.closing()))
            .collect()
    }

    pub fn planned_runs(&self) -> Vec<(String, PlannedRun)> {
        let rows: Vec<RunRow> = self.read(Statement::new(RUNS, []));
        rows.iter().filter_map(RunRow::planned).collect()
    }

    pub fn chunks(&self) -> Vec<(ChunkId, Chunk)> {
        let rows: Vec<ChunkRow> = self.read(Statement::new(CHUNKS, []));
        rows.into_iter().map(ChunkRow::into_chunk).collect()
    }
}

#[derive(Deserialize)]
struct MomentRow {
    id: String,
    at: i64,
}

#[derive(Deserialize)]
struct TrailRow {
    outcome: String,
}

#[derive(Deserialize)]
struct RunRow {
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
            errors: lines(&self.errors),
        }
    }

    fn closing(&self) -> Option<RunClosing> {
        // A run that is finished says how, and no other does.
        assert_eq!(self.status == "running", self.finished_at.is_none());
        self.finished_at.map(|finished_at| RunClosing {
            run_id: self.run_id.clone(),
            completed: self.status == "completed",
            tally: self.tally(),
            finished_at: Timestamp::from_millis(finished_at),
        })
    }

    fn planned(&self) -> Option<(String, PlannedRun)> {
        let moment = |column: Option<i64>| Timestamp::from_millis(column.unwrap());
        (self.mode == "queue").then(|| {
            let run = PlannedRun {
                hold: moment(self.hold_until),
                replacements_left: self.takeovers_left,
                advanced_at: moment(self.advanced_at),
                tally: self.tally(),
                remaining: self.remaining,
            };
            (self.run_id.clone(), run)
        })
    }
}

#[derive(Deserialize)]
struct ChunkRow {
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
    fn into_chunk(self) -> (ChunkId, Chunk) {
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
            users: lines(&self.user_ids).into_iter().map(UserId::new).collect(),
            deliveries: self.deliveries,
            planned: self.planned,
            waiting: self.waiting,
            created: self.created,
            failed: self.failed,
            skipped: self.skipped,
            quarantined: self.quarantined,
            errors: lines(&self.errors),
        };
        (id, chunk)
    }
}

/// A JSON list of texts whose order is not promised.
fn lines(json: &str) -> Vec<String> {
    let mut lines: Vec<String> = serde_json::from_str(json).unwrap();
    lines.sort();
    lines
}
