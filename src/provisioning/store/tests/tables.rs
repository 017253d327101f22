//! What the database holds, read past the store.

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::db::{self, DatabaseError, FromRow, Row};
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::RunRow;

const QUEUE: &str = "SELECT user_id AS id, due_at AS at FROM provisioning_queue ORDER BY user_id";

const REMOVALS: &str =
    "SELECT email_key AS id, removed_at AS at FROM threedeye_removals ORDER BY email_key";

// ?1 subject
const TRAIL: &str = "SELECT outcome FROM audit_log WHERE subject = ?1 ORDER BY id";

/// All that the store reads or writes.
const TABLES: [&str; 11] = [
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
    "SELECT * FROM daily_counts ORDER BY day, name, detail",
];

/// Rows that must never exist, each with a word for what is wrong.
const VIOLATIONS: [&str; 8] = [
    "SELECT 'waiting is miscounted' AS broken, '' AS id FROM provisioning_totals
     WHERE name <> 'waiting' OR value <> (SELECT count(*) FROM provisioning_queue)",
    "SELECT 'waits with another e-mail', q.user_id FROM provisioning_queue q
     JOIN users u ON u.uuid = q.user_id WHERE u.email_key IS NOT q.email_key",
    "SELECT 'waits without need, or does not wait', u.uuid FROM users u
     LEFT JOIN threedeye_users t ON t.user_id = u.uuid
     LEFT JOIN provisioning_queue q ON q.user_id = u.uuid
     WHERE (q.user_id IS NOT NULL) <> (
       u.email_key IS NOT NULL AND coalesce(t.state, 'idle') IN ('idle', 'pending', 'attaching')
     )",
    "SELECT 'waits for a free e-mail', t.user_id FROM threedeye_users t
     WHERE t.state = 'set_aside' AND NOT EXISTS (
       SELECT 1 FROM threedeye_users o WHERE o.email_key = t.email_key AND o.password_sealed IS NOT NULL
     )",
    "SELECT 'is idle with an intent', user_id FROM threedeye_users
     WHERE state = 'idle' AND (email_key IS NOT NULL OR threedeye_id IS NOT NULL)",
    "SELECT 'has an error without its code, or a code without an error', user_id FROM threedeye_users
     WHERE (last_error IS NULL) <> (error_code IS NULL)",
    "SELECT 'is left behind', user_id FROM provisioning_unsettled",
    "SELECT 'chunk does not add up', run_id FROM provisioning_chunks
     WHERE planned <> waiting + created + failed + skipped",
];

db::row! {
    /// A run's row, with what only plans and deliveries read.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct StoredRun {
        pub row: RunRow = flatten,
        pub hold_until: Option<Timestamp>,
        pub replacements_left: u32 = "takeovers_left",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChunkState {
    Open,
    Done,
    GivenUp,
}

db::named_columns!(ChunkState);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub id: ChunkId,
    pub state: ChunkState,
    /// Empty once it is closed.
    pub users: Vec<String>,
    pub deliveries: u32,
    pub planned: u32,
    pub waiting: u32,
    pub created: u32,
    pub failed: u32,
    pub skipped: u32,
    pub quarantined: u32,
    pub errors: Vec<String>,
}

impl FromRow for Chunk {
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
        // The order is not promised.
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        Ok(Self {
            id: FromRow::from_row(row)?,
            state: row.get("state")?,
            users: sorted(row.json("user_ids")?),
            deliveries: row.get("deliveries")?,
            planned: row.get("planned")?,
            waiting: row.get("waiting")?,
            created: row.get("created")?,
            failed: row.get("failed")?,
            skipped: row.get("skipped")?,
            quarantined: row.get("quarantined")?,
            errors: sorted(row.json("errors")?),
        })
    }
}

impl StoreTest {
    pub fn read<T: FromRow>(&self, statement: Statement) -> Vec<T> {
        let mut batch = Batch::new();
        let rows = batch.push(statement);
        done(self.database.run(batch)).rows(rows).unwrap()
    }

    /// Everything, to show that nothing changed.
    pub fn tables(&self) -> Vec<Vec<Value>> {
        let mut batch = Batch::new();
        let slots = TABLES.map(|sql| batch.push(Statement::new(sql, [])));
        let answers = done(self.database.run(batch));
        slots.map(|slot| answers.rows(slot).unwrap()).into()
    }

    /// The invariants that are broken.
    pub fn violations(&self) -> Vec<Value> {
        let mut batch = Batch::new();
        let slots = VIOLATIONS.map(|sql| batch.push(Statement::new(sql, [])));
        let answers = done(self.database.run(batch));
        let rows = slots
            .into_iter()
            .flat_map(|slot| answers.rows(slot).unwrap());
        rows.collect()
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

    /// The runs, in the order of their ids.
    pub fn runs(&self) -> Vec<StoredRun> {
        let mut runs: Vec<StoredRun> = self.read(Statement::new(TABLES[7], []));
        for StoredRun { row, .. } in &mut runs {
            row.tally.errors.sort();
            // A run that is finished says how, and no other does.
            assert_eq!(row.status == "running", row.finished_at.is_none());
        }
        runs
    }

    pub fn chunks(&self) -> Vec<Chunk> {
        self.read(Statement::new(TABLES[8], []))
    }
}

db::row! {
    struct MomentRow {
        id: String,
        at: i64,
    }
}

db::row! {
    struct TrailRow {
        outcome: String,
    }
}
