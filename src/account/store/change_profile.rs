//! Changes the settings of a profile, and asks for another e-mail.

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::full_user::{FullUser, changed_user};
use super::request_email_change::{NewEmail, push_email_request};
use crate::account::profile::MAX_SETTINGS_CHARS;
use crate::db::{Arg, Batch, Database, DatabaseError, Slot, Statement};
use crate::kernel::{Timestamp, UserId, audit};

const ENSURE_PROFILE: &str = "
INSERT INTO profiles (user_id, updated_at) SELECT uuid, ?2 FROM users WHERE uuid = ?1
ON CONFLICT (user_id) DO NOTHING";

// A setting that is given replaces what there was; `notification_settings` (account::profile::MERGED)
// member by member (RFC 7396). Settings that are too large already may be made smaller.
// ?1 user, ?2 settings (JSON), ?3 now, ?4 MAX_SETTINGS_CHARS
const SET: &str = "
UPDATE profiles SET updated_at = ?3, settings = merged.settings
FROM (
  SELECT json_group_object(name, json(setting)) AS settings FROM (
    SELECT had.key AS name, p.settings -> had.key AS setting
    FROM profiles p, json_each(p.settings) had
    WHERE p.user_id = ?1 AND had.key NOT IN (SELECT key FROM json_each(?2))
    UNION ALL
    SELECT given.key, iif(
      given.key = 'notification_settings',
      json_patch(coalesce(p.settings -> given.key, '{}'), ?2 -> given.key),
      ?2 -> given.key
    )
    FROM profiles p, json_each(?2) given WHERE p.user_id = ?1
  )
) AS merged
WHERE user_id = ?1
  AND (length(merged.settings) <= ?4 OR length(merged.settings) <= length(profiles.settings))
RETURNING user_id";

#[derive(Debug)]
pub struct ProfileChange<'a> {
    /// The settings that are given; empty: they stay as they are.
    pub settings: &'a Map<String, Value>,
    /// The audit row of the settings.
    pub entry: audit::Entry,
    /// Another e-mail that is asked for.
    pub email: Option<NewEmail<'a>>,
}

#[derive(Debug)]
pub enum ProfileChangeOutcome {
    /// The user as it is now.
    Changed(Box<FullUser>),
    /// All settings together would be too large; nothing is changed.
    SettingsTooLarge,
    /// The e-mail became another user's.
    EmailTaken,
    /// The user was deleted.
    UserGone,
}

pub async fn change_profile(
    database: &Database,
    user: &UserId,
    change: &ProfileChange<'_>,
) -> Result<ProfileChangeOutcome, DatabaseError> {
    let now = change.entry.at;
    let mut batch = Batch::new();
    batch.execute(ensure_profile(user, now));
    let set = if change.settings.is_empty() {
        None
    } else {
        Some(push_settings(&mut batch, user, change)?)
    };
    let requested = match &change.email {
        Some(email) => Some(push_email_request(&mut batch, user, email, set.is_some())?),
        None => None,
    };
    let changed = batch.push::<FullUser>(changed_user(user, now));
    let results = database.run(batch).await?;
    let is_refused = |slot: Option<Slot<IgnoredAny>>| match slot {
        Some(slot) => results.count(slot).map(|rows| rows == 0),
        None => Ok(false),
    };
    Ok(match results.first(changed)? {
        None => ProfileChangeOutcome::UserGone,
        Some(_) if is_refused(set)? => ProfileChangeOutcome::SettingsTooLarge,
        Some(_) if is_refused(requested)? => ProfileChangeOutcome::EmailTaken,
        Some(user) => ProfileChangeOutcome::Changed(Box::new(user)),
    })
}

/// The row that everything about a profile is kept in.
fn ensure_profile(user: &UserId, now: Timestamp) -> Statement {
    Statement::new(ENSURE_PROFILE, [user.into(), now.into()])
}

fn push_settings(
    batch: &mut Batch,
    user: &UserId,
    change: &ProfileChange<'_>,
) -> Result<Slot<IgnoredAny>, DatabaseError> {
    let most = Arg::Int(i64::try_from(MAX_SETTINGS_CHARS).unwrap_or(i64::MAX));
    let set = [
        user.into(),
        Arg::json(change.settings)?,
        change.entry.at.into(),
        most,
    ];
    batch.push_audited(Statement::new(SET, set), &change.entry)
}
