//! Fan-out's transactions.

mod sql;

use serde::{Deserialize, Serialize};

use crate::db::DatabaseError;
use crate::kernel::Timestamp;
use crate::provisioning::fanout::store::{
    Allowance, ChunkId, FanoutStore, Opened, Planned, Planning, Standing,
};

use crate::db::{Arg, Database, Statement};
use crate::provisioning::store::rows::CandidateRow;

/// A chunk as the statements read it.
#[derive(Serialize)]
struct ChunkParameter<'a> {
    r: &'a str,
    c: u32,
}

#[derive(Serialize)]
struct AllowanceParameter<'a> {
    r: &'a str,
    n: u32,
}

#[derive(Deserialize)]
struct ChunkRow {
    run_id: String,
    chunk: u32,
}

#[derive(Deserialize)]
struct PlannedRow {
    users: u32,
    remaining: u64,
}

#[derive(Deserialize)]
struct AllowanceRow {
    run_id: String,
    takeovers_left: u32,
}

#[derive(Deserialize)]
struct StandingRow {
    run_id: String,
    chunk: u32,
    waiting: u32,
    deliveries: u32,
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
            r: &id.run_id,
            c: id.chunk,
        })
        .collect();
    Arg::json(&list)
}

/// Reads off where the chunks' users stand, then what that makes of the runs.
fn take_stock(chunks: &Arg, given_up: Option<&str>, now: Timestamp) -> [Statement; 2] {
    [
        Statement::new(sql::TAKE_STOCK, [chunks.clone(), given_up.into()]),
        Statement::new(sql::SUM_UP, [chunks.clone(), now.into()]),
    ]
}

impl FanoutStore for Database {
    async fn plan_run(&self, planning: &Planning) -> Result<Planned, DatabaseError> {
        let opening = &planning.opening;
        let run_id: Arg = opening.run_id.as_str().into();
        let this_run = Arg::json(&[ChunkParameter {
            r: &opening.run_id,
            c: 0,
        }])?;
        let open = Statement::new(
            sql::OPEN_PLAN,
            [
                run_id.clone(),
                opening.trigger.as_str().into(),
                opening.origin.actor.as_str().into(),
                opening.origin.request_id.as_str().into(),
                opening.limit.into(),
                opening.started_at.into(),
                planning.hold_until.into(),
                planning.max_takeovers.into(),
            ],
        );
        let cut = Statement::new(
            sql::CUT,
            [
                run_id.clone(),
                planning.due_by.into(),
                opening.limit.into(),
                planning.chunk_size.into(),
            ],
        );
        let hold = Statement::new(sql::HOLD, [run_id.clone(), planning.hold_until.into()]);
        let mut answers = self
            .batch(vec![
                open,
                cut,
                hold,
                Statement::new(sql::SUM_UP, [this_run, opening.started_at.into()]),
                Statement::new(sql::PLANNED, [run_id]),
                Statement::new(sql::ABANDONED, [planning.idle_since.into()]),
            ])
            .await?;
        answers.skip()?;
        let mut chunks: Vec<ChunkId> = answers
            .rows::<ChunkRow>()?
            .into_iter()
            .map(Into::into)
            .collect();
        chunks.sort();
        answers.skip()?;
        answers.skip()?;
        let planned: Option<PlannedRow> = answers.first()?;
        let (users, remaining) = planned.map_or((0, 0), |row| (row.users, row.remaining));
        let abandoned: Vec<ChunkRow> = answers.rows()?;
        Ok(Planned {
            chunks,
            users,
            remaining,
            abandoned: abandoned.into_iter().map(Into::into).collect(),
        })
    }

    async fn open_delivery(
        &self,
        chunks: &[ChunkId],
        now: Timestamp,
    ) -> Result<Opened, DatabaseError> {
        let list = chunk_list(chunks)?;
        let mut answers = self
            .batch(vec![
                Statement::new(sql::ALLOWANCES, [list.clone()]),
                Statement::new(sql::RESERVE, [list.clone(), now.into()]),
                Statement::new(sql::NOTE_DELIVERY, [list.clone()]),
                Statement::new(sql::HELD, [list, now.into()]),
            ])
            .await?;
        let allowances: Vec<AllowanceRow> = answers.rows()?;
        answers.skip()?;
        answers.skip()?;
        let candidates: Vec<CandidateRow> = answers.rows()?;
        Ok(Opened {
            candidates: candidates
                .into_iter()
                .map(CandidateRow::into_candidate)
                .collect::<Result<_, _>>()?,
            allowances: allowances
                .into_iter()
                .map(|row| Allowance {
                    run_id: row.run_id,
                    takeovers: row.takeovers_left,
                })
                .collect(),
        })
    }

    async fn close_delivery(
        &self,
        chunks: &[ChunkId],
        unused: &[Allowance],
        now: Timestamp,
    ) -> Result<Vec<Standing>, DatabaseError> {
        let list = chunk_list(chunks)?;
        let unused: Vec<AllowanceParameter> = unused
            .iter()
            .map(|one| AllowanceParameter {
                r: &one.run_id,
                n: one.takeovers,
            })
            .collect();
        let give_back = Statement::new(sql::GIVE_BACK_TAKEOVERS, [Arg::json(&unused)?]);
        let [stock, sums] = take_stock(&list, None, now);
        let mut answers = self.batch(vec![give_back, stock, sums]).await?;
        answers.skip()?;
        let standings: Vec<StandingRow> = answers.rows()?;
        Ok(standings
            .into_iter()
            .map(|row| Standing {
                id: ChunkId {
                    run_id: row.run_id,
                    chunk: row.chunk,
                },
                waiting: row.waiting,
                deliveries: row.deliveries,
            })
            .collect())
    }

    async fn give_up(
        &self,
        chunks: &[ChunkId],
        why: &str,
        now: Timestamp,
    ) -> Result<(), DatabaseError> {
        let list = chunk_list(chunks)?;
        let lift = Statement::new(sql::LIFT_HOLD, [list.clone(), now.into()]);
        let [stock, sums] = take_stock(&list, Some(why), now);
        self.batch(vec![lift, stock, sums]).await.map(|_| ())
    }
}
