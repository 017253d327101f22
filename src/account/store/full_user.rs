//! Reads the full user: what people see of their own account.

use super::selector::{AccountSelector, person_columns, selected_user};
use crate::account::settings::Settings;
use crate::account::{Account, Scene, TeamId};
use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, Timestamp, UserId};

// ?1 to ?3 selector, ?4 now
const FULL_USER: &str = concat!(
    "SELECT ",
    person_columns!(),
    ",
       u.created_at, p.team_id AS team, coalesce(p.settings, '{}') AS settings,
       u.email_key IS NOT NULL AND u.email_key IS p.verified_email AS is_email_verified,
       iif(p.pending_email_until > ?4 AND p.pending_from IS u.email_key, p.pending_email, NULL)
         AS pending_email,
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

// ?1 to ?3 selector, ?4 e-mail key
const OTHER_HOLDER: &str = concat!(
    "SELECT 1 AS one FROM users WHERE email_key = ?4 AND uuid <> ",
    selected_user!(),
    " LIMIT 1"
);

/// A person with everything that their profile shows.
pub type FullUser = Account<UserDetails>;

db::row! {
    #[derive(Debug, Clone)]
    pub struct UserDetails {
        /// As the database holds it.
        pub created_at: String,
        /// The settings that were set; see `settings::with_defaults` for the others.
        pub settings: Settings = json,
        pub team: Option<TeamId>,
        /// Whether the person has confirmed their present e-mail.
        pub is_email_verified: bool,
        /// The e-mail that was asked for and is not confirmed yet.
        pub pending_email: Option<String>,
        pub is_two_factor_on: bool,
        /// The scenes of the team, in the order in which they were first personalised.
        pub scenes: Vec<Scene> = json,
    }
}

fn full_user(selector: &AccountSelector, now: Timestamp) -> Statement {
    selector.statement(FULL_USER, [now.into()])
}

/// Reads the full user again, at the end of a batch that changes it.
pub(super) fn changed_user(user: &UserId, now: Timestamp) -> Statement {
    full_user(&AccountSelector::User(user.clone()), now)
}

pub async fn read_user(
    database: &Database,
    selector: &AccountSelector,
    now: Timestamp,
) -> Result<Option<FullUser>, DatabaseError> {
    let mut batch = Batch::new();
    let user = batch.push(full_user(selector, now));
    database.run(batch).await?.first(user)
}

/// Reads the full user before a change, and whether `email` is another user's.
pub async fn read_user_and_email_holder(
    database: &Database,
    selector: &AccountSelector,
    email: Option<&EmailKey>,
    now: Timestamp,
) -> Result<(Option<FullUser>, bool), DatabaseError> {
    let mut batch = Batch::new();
    let user = batch.push(full_user(selector, now));
    let holder = email
        .map(|email| batch.push::<()>(selector.statement(OTHER_HOLDER, [email.as_str().into()])));
    let results = database.run(batch).await?;
    let is_taken = match holder {
        Some(holder) => results.count(holder)? > 0,
        None => false,
    };
    Ok((results.first(user)?, is_taken))
}
