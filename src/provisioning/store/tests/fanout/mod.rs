//! Planned runs.

mod close_delivery;
mod give_up;
mod open_delivery;
mod plan;

use super::tables::{Chunk, ChunkState, StoredRun};
use super::*;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::{
    ChunkStatus, OpenedDelivery, Planned, Planning, ReplacementAllowance, Silence,
};

pub const HOLD: Duration = Duration::from_secs(30 * 60);

/// After this long without a delivery a run counts as abandoned.
pub const ABANDONED_AFTER: Duration = Duration::from_secs(10 * 60);

/// The same of a list.
pub const LIST_ABANDONED_AFTER: Duration = Duration::from_secs(40 * 60);

/// Replacements that every run is planned with.
pub const REPLACEMENTS: u32 = 7;

pub fn chunk(run: &str, number: u32) -> ChunkId {
    ChunkId {
        run_id: run.to_owned(),
        chunk: number,
    }
}

pub fn allowance(run: &str, replacements: u32) -> ReplacementAllowance {
    ReplacementAllowance {
        run_id: run.to_owned(),
        replacements,
    }
}

pub fn names(users: &[Candidate]) -> Vec<&str> {
    let mut names: Vec<&str> = users.iter().map(|one| one.user.as_str()).collect();
    names.sort_unstable();
    names
}

impl StoreTest {
    /// Adds users, each with an e-mail of its own.
    fn add_all(&self, users: &[&str]) {
        for user in users {
            self.add(user, &format!("{user}@example.com"));
        }
    }

    /// Plans all that is due.
    pub fn plan(&self, run: &str, chunk_size: u32) -> Planned {
        self.plan_as(&planning(self, run, 10_000, chunk_size))
    }

    pub fn plan_as(&self, planning: &Planning) -> Planned {
        done(store::plan_run(&self.database, planning)).unwrap()
    }

    pub fn open(&self, chunks: &[ChunkId]) -> OpenedDelivery {
        done(store::open_delivery(&self.database, chunks, self.now())).unwrap()
    }

    /// Closes a delivery that has used all its replacements.
    fn close(&self, chunks: &[ChunkId]) -> Vec<ChunkStatus> {
        self.close_returning(chunks, &[])
    }

    pub fn close_returning(
        &self,
        chunks: &[ChunkId],
        unused: &[ReplacementAllowance],
    ) -> Vec<ChunkStatus> {
        let (database, now) = (&self.database, self.now());
        let mut statuses = done(store::close_delivery(database, chunks, unused, now));
        statuses.sort_by(|a, b| a.id.cmp(&b.id));
        statuses
    }

    pub fn give_up(&self, chunks: &[ChunkId]) {
        let (database, now) = (&self.database, self.now());
        done(store::give_up(
            database,
            chunks,
            "no consumer came",
            "",
            now,
        ));
    }

    fn chunk(&self, id: &ChunkId) -> Chunk {
        let mut chunks = self.chunks().into_iter();
        chunks.find(|one| one.id == *id).unwrap()
    }

    fn run(&self, run: &str) -> StoredRun {
        let mut runs = self.runs().into_iter();
        runs.find(|one| one.row.run_id == run).unwrap()
    }

    /// `None`: it is open.
    pub fn end_of(&self, run: &str) -> Option<RunClosing> {
        let (mut row, chunks) = done(store::find_run(&self.database, run)).unwrap();
        let open = self
            .chunks()
            .into_iter()
            .filter(|chunk| chunk.id.run_id == run && chunk.state == ChunkState::Open);
        assert_eq!(chunks.planned - chunks.closed, open.count() as u32);
        row.tally.errors.sort();
        Some(RunClosing {
            run_id: row.run_id,
            completed: row.status == "completed",
            tally: row.tally,
            finished_at: row.finished_at?,
        })
    }

    /// The sums of a run; those of its chunks are the same, and add up.
    fn sums(&self, run: &str) -> [u32; 5] {
        let chunks: Vec<Chunk> = self
            .chunks()
            .into_iter()
            .filter(|chunk| chunk.id.run_id == run)
            .collect();
        for chunk in &chunks {
            let settled = chunk.created + chunk.failed + chunk.skipped;
            assert_eq!(chunk.planned, settled + chunk.waiting, "{chunk:?}");
        }
        let sum = |part: fn(&Chunk) -> u32| chunks.iter().map(part).sum::<u32>();
        let tally = self.run(run).row.tally;
        let sums = [
            tally.total,
            tally.created,
            tally.failed,
            tally.skipped,
            tally.quarantined,
        ];
        let parts = [
            sum(|chunk| chunk.planned),
            sum(|chunk| chunk.created),
            sum(|chunk| chunk.failed),
            sum(|chunk| chunk.skipped),
            sum(|chunk| chunk.quarantined),
        ];
        assert_eq!(sums, parts);
        sums
    }
}

pub fn planning(test: &StoreTest, run: &str, limit: u32, chunk_size: u32) -> Planning {
    Planning {
        opening: test.opening(run, limit),
        max_replacements: REPLACEMENTS,
        due_by: test.now(),
        hold_until: test.now().plus(HOLD),
        chunk_size,
        silence: Silence {
            runs: test.now().minus(ABANDONED_AFTER),
            queued_lists: test.now().minus(LIST_ABANDONED_AFTER),
        },
        leavings: test.leavings(9),
    }
}

pub fn status(run: &str, number: u32, waiting: u32, deliveries: u32) -> ChunkStatus {
    ChunkStatus {
        id: chunk(run, number),
        waiting,
        deliveries,
    }
}
/// Users of a planned run, each named after what becomes of it.
pub const ENDS: [&str; 11] = [
    "aside", "changed", "cleared", "done", "failed", "gone", "limit", "orphan", "replaced",
    "silent", "still",
];

/// After this, one of [`ENDS`] still waits for its chunk.
fn end_each(test: &StoreTest) {
    let now = test.now();
    test.finish("done", "acc");
    test.change_email("aside", Some("done@example.com"));
    test.set_aside(&["aside"]);
    test.finish_with("failed", failed(now.plus(seconds(60))));
    test.finish_with("orphan", quarantined());
    let released = |due_at| Outcome::Released { due_at };
    test.finish_with("limit", released(Some(now)));
    test.finish_with("still", released(None));
    test.change_email("changed", Some("new@example.com"));
    test.change_email("silent", None);
    test.delete_user("gone");
    test.add_all(&["replaced"]);
    test.acquire("t1", "cleared");
    test.clear_everything("t1", "cleared");
}
