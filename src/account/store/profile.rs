//! Changes of a profile.

use serde_json::{Map, Value};

use crate::account::FullUser;
use crate::account::profile::MAX_SETTINGS_CHARS;
use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Arg, Database, Statement};
use crate::kernel::audit;
use crate::kernel::{EmailKey, Timestamp, UserId};

use crate::account::store::email_change::NewEmail;
use crate::account::store::user::{full_user_look, full_user_statement, read_full_user};
use crate::account::store::{Visit, Whose};

const ENSURE: &str = "
INSERT INTO profiles (user_id, updated_at) SELECT uuid, ?2 FROM users WHERE uuid = ?1
ON CONFLICT (user_id) DO NOTHING";

// What is given replaces what there was; of `notification_settings` member by member (RFC 7396).
// Whoever has too much may still have less.
// ?1 user, ?2 settings as JSON, ?3 now, ?4 the most characters of all settings
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

// ?4 e-mail key
const HOLDER: &str = concat!(
    "SELECT 1 AS one FROM users WHERE email_key = ?4 AND uuid <> ",
    whose!(),
    " LIMIT 1"
);

/// A change of somebody's profile.
#[derive(Debug)]
pub struct ProfileChange<'a> {
    /// The settings that are given; none: they stay as they are.
    pub settings: &'a Map<String, Value>,
    /// The audit row of the settings.
    pub entry: audit::Entry,
    /// Another e-mail.
    pub email: Option<NewEmail<'a>>,
}

/// What came of a change.
#[derive(Debug)]
pub enum Draft {
    /// The user as it is now.
    Done(Box<FullUser>),
    /// All settings together would be too many; nothing is changed.
    TooLarge,
    /// The e-mail became another user's.
    EmailTaken,
    /// The user was deleted.
    Gone,
}

/// The row that everything about a profile is kept in.
pub(crate) fn ensure_profile(user: &UserId, now: Timestamp) -> Statement {
    Statement::new(ENSURE, [user.as_str().into(), now.into()])
}

impl Database {
    /// Reads the full user before a change, and whether `email` is somebody else's.
    pub async fn full_user_and_holder(
        &self,
        whose: &Whose,
        email: Option<&EmailKey>,
        now: Timestamp,
    ) -> Result<(Visit<FullUser>, bool), DatabaseError> {
        let look = full_user_look(whose, now);
        let holder = email.map(|email| whose.statement(HOLDER, [email.as_str().into()]));
        let mut statements = vec![look];
        statements.extend(holder);
        let mut answers = self.batch(statements).await?;
        let found = read_full_user(&mut answers)?;
        let is_taken = email.is_some() && answers.count()? > 0;
        Ok((Visit { found, key: None }, is_taken))
    }

    /// Changes a profile.
    pub async fn change_profile(
        &self,
        user: &UserId,
        change: &ProfileChange<'_>,
    ) -> Result<Draft, DatabaseError> {
        let now = change.entry.at;
        let mut statements = vec![ensure_profile(user, now)];
        let sets = !change.settings.is_empty();
        if sets {
            let most = Arg::Int(i64::try_from(MAX_SETTINGS_CHARS).unwrap_or(i64::MAX));
            let set = [
                user.as_str().into(),
                Arg::json(change.settings)?,
                now.into(),
                most,
            ];
            statements.push(Statement::new(SET, set));
            statements.push(audit_change(&change.entry)?);
        }
        let email = match &change.email {
            Some(email) => email.statements(user, sets)?,
            None => Vec::new(),
        };
        let of_email = email.len();
        statements.extend(email);
        statements.push(full_user_statement(user, now));
        let mut answers = self.batch(statements).await?;
        answers.skip()?;
        let mut is_set = true;
        if sets {
            is_set = answers.count()? > 0;
            answers.skip()?;
        }
        let mut is_asked_for = true;
        if of_email > 0 {
            is_asked_for = answers.count()? > 0;
            for _ in 1..of_email {
                answers.skip()?;
            }
        }
        Ok(match read_full_user(&mut answers)? {
            None => Draft::Gone,
            Some(_) if !is_set => Draft::TooLarge,
            Some(_) if !is_asked_for => Draft::EmailTaken,
            Some(user) => Draft::Done(Box::new(user)),
        })
    }
}
