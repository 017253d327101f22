//! Teams of people, and the dashboards of teams.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::account::TeamId;
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

// The team that the user has already is no change, and leaves no audit row.
// ?1 user, ?2 team, ?3 now
const ASSIGN_TEAM: &str = "
INSERT INTO profiles (user_id, team_id, updated_at)
SELECT uuid, ?2, ?3 FROM users WHERE uuid = ?1
ON CONFLICT (user_id) DO UPDATE SET team_id = excluded.team_id, updated_at = excluded.updated_at
WHERE team_id IS NOT excluded.team_id";

const USER: &str = "SELECT 1 FROM users WHERE uuid = ?1";

// ?1 team, ?2 name, ?3 now
const INSERT_DASHBOARD: &str = "
INSERT INTO dashboards (team_id, name, created_at) VALUES (?1, ?2, ?3)
RETURNING id";

#[derive(Deserialize)]
struct DashboardRow {
    id: u64,
}

/// Puts a user into a team; false where there is no such user.
pub async fn assign_team(
    database: &Database,
    user: &UserId,
    team: TeamId,
    entry: &audit::Entry,
) -> Result<bool, DatabaseError> {
    let args = [user.into(), Arg::Int(team.get()), entry.at.into()];
    let mut batch = Batch::new();
    batch.execute_audited(Statement::new(ASSIGN_TEAM, args), entry)?;
    let exists = batch.push::<IgnoredAny>(Statement::new(USER, [user.into()]));
    Ok(database.run(batch).await?.count(exists)? > 0)
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
