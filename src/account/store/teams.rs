//! Teams of people, and the dashboards of teams.

use serde::Serialize;

use crate::account::TeamId;
use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{Timestamp, UserId, audit};

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

/// Dashboards whose ids come after `?1`, at most `?2`. SQLite searches an index for a team only where the statement
/// names one.
macro_rules! list {
    ($condition:literal) => {
        concat!(
            "
SELECT id, team_id, name, created_at FROM dashboards
WHERE id > ?1",
            $condition,
            " ORDER BY id LIMIT ?2"
        )
    };
}

const LIST: &str = list!("");
const LIST_OF_TEAM: &str = list!(" AND team_id = ?3");

db::row! {
    struct DashboardId {
        id: u64,
    }
}

db::row! {
    /// A dashboard in a list.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ListedDashboard"))]
    pub struct DashboardRow {
        /// Its id, never given out twice.
        #[cfg_attr(test, schemars(range(min = 1)))]
        pub id: u64,
        pub team_id: TeamId,
        pub name: String,
        pub created_at: Timestamp,
    }
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
    let exists = batch.push::<()>(Statement::new(USER, [user.into()]));
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
    let inserted = batch.push_audited_insert::<DashboardId>(insert, entry)?;
    Ok(database.run(batch).await?.one(inserted)?.id)
}

/// Lists dashboards by id, of all teams or of one, at most `limit` behind the id `after`.
pub async fn list_dashboards(
    database: &Database,
    team: Option<TeamId>,
    after: i64,
    limit: u32,
) -> Result<Vec<DashboardRow>, DatabaseError> {
    let sql = match team {
        None => LIST,
        Some(_) => LIST_OF_TEAM,
    };
    let always = [Arg::Int(after), limit.into()];
    let args = always
        .into_iter()
        .chain(team.map(|team| Arg::Int(team.get())));
    let mut batch = Batch::new();
    let dashboards = batch.push::<DashboardRow>(Statement::new(sql, args));
    database.run(batch).await?.rows(dashboards)
}
