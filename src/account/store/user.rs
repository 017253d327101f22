//! The full user, in one row.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::account::{FullUser, Person, Scene};
use crate::db::DatabaseError;
use crate::db::{Answers, Arg, Database, Statement};
use crate::kernel::{Timestamp, UserId};

use crate::account::store::person::PersonColumns;
use crate::account::store::{Visit, Whose};

// ?4 now
const FULL_USER: &str = concat!(
    "SELECT ",
    person_columns!(),
    ",
       u.created_at, p.settings, p.team_id,
       u.email_key IS NOT NULL AND u.email_key IS p.verified_email AS is_email_verified,
       iif(p.pending_email_until > ?4, p.pending_email, NULL) AS pending_email,
       f.secret_sealed IS NOT NULL AS is_on,
       (SELECT json_group_array(json_object('scene', s.scene, 'dashboard', s.dashboard_id))
        FROM (SELECT scene, dashboard_id FROM scene_personalisations
              WHERE user_id = u.uuid AND team_id = p.team_id ORDER BY id) s) AS scenes
FROM users u
LEFT JOIN profiles p ON p.user_id = u.uuid
LEFT JOIN second_factors f ON f.user_id = u.uuid
WHERE u.uuid = ",
    whose!()
);

#[derive(Deserialize)]
struct UserColumns {
    #[serde(flatten)]
    person: PersonColumns,
    created_at: String,
    settings: Option<String>,
    team_id: Option<u64>,
    is_email_verified: u8,
    pending_email: Option<String>,
    is_on: u8,
    scenes: String,
}

impl UserColumns {
    fn into_user(self) -> Result<FullUser, DatabaseError> {
        let person: Person = self.person.into();
        let settings = match self.settings.as_deref().map(serde_json::from_str) {
            None => Map::new(),
            Some(Ok(Value::Object(settings))) => settings,
            Some(_) => {
                return Err(DatabaseError::bad_value(
                    "profiles",
                    "settings",
                    person.id.as_str(),
                ));
            }
        };
        let scenes: Vec<Scene> = serde_json::from_str(&self.scenes).map_err(|_| {
            DatabaseError::bad_value("scene_personalisations", "dashboard_id", person.id.as_str())
        })?;
        Ok(FullUser {
            person,
            created_at: self.created_at,
            settings,
            team: self.team_id,
            is_email_verified: self.is_email_verified == 1,
            pending_email: self.pending_email,
            is_two_factor_on: self.is_on == 1,
            scenes,
        })
    }
}

/// Reads the full user again, at the end of a batch that changed it.
pub(crate) fn full_user_statement(user: &UserId, now: Timestamp) -> Statement {
    full_user_look(&Whose::User(user.clone()), now)
}

/// Reads the full user.
pub(crate) fn full_user_look(whose: &Whose, now: Timestamp) -> Statement {
    whose.statement(FULL_USER, [Arg::from(now)])
}

/// The answer of [`full_user_look`]; `None`: there is no such user.
pub(crate) fn read_full_user(answers: &mut Answers) -> Result<Option<FullUser>, DatabaseError> {
    let row: Option<UserColumns> = answers.first()?;
    row.map(UserColumns::into_user).transpose()
}

impl Database {
    /// Reads the full user.
    pub async fn full_user(
        &self,
        whose: &Whose,
        now: Timestamp,
    ) -> Result<Visit<FullUser>, DatabaseError> {
        let look = full_user_look(whose, now);
        self.visit_account(look, None, UserColumns::into_user).await
    }
}
