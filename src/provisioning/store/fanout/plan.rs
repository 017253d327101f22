//! Planning a run: what is due is cut into chunks and held back from every other run.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::ordered::set_of;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::store::columns::{UserIdRow, user_ids};
use crate::provisioning::store::fanout::abandoned::{Abandoned, Silence, push_abandoned};
use crate::provisioning::store::fanout::sums::update_runs;
use crate::provisioning::store::leaving::list_due_leavings;
use crate::provisioning::store::pause::not_paused;
use crate::provisioning::store::{DueLeavings, RunOpening};

// ?1 run, ?2 trigger, ?3 actor, ?4 request, ?5 limit, ?6 start, ?7 hold, ?8 take-overs
const OPEN: &str = concat!(
    "
INSERT INTO provisioning_runs
  (run_id, trigger_kind, actor, request_id, status, batch_limit, started_at, advanced_at,
   mode, hold_until, takeovers_left)
SELECT ?1, ?2, ?3, ?4, 'running', ?5, ?6, ?6, 'queue', ?7, ?8 WHERE ",
    not_paused!()
);

// ?1 run, ?2 due by, ?3 limit, ?4 users a chunk. The cast is for the division: D1 binds every number
// as a float. Who is due and who is passed over is as in a run in one process. A run that was not opened
// has no chunks.
const CUT: &str = "
INSERT INTO provisioning_chunks (run_id, chunk, user_ids, planned, waiting)
SELECT ?1, chunk, json_group_array(user_id), count(*), count(*)
FROM (
  SELECT user_id,
         (row_number() OVER (ORDER BY due_at, user_id) - 1) / CAST(?4 AS INTEGER) + 1 AS chunk
  FROM (
    SELECT q.user_id, q.due_at FROM provisioning_queue q
    LEFT JOIN threedeye_users s ON s.user_id = q.user_id
    WHERE q.due_at <= ?2 AND coalesce(s.lease_until, 0) <= ?2
      AND EXISTS (SELECT 1 FROM provisioning_runs WHERE run_id = ?1)
    ORDER BY q.due_at, q.user_id
    LIMIT ?3
  )
)
GROUP BY chunk
RETURNING run_id, chunk";

// ?1 run, ?2 hold
const HOLD: &str = "
UPDATE provisioning_queue SET due_at = ?2
WHERE user_id IN (
  SELECT i.value FROM provisioning_chunks c CROSS JOIN json_each(c.user_ids) i
  WHERE c.run_id = ?1
)";

// ?1 run
const PLANNED: &str = "
SELECT total AS users,
       (SELECT value FROM provisioning_totals WHERE name = 'waiting') AS remaining
FROM provisioning_runs WHERE run_id = ?1";

/// What to plan.
#[derive(Debug, Clone)]
pub struct Planning {
    pub opening: RunOpening,
    /// Existing accounts that the run may delete and re-create.
    pub max_replacements: u32,
    /// Users due by this moment are planned.
    pub due_by: Timestamp,
    /// Until when no other run takes them up.
    pub hold_until: Timestamp,
    /// Users a chunk, from 1; the last one may have fewer.
    pub chunk_size: u32,
    pub silence: Silence,
    pub leavings: DueLeavings,
}

/// What was planned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Planned {
    pub chunks: Vec<ChunkId>,
    /// Users in them.
    pub users: u32,
    /// Users that wait, the planned ones included.
    pub remaining: u64,
    /// Of earlier runs.
    pub abandoned: Abandoned,
    /// Users that left and whose wait is over.
    pub leaving: Vec<UserId>,
}

db::row! {
    struct PlannedRow {
        users: u32,
        remaining: u64,
    }
}

/// Opens a run, cuts what is due into chunks, longest due first, and holds their users back from every
/// other plan. Users under a lease are passed over. A run without users is closed at once. An error,
/// and nothing written, if there is a run of that id. `None`: runs are paused, and nothing was written.
pub async fn plan_run(
    database: &Database,
    planning: &Planning,
) -> Result<Option<Planned>, DatabaseError> {
    let opening = &planning.opening;
    let run_id = opening.run_id.as_str();
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        OPEN,
        [
            run_id.into(),
            opening.trigger.as_str().into(),
            opening.origin.actor.as_str().into(),
            (&opening.origin.request_id).into(),
            opening.limit.into(),
            opening.started_at.into(),
            planning.hold_until.into(),
            planning.max_replacements.into(),
        ],
    ));
    let cut = batch.push::<ChunkId>(Statement::new(
        CUT,
        [
            run_id.into(),
            planning.due_by.into(),
            opening.limit.into(),
            planning.chunk_size.into(),
        ],
    ));
    batch.execute(Statement::new(
        HOLD,
        [run_id.into(), planning.hold_until.into()],
    ));
    batch.execute(update_runs(&set_of([run_id]), opening.started_at)?);
    let planned = batch.push::<PlannedRow>(Statement::new(PLANNED, [run_id.into()]));
    let abandoned = push_abandoned(&mut batch, planning.silence);
    let leaving = batch.push::<UserIdRow>(list_due_leavings(planning.leavings));

    let answers = database.run(batch).await?;
    let chunks = set_of(answers.rows(cut)?);
    let Some(planned) = answers.first(planned)? else {
        return Ok(None);
    };
    Ok(Some(Planned {
        chunks: chunks.into_iter().collect(),
        users: planned.users,
        remaining: planned.remaining,
        abandoned: abandoned.read(&answers)?,
        leaving: user_ids(answers.rows(leaving)?),
    }))
}
