//! Reads a person beside a dashboard, and chooses it for a scene.

use super::full_user::{FullUser, changed_user};
use super::selector::{AccountSelector, person_columns, selected_user};
use crate::account::scene::MAX_SCENES;
use crate::account::{Account, TeamId};
use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

// ?1 to ?3 selector, ?4 dashboard
const SCENE_TARGET: &str = concat!(
    "SELECT ",
    person_columns!(),
    ", p.team_id AS team, (SELECT team_id FROM dashboards WHERE id = ?4) AS dashboard_team
FROM users u LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ",
    selected_user!()
);

// Team and dashboard are checked again: both may have changed since they were read. A scene that is chosen
// again keeps its place in the list.
// ?1 user, ?2 scene, ?3 dashboard, ?4 MAX_SCENES
const PERSONALISE: &str = "
INSERT INTO scene_personalisations (user_id, team_id, scene, dashboard_id)
SELECT p.user_id, p.team_id, ?2, d.id
FROM profiles p JOIN dashboards d ON d.team_id = p.team_id
WHERE p.user_id = ?1 AND d.id = ?3
  AND (
    EXISTS (
      SELECT 1 FROM scene_personalisations s
      WHERE s.user_id = ?1 AND s.team_id = p.team_id AND s.scene = ?2
    )
    OR (
      SELECT count(*) FROM scene_personalisations s
      WHERE s.user_id = ?1 AND s.team_id = p.team_id
    ) < ?4
  )
ON CONFLICT (user_id, team_id, scene) DO UPDATE SET dashboard_id = excluded.dashboard_id
RETURNING id";

db::row! {
    /// The teams of a person and of a dashboard.
    #[derive(Debug)]
    pub struct SceneTarget {
        pub team: Option<TeamId>,
        /// `None`: there is no such dashboard.
        pub dashboard_team: Option<TeamId>,
    }
}

#[derive(Debug)]
pub enum SceneOutcome {
    /// The user as it is now.
    Changed(Box<FullUser>),
    /// The person has [`MAX_SCENES`] others.
    TooMany,
    /// The dashboard is not one of the person's team, or not any more.
    OtherTeam,
    /// The user was deleted.
    UserGone,
}

pub async fn read_scene_target(
    database: &Database,
    selector: &AccountSelector,
    dashboard: Option<i64>,
) -> Result<Option<Account<SceneTarget>>, DatabaseError> {
    let mut batch = Batch::new();
    let target = batch.push(selector.statement(SCENE_TARGET, [dashboard.into()]));
    database.run(batch).await?.first(target)
}

pub async fn personalise_scene(
    database: &Database,
    user: &UserId,
    scene: &str,
    dashboard: i64,
    entry: &audit::Entry,
) -> Result<SceneOutcome, DatabaseError> {
    let args = [
        user.into(),
        scene.into(),
        dashboard.into(),
        MAX_SCENES.into(),
    ];
    let target = AccountSelector::User(user.clone()).statement(SCENE_TARGET, [dashboard.into()]);
    let mut batch = Batch::new();
    let chosen = batch.push_audited::<()>(Statement::new(PERSONALISE, args), entry)?;
    let target = batch.push::<SceneTarget>(target);
    let changed = batch.push::<FullUser>(changed_user(user, entry.at));
    let results = database.run(batch).await?;
    let (Some(target), Some(user)) = (results.first(target)?, results.first(changed)?) else {
        return Ok(SceneOutcome::UserGone);
    };
    let is_chosen = results.count(chosen)? > 0;
    Ok(match target.dashboard_team {
        _ if is_chosen => SceneOutcome::Changed(Box::new(user)),
        Some(team) if target.team == Some(team) => SceneOutcome::TooMany,
        _ => SceneOutcome::OtherTeam,
    })
}
