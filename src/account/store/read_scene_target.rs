use serde::Deserialize;

use super::lookup::{AccountRow, look_up};
use super::read_person::{PersonRow, person_columns};
use super::selector::selected_user;
use super::{AccountLookup, AccountSelector};
use crate::account::Account;
use crate::db::{Arg, Database, DatabaseError, Statement};

// ?1 to ?3 selector, ?4 dashboard
const SCENE_TARGET: &str = concat!(
    "SELECT ",
    person_columns!(),
    ", p.team_id AS team, (SELECT team_id FROM dashboards WHERE id = ?4) AS dashboard_team
FROM users u LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ",
    selected_user!()
);

/// The teams of a person and of a dashboard.
#[derive(Debug)]
pub struct SceneTarget {
    pub team: Option<u64>,
    /// `None`: there is no such dashboard.
    pub dashboard_team: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct SceneTargetRow {
    #[serde(flatten)]
    person: PersonRow,
    team: Option<u64>,
    dashboard_team: Option<u64>,
}

impl AccountRow for SceneTargetRow {
    type Details = SceneTarget;

    fn into_account(self) -> Result<Account<SceneTarget>, DatabaseError> {
        Ok(Account {
            person: self.person.into(),
            details: SceneTarget {
                team: self.team,
                dashboard_team: self.dashboard_team,
            },
        })
    }
}

pub(super) fn scene_target(selector: &AccountSelector, dashboard: Option<u64>) -> Statement {
    selector.statement(SCENE_TARGET, [dashboard.map(dashboard_id).into()])
}

/// An id as D1 binds it; the endpoint refuses larger ones.
pub(super) fn dashboard_id(number: u64) -> Arg {
    Arg::Int(i64::try_from(number).unwrap_or(-1))
}

/// Reads a person beside a dashboard.
pub async fn read_scene_target(
    database: &Database,
    selector: &AccountSelector,
    dashboard: Option<u64>,
) -> Result<AccountLookup<SceneTarget>, DatabaseError> {
    look_up::<SceneTargetRow>(database, scene_target(selector, dashboard), None).await
}
