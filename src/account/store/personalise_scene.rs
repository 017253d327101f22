//! Chooses a dashboard for a scene.

use serde::de::IgnoredAny;

use super::AccountSelector;
use super::lookup::first_account;
use super::read_scene_target::{SceneTargetRow, dashboard_id, scene_target};
use super::read_user::{FullUserRow, changed_user};
use crate::account::FullUser;
use crate::account::user::MAX_SCENES;
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::{UserId, audit};

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

/// A dashboard for a scene.
#[derive(Debug)]
pub struct SceneChange<'a> {
    pub user: &'a UserId,
    pub scene: &'a str,
    pub dashboard: u64,
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

pub async fn personalise_scene(
    database: &Database,
    change: &SceneChange<'_>,
    entry: &audit::Entry,
) -> Result<SceneOutcome, DatabaseError> {
    let personalise = [
        change.user.into(),
        change.scene.into(),
        dashboard_id(change.dashboard),
        MAX_SCENES.into(),
    ];
    let personalise = Statement::new(PERSONALISE, personalise);
    let selector = AccountSelector::User(change.user.clone());
    let mut batch = Batch::new();
    let chosen = batch.push_audited::<IgnoredAny>(personalise, entry)?;
    let target = batch.push::<SceneTargetRow>(scene_target(&selector, Some(change.dashboard)));
    let changed = batch.push::<FullUserRow>(changed_user(change.user, entry.at));
    let results = database.run(batch).await?;
    let target = first_account(&results, target)?;
    let user = first_account(&results, changed)?;
    let (Some(target), Some(user)) = (target, user) else {
        return Ok(SceneOutcome::UserGone);
    };
    let is_chosen = results.count(chosen)? > 0;
    Ok(match target.details.dashboard_team {
        _ if is_chosen => SceneOutcome::Changed(Box::new(user)),
        Some(team) if target.details.team == Some(team) => SceneOutcome::TooMany,
        _ => SceneOutcome::OtherTeam,
    })
}
