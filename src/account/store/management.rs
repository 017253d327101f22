//! What support keeps for the account endpoints: dashboards, and who is in which team.
//!
//! Each is one round trip: what was missing is told by a statement after the change, in the same transaction.

use serde::Deserialize;

use crate::account::TeamId;
use crate::db::DatabaseError;
use crate::db::{Arg, Database, Statement};
use crate::db::{audit_change, audit_insert};
use crate::kernel::UserId;
use crate::kernel::audit;

const INSERT_DASHBOARD: &str = "
INSERT INTO dashboards (team_id, name, created_at) VALUES (?1, ?2, ?3)
RETURNING id";

// A team that the user is in already is no change, and leaves no row in the trail.
const ASSIGN_TEAM: &str = "
INSERT INTO profiles (user_id, team_id, updated_at)
SELECT uuid, ?2, ?3 FROM users WHERE uuid = ?1
ON CONFLICT (user_id) DO UPDATE SET team_id = excluded.team_id, updated_at = excluded.updated_at
WHERE team_id IS NOT excluded.team_id";

const USER: &str = "SELECT 1 FROM users WHERE uuid = ?1";

#[derive(Deserialize)]
struct Identity {
    id: u64,
}

impl Database {
    /// Makes a dashboard at `entry.at`, and tells its id, which completes the entry's subject.
    pub async fn insert_dashboard(
        &self,
        team: TeamId,
        name: &str,
        entry: &audit::Entry,
    ) -> Result<u64, DatabaseError> {
        let args = [Arg::Int(team.get()), name.into(), entry.at.into()];
        let insert = Statement::new(INSERT_DASHBOARD, args);
        let mut answers = self.batch(vec![insert, audit_insert(entry)?]).await?;
        let made: Option<Identity> = answers.first()?;
        let made = made.ok_or_else(|| DatabaseError("a new dashboard has no id".to_owned()))?;
        Ok(made.id)
    }

    /// Puts a user into a team; false when there is no such user.
    pub async fn assign_team(
        &self,
        user: &UserId,
        team: TeamId,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let args = [user.as_str().into(), Arg::Int(team.get()), entry.at.into()];
        let assign = Statement::new(ASSIGN_TEAM, args);
        let whether = Statement::new(USER, [user.as_str().into()]);
        let mut answers = self
            .batch(vec![assign, audit_change(entry)?, whether])
            .await?;
        answers.skip()?;
        answers.skip()?;
        Ok(answers.count()? > 0)
    }
}
