//! What fan-out asks of the database and of the queue.
//!
//! The database alone knows which users a chunk holds and where they stand. A
//! message is a nudge to look there, so it may be lost, delayed or doubled.

use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};

use crate::db::DatabaseError;
use crate::kernel::Timestamp;
use crate::provisioning::listing::Candidate;
use crate::provisioning::store::{RunOpening, Store};

/// Names one chunk of one run; all that a message holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChunkId {
    /// The run.
    pub run_id: String,
    /// The chunk's number within it, from 1.
    pub chunk: u32,
}

/// What to plan.
#[derive(Debug, Clone)]
pub struct Planning {
    /// The run's first line in the ledger.
    pub opening: RunOpening,
    /// Existing accounts that the run may delete and re-create.
    pub max_takeovers: u32,
    /// Users due by this moment are planned.
    pub due_by: Timestamp,
    /// Until when no other run takes them up.
    pub hold_until: Timestamp,
    /// Users a chunk, from 1; the last one may have fewer.
    pub chunk_size: u32,
    /// A planned run that nobody has had a hand in since is abandoned.
    pub idle_since: Timestamp,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned {
    /// The chunks.
    pub chunks: Vec<ChunkId>,
    /// Users in them.
    pub users: u32,
    /// Users that wait, the planned ones included.
    pub remaining: u64,
    /// Open chunks of earlier runs that nobody will see to any more; a thousand
    /// at most, the next plan tells of the others.
    pub abandoned: Vec<ChunkId>,
}

/// How many accounts a delivery may take over in the name of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The run.
    pub run_id: String,
    /// The accounts.
    pub takeovers: u32,
}

/// What a delivery has to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opened {
    /// The users that still wait for their chunk and are under nobody's lease.
    pub candidates: Vec<Candidate>,
    /// What was reserved; whatever is not used is to be given back.
    pub allowances: Vec<Allowance>,
}

/// Where a chunk stands that was open before the delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The chunk.
    pub id: ChunkId,
    /// Users that still wait for it.
    pub waiting: u32,
    /// How often it was delivered.
    pub deliveries: u32,
}

/// The database of fan-out. As in [`Store`], each method is one round trip
/// and atomic. A list of chunks names each of them once.
///
/// A user waits for its chunk as long as its place in the work queue is the
/// run's hold, whoever is at work on it. Figures are read off where the users
/// stand and never added up, so what is done twice counts once. The ledger shows
/// the sums of a run's chunks, and the first hundred of their lines. What is
/// closed keeps its figures and its end.
pub trait FanoutStore: Store {
    /// Opens a run, cuts what is due into chunks, longest due first, and holds
    /// their users back from every other plan. Whoever is under a lease is passed
    /// over. A run without users is closed at once. An error, and nothing else,
    /// if there is a run of that id.
    async fn plan_run(&self, planning: &Planning) -> Result<Planned, DatabaseError>;

    /// Notes a delivery of these chunks, reserves what is left of their runs'
    /// take-overs, and lists the users that wait for them. Of a chunk that is
    /// closed or unknown there are none.
    async fn open_delivery(
        &self,
        chunks: &[ChunkId],
        now: Timestamp,
    ) -> Result<Opened, DatabaseError>;

    /// Gives unused take-overs back, one allowance a run, and reads off where the
    /// chunks' users stand. A chunk for which nobody waits is closed, and with its
    /// last open chunk the run. Answers for the chunks that were open.
    async fn close_delivery(
        &self,
        chunks: &[ChunkId],
        unused: &[Allowance],
        now: Timestamp,
    ) -> Result<Vec<Standing>, DatabaseError>;

    /// Closes chunks for which users may still wait and makes those due now, but
    /// for a wait of their own, for whichever run comes next; their run ends
    /// early. `why` goes into the ledger. Chunks that are closed stay as they are.
    async fn give_up(
        &self,
        chunks: &[ChunkId],
        why: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError>;
}

/// The queue did not take messages, or did not say that it has.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the queue did not take the messages: {0}")]
pub struct QueueError(pub String);

/// Where messages are sent.
pub trait RunQueue {
    /// Sends one message a chunk, all of them together: at most
    /// [`MESSAGES_A_SEND`](crate::provisioning::policy::MESSAGES_A_SEND).
    fn send<'a>(&'a self, chunks: &'a [ChunkId]) -> LocalBoxFuture<'a, Result<(), QueueError>>;
}
