//! Opening a run over a list.

use serde::Serialize;

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::ordered::set_of;
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::RunOpening;
use crate::provisioning::store::bulk::BulkRun;
use crate::provisioning::store::fanout::sums::push_sums;
use crate::provisioning::store::pause::{PAUSED, PausedRow, not_paused};

// ?1 run, ?2 actor, ?3 request, ?4 users, ?5 start, ?6 mode, ?7 action, ?8 order, ?9 plan, ?10 take-overs
const OPEN: &str = concat!(
    "
INSERT INTO provisioning_runs
  (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at, advanced_at,
   mode, action, bulk, plan, takeovers_left)
SELECT ?1, 'manual', ?2, ?3, 'running', ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10
WHERE NOT EXISTS (SELECT 1 FROM provisioning_runs WHERE plan = ?9) AND ",
    not_paused!()
);

// ?1 run, ?2 users, ?3 now. A run that was not opened has none.
const ADD_USERS: &str = "
INSERT INTO provisioning_bulk_users
  (run_id, chunk, n, user_id, state, seen, reason, outcome, ended_at)
SELECT ?1, value ->> 'chunk', value ->> 'n', value ->> 'user',
       iif(value ->> 'reason' IS NULL, 'waiting', 'refused'), value ->> 'seen',
       value ->> 'reason', value ->> 'outcome', iif(value ->> 'reason' IS NULL, NULL, ?3)
FROM json_each(?2)
WHERE EXISTS (SELECT 1 FROM provisioning_runs WHERE run_id = ?1)";

// ?1 run
const ADD_CHUNKS: &str = "
INSERT INTO provisioning_chunks (run_id, chunk, user_ids, planned, waiting)
SELECT run_id, chunk, '[]', count(*), count(*) FROM provisioning_bulk_users
WHERE run_id = ?1 GROUP BY chunk";

// ?1 plan
const BY_PLAN: &str = "SELECT run_id FROM provisioning_runs WHERE plan = ?1";

/// A run that begins.
#[derive(Debug)]
pub struct BulkOpening<'a> {
    pub run: RunOpening,
    pub is_queued: bool,
    /// The word of what is done.
    pub action: &'static str,
    /// All of it, as JSON.
    pub order: String,
    pub plan: String,
    /// Existing accounts that provisioning its users may delete and re-create.
    pub max_replacements: u32,
    pub users: Vec<NewBulkUser<'a>>,
}

/// An entry of the list.
#[derive(Debug, Clone, Serialize)]
pub struct NewBulkUser<'a> {
    /// From 1, as `n` is.
    pub chunk: u32,
    pub n: u32,
    pub user: Option<&'a str>,
    /// The tag of what the preview saw.
    pub seen: Option<&'a str>,
    /// Why it is refused, as a word and as a sentence.
    pub reason: Option<&'a str>,
    pub outcome: Option<&'a str>,
}

db::row! {
    struct RunIdRow {
        run_id: String,
    }
}

/// What was opened.
#[derive(Debug, PartialEq, Eq)]
pub enum BulkOpened {
    Paused,
    /// The plan was carried out by this run before.
    Before(String),
    /// The chunks with something to do.
    Opened(Vec<ChunkId>),
}

/// Opens a run with all its users, unless its plan has one.
pub async fn open_bulk_run(
    database: &Database,
    opening: &BulkOpening<'_>,
) -> Result<BulkOpened, DatabaseError> {
    let run = &opening.run;
    let run_id = run.run_id.as_str();
    let now = run.started_at;
    let mode = if opening.is_queued { "queue" } else { "inline" };
    let mut batch = Batch::new();
    let paused = batch.push::<PausedRow>(Statement::new(PAUSED, []));
    batch.execute(Statement::new(
        OPEN,
        [
            run_id.into(),
            run.origin.actor.as_str().into(),
            (&run.origin.request_id).into(),
            run.limit.into(),
            now.into(),
            mode.into(),
            opening.action.into(),
            opening.order.as_str().into(),
            opening.plan.as_str().into(),
            opening.max_replacements.into(),
        ],
    ));
    let users = Arg::json(&opening.users)?;
    batch.execute(Statement::new(
        ADD_USERS,
        [run_id.into(), users, now.into()],
    ));
    batch.execute(Statement::new(ADD_CHUNKS, [run_id.into()]));
    let chunks = set_of(opening.users.iter().map(|user| user.chunk));
    let chunks = chunks.into_iter().map(|chunk| ChunkId {
        run_id: run_id.to_owned(),
        chunk,
    });
    let chunks: Vec<ChunkId> = chunks.collect();
    let sums = push_sums(&mut batch, &chunks, None, now)?;
    let planned = batch.push::<RunIdRow>(Statement::new(BY_PLAN, [opening.plan.as_str().into()]));
    let answers = database.run(batch).await?;
    match answers.first(planned)? {
        Some(row) if row.run_id != run_id => Ok(BulkOpened::Before(row.run_id)),
        None if answers.one(paused)?.paused => Ok(BulkOpened::Paused),
        _ => {
            let open = sums.statuses(&answers)?.into_iter();
            let open = open.filter(|one| one.waiting > 0).map(|one| one.id);
            Ok(BulkOpened::Opened(set_of(open).into_iter().collect()))
        }
    }
}

// ?1 run
const TAKE_REPLACEMENT: &str = "
UPDATE provisioning_runs SET takeovers_left = takeovers_left - 1
WHERE run_id = ?1 AND takeovers_left > 0
RETURNING run_id";

/// Takes one of the replacements that a run may still make. False: none is left.
pub async fn take_replacement(database: &Database, run: &str) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    let taken = batch.push::<RunIdRow>(Statement::new(TAKE_REPLACEMENT, [run.into()]));
    Ok(database.run(batch).await?.first(taken)?.is_some())
}

// ?1 plan
const PLANNED: &str =
    "SELECT run_id, bulk, actor, request_id FROM provisioning_runs WHERE plan = ?1";

/// The run that carries this plan out, if there is one.
pub async fn find_planned(
    database: &Database,
    plan: &str,
) -> Result<Option<BulkRun>, DatabaseError> {
    let mut batch = Batch::new();
    let found = batch.push(Statement::new(PLANNED, [plan.into()]));
    database.run(batch).await?.first(found)
}
