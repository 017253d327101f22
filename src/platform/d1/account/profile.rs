//! Changes of a profile.

use serde_json::{Map, Value};

use crate::account::FullUser;
use crate::audit;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::platform::d1::audit::audit_change;
use crate::platform::d1::{Arg, Database, Engine, Statement, json};
use crate::provisioning::StoreError;

use super::email_change::NewEmail;
use super::user::{full_user_look, full_user_statement, read_full_user};
use super::{Visit, Whose};

const ENSURE: &str = "
INSERT INTO profiles (user_id, updated_at) SELECT uuid, ?2 FROM users WHERE uuid = ?1
ON CONFLICT (user_id) DO NOTHING";

// What is given replaces what there was; of `notification_settings` member by member (RFC 7396).
// ?1 user, ?2 settings as JSON, ?3 now
const SET: &str = "
UPDATE profiles SET updated_at = ?3, settings = (
  SELECT json_group_object(name, json(setting)) FROM (
    SELECT had.key AS name, profiles.settings -> had.key AS setting
    FROM json_each(profiles.settings) had
    WHERE had.key NOT IN (SELECT key FROM json_each(?2))
    UNION ALL
    SELECT given.key, iif(
      given.key = 'notification_settings',
      json_patch(coalesce(profiles.settings -> given.key, '{}'), ?2 -> given.key),
      ?2 -> given.key
    )
    FROM json_each(?2) given
  )
)
WHERE user_id = ?1";

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
    /// The e-mail became another user's.
    EmailTaken,
    /// The user was deleted.
    Gone,
}

/// The row that everything about a profile is kept in.
pub(super) fn ensure_profile(user: &UserId, now: Timestamp) -> Statement {
    Statement::new(ENSURE, [user.as_str().into(), now.into()])
}

impl<E: Engine> Database<E> {
    /// Reads the full user before a change, and whether `email` is somebody else's.
    pub async fn full_user_and_holder(
        &self,
        whose: &Whose,
        email: Option<&EmailKey>,
        now: Timestamp,
    ) -> Result<(Visit<FullUser>, bool), StoreError> {
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
    ) -> Result<Draft, StoreError> {
        let now = change.entry.at;
        let mut statements = vec![ensure_profile(user, now)];
        if !change.settings.is_empty() {
            let set = [Arg::from(user.as_str()), json(change.settings)?, now.into()];
            statements.push(Statement::new(SET, set));
            statements.push(audit_change(&change.entry)?);
        }
        let before_email = statements.len();
        if let Some(email) = &change.email {
            statements.extend(email.statements(user)?);
        }
        let before_user = statements.len();
        statements.push(full_user_statement(user, now));
        let mut answers = self.batch(statements).await?;
        for _ in 0..before_email {
            answers.skip()?;
        }
        if change.email.is_some() && answers.count()? == 0 {
            return Ok(Draft::EmailTaken);
        }
        let read = usize::from(change.email.is_some());
        for _ in before_email + read..before_user {
            answers.skip()?;
        }
        let user = read_full_user(&mut answers)?;
        Ok(user.map_or(Draft::Gone, |user| Draft::Done(Box::new(user))))
    }
}
