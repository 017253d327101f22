//! What every [`FanoutStore`], and so every `Store`, has to do, as one suite: for the store in memory that
//! the tests of provisioning run on, and for the statements that run on D1.
//!
//! `cases` holds a test for every promise in the comments of `store` and `fanout::store`;
//! `differential` puts both side by side and compares them step by step on
//! sequences that nobody thought of.

pub mod cases;
pub mod differential;
mod in_memory;
mod upstream;

use std::time::Duration;

use crate::kernel::{EmailKey, Timestamp, UserId};

use crate::provisioning::fanout::store::{ChunkId, FanoutStore};
use crate::provisioning::listing::Candidate;
use crate::provisioning::record::Dossier;
use crate::provisioning::store::RunClosing;

pub use crate::provisioning::memory::plans::{Chunk, ChunkState, Plan};

/// When the time of every case and sequence begins. D1 counts whole seconds,
/// so every time of the suite is one.
pub const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A store under test, and what others do to its database.
pub trait Subject: FanoutStore {
    /// The time, which stands still but for [`Subject::pass`].
    fn now(&self) -> Timestamp;

    /// Lets time pass.
    fn pass(&self, time: Duration);

    /// Another service inserts a user, or replaces the one with this id by an
    /// `INSERT OR REPLACE`.
    async fn put_user(&self, id: &UserId, email: Option<&str>);

    /// Another service changes a user's e-mail.
    async fn change_email(&self, id: &UserId, email: Option<&str>);

    /// Another service deletes a user.
    async fn delete_user(&self, id: &UserId);

    /// All that can be seen, at one moment, of these users, the queue and the runs.
    async fn observe(&self, users: &[UserId]) -> Observation;
}

/// What a store shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The users that were asked for, in order.
    pub dossiers: Vec<Dossier>,
    /// What is due now.
    pub due: Vec<Candidate>,
    /// How many users wait.
    pub waiting: u64,
    /// Who waits, and when each is due.
    pub queue: Vec<(UserId, Timestamp)>,
    /// E-mails whose accounts were deleted.
    pub removals: Vec<(EmailKey, Timestamp)>,
    /// The audit trail: when, whom and how it ended.
    pub audit: Vec<(Timestamp, String, String)>,
    /// The ledger: each run's id, and how it was closed if it was.
    pub runs: Vec<(String, Option<RunClosing>)>,
    /// Planned runs, by id.
    pub plans: Vec<(String, Plan)>,
    /// Their chunks.
    pub chunks: Vec<(ChunkId, Chunk)>,
}

impl Observation {
    /// The same, with everything in order whose order is not promised.
    pub fn in_order(mut self) -> Self {
        for (run_id, plan) in &mut self.plans {
            plan.tally.errors.sort();
            let mut closed = self.runs.iter_mut().filter(|(id, _)| id == run_id);
            if let Some((_, Some(closing))) = closed.next() {
                closing.tally.errors.sort();
            }
        }
        for (_, chunk) in &mut self.chunks {
            chunk.users.sort();
            chunk.errors.sort();
        }
        self
    }
}
