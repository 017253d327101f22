use serde::Deserialize;

use crate::account::TeamId;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit;

// ?1 team, ?2 name, ?3 now
const INSERT_DASHBOARD: &str = "
INSERT INTO dashboards (team_id, name, created_at) VALUES (?1, ?2, ?3)
RETURNING id";

#[derive(Deserialize)]
struct DashboardRow {
    id: u64,
}

/// Makes a dashboard at `entry.at`. Returns its id, which also completes the entry's subject.
pub async fn insert_dashboard(
    database: &Database,
    team: TeamId,
    name: &str,
    entry: &audit::Entry,
) -> Result<u64, DatabaseError> {
    let args = [Arg::Int(team.get()), name.into(), entry.at.into()];
    let mut batch = Batch::new();
    let insert = Statement::new(INSERT_DASHBOARD, args);
    let inserted = batch.push_audited_insert::<DashboardRow>(insert, entry)?;
    Ok(database.run(batch).await?.one(inserted)?.id)
}
