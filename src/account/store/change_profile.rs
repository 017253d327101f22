//! Changes the settings of a profile, and asks for another e-mail.

use super::change::push_notified;
use super::full_user::{FullUser, changed_user};
use crate::account::settings::{MAX_SETTINGS_CHARS, Settings};
use crate::account::{EmailToken, Notice};
use crate::db::{Arg, Batch, Database, DatabaseError, Slot, Statement};
use crate::kernel::{EmailKey, Timestamp, UserId, audit};

const ENSURE_PROFILE: &str = "
INSERT INTO profiles (user_id, updated_at) SELECT uuid, ?2 FROM users WHERE uuid = ?1
ON CONFLICT (user_id) DO NOTHING";

// A setting that is given replaces what there was; `notification_settings` (account::settings::MERGED)
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

// ?1 user, ?2 e-mail as spelt, ?3 hash of the token, ?4 until, ?5 its e-mail key, ?6 that of the present e-mail,
// ?7 whether the audit row of the settings that came in the same request is right before: not if they were refused.
const REQUEST_EMAIL: &str = "
UPDATE profiles
SET pending_email = ?2, pending_from = ?6, pending_email_hash = ?3, pending_email_until = ?4
WHERE user_id = ?1 AND (NOT ?7 OR changes() > 0)
  AND NOT EXISTS (SELECT 1 FROM users WHERE email_key = ?5 AND uuid <> ?1)
RETURNING user_id";

/// Another e-mail that is asked for.
#[derive(Debug)]
pub struct NewEmail<'a> {
    /// The e-mail as spelt.
    pub email: &'a str,
    pub key: EmailKey,
    /// The e-mail that it was asked from; `None`: there is none.
    pub from: Option<EmailKey>,
    /// The token that confirms it.
    pub token: EmailToken,
    pub until: Timestamp,
    pub entry: audit::Entry,
    /// Warns the present address, where there is one.
    pub warning: Option<Notice>,
    /// Takes the token to the new address.
    pub verification: Notice,
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

/// Sets `settings`, with the audit row `entry`, if there are any; and asks for another e-mail, if one is given.
pub async fn change_profile(
    database: &Database,
    user: &UserId,
    settings: &Settings,
    entry: &audit::Entry,
    email: Option<&NewEmail<'_>>,
) -> Result<ProfileChangeOutcome, DatabaseError> {
    let now = entry.at;
    let mut batch = Batch::new();
    batch.execute(Statement::new(ENSURE_PROFILE, [user.into(), now.into()]));
    let set = if settings.is_empty() {
        None
    } else {
        let most = Arg::Int(i64::try_from(MAX_SETTINGS_CHARS).unwrap_or(i64::MAX));
        let args = [user.into(), Arg::json(settings)?, now.into(), most];
        Some(batch.push_audited::<()>(Statement::new(SET, args), entry)?)
    };
    let requested = match email {
        Some(email) => Some(push_email_request(&mut batch, user, email, set.is_some())?),
        None => None,
    };
    let changed = batch.push::<FullUser>(changed_user(user, now));
    let results = database.run(batch).await?;
    let is_refused = |slot: Option<Slot<()>>| match slot {
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

/// Adds the request. Its slot has a row unless the e-mail is another user's, or the settings were refused.
fn push_email_request(
    batch: &mut Batch,
    user: &UserId,
    new: &NewEmail<'_>,
    is_after_settings: bool,
) -> Result<Slot<()>, DatabaseError> {
    let request = [
        user.into(),
        new.email.into(),
        new.token.hash().into(),
        new.until.into(),
        new.key.as_str().into(),
        new.from.as_ref().map(EmailKey::as_str).into(),
        is_after_settings.into(),
    ];
    let request = Statement::new(REQUEST_EMAIL, request);
    let notices = new.warning.iter().chain([&new.verification]);
    push_notified(batch, request, &new.entry, notices)
}
