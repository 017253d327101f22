use serde::Deserialize;
use serde_json::{Map, Value};

use super::lookup::{AccountRow, look_up};
use super::read_person::{PersonRow, person_columns};
use super::selector::selected_user;
use super::{AccountLookup, AccountSelector};
use crate::account::{Account, FullUser, Person, Scene, UserDetails};
use crate::db::{Database, DatabaseError, Statement};
use crate::kernel::{Timestamp, UserId};

// ?1 to ?3 selector, ?4 now
const FULL_USER: &str = concat!(
    "SELECT ",
    person_columns!(),
    ",
       u.created_at, p.settings, p.team_id,
       u.email_key IS NOT NULL AND u.email_key IS p.verified_email AS is_email_verified,
       iif(p.pending_email_until > ?4, p.pending_email, NULL) AS pending_email,
       f.secret_sealed IS NOT NULL AS is_two_factor_on,
       (SELECT json_group_array(json_object('scene', s.scene, 'dashboard', s.dashboard_id))
        FROM (SELECT scene, dashboard_id FROM scene_personalisations
              WHERE user_id = u.uuid AND team_id = p.team_id ORDER BY id) s) AS scenes
FROM users u
LEFT JOIN profiles p ON p.user_id = u.uuid
LEFT JOIN second_factors f ON f.user_id = u.uuid
WHERE u.uuid = ",
    selected_user!()
);

#[derive(Deserialize)]
pub(super) struct FullUserRow {
    #[serde(flatten)]
    person: PersonRow,
    created_at: String,
    settings: Option<String>,
    team_id: Option<u64>,
    is_email_verified: u8,
    pending_email: Option<String>,
    is_two_factor_on: u8,
    scenes: String,
}

impl AccountRow for FullUserRow {
    type Details = UserDetails;

    fn into_account(self) -> Result<FullUser, DatabaseError> {
        let person: Person = self.person.into();
        let bad_value = |table, column| DatabaseError::bad_value(table, column, person.id.as_str());
        let settings = match self.settings.as_deref().map(serde_json::from_str) {
            None => Map::new(),
            Some(Ok(Value::Object(settings))) => settings,
            Some(_) => return Err(bad_value("profiles", "settings")),
        };
        let scenes: Vec<Scene> = serde_json::from_str(&self.scenes)
            .map_err(|_| bad_value("scene_personalisations", "dashboard_id"))?;
        let details = UserDetails {
            created_at: self.created_at,
            settings,
            team: self.team_id,
            is_email_verified: self.is_email_verified == 1,
            pending_email: self.pending_email,
            is_two_factor_on: self.is_two_factor_on == 1,
            scenes,
        };
        Ok(Account { person, details })
    }
}

/// Reads the full user again, at the end of a batch that changes it.
pub(super) fn changed_user(user: &UserId, now: Timestamp) -> Statement {
    full_user(&AccountSelector::User(user.clone()), now)
}

pub(super) fn full_user(selector: &AccountSelector, now: Timestamp) -> Statement {
    selector.statement(FULL_USER, [now.into()])
}

pub async fn read_user(
    database: &Database,
    selector: &AccountSelector,
    now: Timestamp,
) -> Result<AccountLookup<UserDetails>, DatabaseError> {
    look_up::<FullUserRow>(database, full_user(selector, now), None).await
}
