//! Planned runs: the promises of `fanout::store`.

pub mod closing;
pub mod giving_up;
pub mod opening;
pub mod planning;

pub use crate::provisioning::conformance::cases::*;

pub use crate::provisioning::conformance::{Chunk, ChunkState, Plan};
pub use crate::provisioning::fanout::store::{
    Allowance, ChunkId, Opened, Planned, Planning, Standing,
};
pub use crate::provisioning::listing::Candidate;
pub use crate::provisioning::store::{RunClosing, RunOpening, Tally, Trigger};

pub const HOLD: Duration = Duration::from_secs(30 * 60);

/// After this long without a consumer a run counts as abandoned.
pub const IDLE: Duration = Duration::from_secs(10 * 60);

/// Take-overs that every run is planned with.
pub const TAKEOVERS: u32 = 7;

pub fn chunk(run: &str, number: u32) -> ChunkId {
    ChunkId {
        run_id: run.to_owned(),
        chunk: number,
    }
}

pub fn takeovers(run: &str, takeovers: u32) -> Allowance {
    Allowance {
        run_id: run.to_owned(),
        takeovers,
    }
}

pub fn names(users: &[Candidate]) -> Vec<&str> {
    let mut names: Vec<&str> = users.iter().map(|one| one.user.as_str()).collect();
    names.sort_unstable();
    names
}

/// What the cases of fan-out say over and over.
pub trait FanoutShorthand: Shorthand {
    /// Adds users, each with an e-mail of its own.
    async fn add_all(&self, users: &[&str]) {
        for user in users {
            self.add(user, &format!("{user}@example.com")).await;
        }
    }

    fn planning(&self, run: &str, limit: u32, chunk_size: u32) -> Planning {
        Planning {
            opening: RunOpening {
                run_id: run.to_owned(),
                trigger: Trigger::Cron,
                origin: origin(),
                limit,
                started_at: self.now(),
            },
            max_takeovers: TAKEOVERS,
            due_by: self.now(),
            hold_until: self.now().plus(HOLD),
            chunk_size,
            idle_since: self.now().minus(IDLE),
        }
    }

    /// Plans all that is due.
    async fn plan(&self, run: &str, chunk_size: u32) -> Planned {
        let planning = self.planning(run, 10_000, chunk_size);
        self.plan_run(&planning).await.unwrap()
    }

    async fn open(&self, chunks: &[ChunkId]) -> Opened {
        self.open_delivery(chunks, self.now()).await.unwrap()
    }

    /// Closes a delivery that has used all its take-overs.
    async fn close(&self, chunks: &[ChunkId]) -> Vec<Standing> {
        let standings = self.close_delivery(chunks, &[], self.now()).await;
        let mut standings = standings.unwrap();
        standings.sort_by(|a, b| a.id.cmp(&b.id));
        standings
    }

    async fn leave(&self, chunks: &[ChunkId]) {
        let given_up = self.give_up(chunks, "nobody came", self.now()).await;
        given_up.unwrap();
    }

    /// Takes a user up and ends it with this verdict.
    async fn end(&self, user: &str, verdict: Verdict) {
        self.take("end", user).await;
        self.judge("end", user, verdict).await;
    }

    async fn chunk(&self, id: &ChunkId) -> Chunk {
        let seen = self.observe(&[]).await;
        let mut chunks = seen.chunks.into_iter();
        chunks.find(|(one, _)| one == id).unwrap().1
    }

    async fn run(&self, run: &str) -> Plan {
        let seen = self.observe(&[]).await;
        let mut plans = seen.plans.into_iter();
        plans.find(|(id, _)| id == run).unwrap().1
    }

    /// `None`: it is open.
    async fn end_of(&self, run: &str) -> Option<RunClosing> {
        let seen = self.observe(&[]).await;
        let mut runs = seen.runs.into_iter();
        runs.find(|(id, _)| id == run).unwrap().1
    }

    /// The sums of a run; those of its chunks are the same, and add up.
    async fn sums(&self, run: &str) -> [u32; 5] {
        let seen = self.observe(&[]).await;
        let chunks: Vec<Chunk> = seen
            .chunks
            .into_iter()
            .filter(|(id, _)| id.run_id == run)
            .map(|(_, chunk)| chunk)
            .collect();
        for chunk in &chunks {
            let settled = chunk.created + chunk.failed + chunk.skipped;
            assert_eq!(chunk.planned, settled + chunk.waiting, "{chunk:?}");
        }
        let sum = |part: fn(&Chunk) -> u32| chunks.iter().map(part).sum::<u32>();
        let tally = self.run(run).await.tally;
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

impl<S: Subject> FanoutShorthand for S {}

pub fn users(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| UserId::new(*name)).collect()
}

pub fn standing(run: &str, number: u32, waiting: u32, deliveries: u32) -> Standing {
    Standing {
        id: chunk(run, number),
        waiting,
        deliveries,
    }
}
