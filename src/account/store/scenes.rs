//! Which dashboard a person wants for a scene.

use serde::Deserialize;

use crate::account::{FullUser, HasPerson, Person};
use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Arg, Database, Statement};
use crate::kernel::UserId;
use crate::kernel::audit;

use crate::account::store::person::PersonColumns;
use crate::account::store::user::{full_user_statement, read_full_user};
use crate::account::store::{Visit, Whose};

/// The most scenes a person has in a team: nothing that one person can do may fill the database.
pub const MOST_SCENES: u32 = 200;

// ?4 dashboard
const TARGET: &str = concat!(
    "SELECT ",
    person_columns!(),
    ", p.team_id AS team, (SELECT team_id FROM dashboards WHERE id = ?4) AS dashboard_team
FROM users u LEFT JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ",
    whose!()
);

// Team and dashboard are asked again: both may have changed since they were read. The first
// time a scene is personalised decides its place.
// ?1 user, ?2 scene, ?3 dashboard, ?4 the most scenes
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

/// A person and a dashboard.
#[derive(Debug)]
pub struct SceneTarget {
    /// The person.
    pub person: Person,
    /// The person's team.
    pub team: Option<u64>,
    /// The dashboard's team; `None`: there is no such dashboard.
    pub dashboard_team: Option<u64>,
}

impl HasPerson for SceneTarget {
    fn person(&self) -> &Person {
        &self.person
    }
}

#[derive(Deserialize)]
struct TargetColumns {
    #[serde(flatten)]
    person: PersonColumns,
    team: Option<u64>,
    dashboard_team: Option<u64>,
}

/// A dashboard for a scene.
#[derive(Debug)]
pub struct SceneChange<'a> {
    /// Who wants it.
    pub user: &'a UserId,
    /// The scene.
    pub scene: &'a str,
    /// The dashboard.
    pub dashboard: u64,
}

/// What came of it.
#[derive(Debug)]
pub enum Personalised {
    /// The user as it is now.
    Done(Box<FullUser>),
    /// The person has [`MOST_SCENES`] others.
    TooMany,
    /// The dashboard is not, or no longer, one of the person's team.
    NotTheirs,
    /// The user was deleted.
    Gone,
}

fn id(number: u64) -> Arg {
    // Whoever reads a larger one has refused it.
    Arg::Int(i64::try_from(number).unwrap_or(-1))
}

impl Database {
    /// Reads a person beside a dashboard.
    pub async fn scene_target(
        &self,
        whose: &Whose,
        dashboard: Option<u64>,
    ) -> Result<Visit<SceneTarget>, DatabaseError> {
        let look = whose.statement(TARGET, [dashboard.map_or(Arg::Null, id)]);
        self.visit_account(look, None, |row: TargetColumns| {
            Ok(SceneTarget {
                person: row.person.into(),
                team: row.team,
                dashboard_team: row.dashboard_team,
            })
        })
        .await
    }

    /// Chooses a dashboard for a scene.
    pub async fn personalise_scene(
        &self,
        change: &SceneChange<'_>,
        entry: &audit::Entry,
    ) -> Result<Personalised, DatabaseError> {
        let personalise = [
            change.user.as_str().into(),
            change.scene.into(),
            id(change.dashboard),
            MOST_SCENES.into(),
        ];
        let mut answers = self
            .batch(vec![
                Statement::new(PERSONALISE, personalise),
                audit_change(entry)?,
                Whose::User(change.user.clone()).statement(TARGET, [id(change.dashboard)]),
                full_user_statement(change.user, entry.at),
            ])
            .await?;
        let is_done = answers.count()? > 0;
        answers.skip()?;
        let target: Option<TargetColumns> = answers.first()?;
        let (Some(target), Some(user)) = (target, read_full_user(&mut answers)?) else {
            return Ok(Personalised::Gone);
        };
        Ok(match (is_done, target.dashboard_team) {
            (true, _) => Personalised::Done(Box::new(user)),
            (false, Some(team)) if target.team == Some(team) => Personalised::TooMany,
            (false, _) => Personalised::NotTheirs,
        })
    }
}
