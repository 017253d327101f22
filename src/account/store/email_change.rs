//! Another e-mail: asked for, given up, confirmed.

use serde::Deserialize;

use crate::account::{EmailToken, FullUser, Notice, Person};
use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Arg, Database, Statement};
use crate::kernel::audit;
use crate::kernel::{EmailKey, Timestamp, UserId};

use crate::account::store::notices::notice_change;
use crate::account::store::person::PersonColumns;
use crate::account::store::user::{full_user_statement, read_full_user};

// Settings that are given in the same request must have been set: their audit row comes right before.
// ?1 user, ?2 e-mail as spelt, ?3 hash of the token, ?4 until, ?5 e-mail key, ?6 whether there are
// such settings
const REQUEST: &str = "
UPDATE profiles SET pending_email = ?2, pending_email_hash = ?3, pending_email_until = ?4
WHERE user_id = ?1 AND (NOT ?6 OR changes() > 0)
  AND NOT EXISTS (SELECT 1 FROM users WHERE email_key = ?5 AND uuid <> ?1)
RETURNING user_id";

// What waits of an earlier request is out of date, and nobody fills the outbox or somebody else's mailbox
// by asking again and again. ?2 and ?3 the notices that replace it, once they are written
const DROP_EARLIER: &str = "
DELETE FROM notices
WHERE user_id = ?1 AND type IN ('email_change_requested', 'email_change_verification')
  AND id <> ?2 AND id IS NOT ?3 AND EXISTS (SELECT 1 FROM notices WHERE id = ?2)";

const DROP_VERIFICATION: &str = "
DELETE FROM notices WHERE user_id = ?1 AND type = 'email_change_verification'";

const CANCEL: &str = "
UPDATE profiles SET pending_email = NULL, pending_email_hash = NULL, pending_email_until = NULL
WHERE user_id = ?1 AND pending_email_until > ?2
RETURNING user_id";

// ?1 user, ?2 hash of the token, ?3 now
const PENDING: &str = concat!(
    "SELECT ",
    person_columns!(),
    ", p.pending_email
FROM users u JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ?1 AND p.pending_email_hash = ?2 AND p.pending_email_until > ?3"
);

// What was read is asked again: the token, and that the e-mail is nobody else's.
// ?4 e-mail key
const CONFIRM: &str = "
UPDATE users SET email = (SELECT pending_email FROM profiles WHERE user_id = ?1)
WHERE uuid = ?1
  AND EXISTS (
    SELECT 1 FROM profiles
    WHERE user_id = ?1 AND pending_email_hash = ?2 AND pending_email_until > ?3
  )
  AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = ?4 AND o.uuid <> ?1)
RETURNING uuid";

const HOLDER: &str = "SELECT 1 AS one FROM users WHERE email_key = ?1 AND uuid <> ?2 LIMIT 1";

const SETTLE: &str = "
UPDATE profiles SET
  verified_email = ?3,
  pending_email = NULL, pending_email_hash = NULL, pending_email_until = NULL
WHERE user_id = ?1 AND pending_email_hash = ?2
  AND EXISTS (SELECT 1 FROM users WHERE uuid = ?1 AND email_key = ?3)";

/// Another e-mail that is asked for.
#[derive(Debug)]
pub struct NewEmail<'a> {
    /// The e-mail as spelt.
    pub email: &'a str,
    /// The same as a key.
    pub key: EmailKey,
    /// The token that confirms it.
    pub token: EmailToken,
    /// Until when.
    pub until: Timestamp,
    /// The audit row.
    pub entry: audit::Entry,
    /// Tells the present address of it, where there is one.
    pub warning: Option<Notice>,
    /// Takes the token to the new address.
    pub verification: Notice,
}

impl NewEmail<'_> {
    /// The first of them returns a row unless the e-mail is another user's, or the settings that
    /// come with it were refused.
    pub(crate) fn statements(
        &self,
        user: &UserId,
        with_settings: bool,
    ) -> Result<Vec<Statement>, DatabaseError> {
        let user = || Arg::from(user.as_str());
        let request = [
            user(),
            self.email.into(),
            self.token.hash().into(),
            self.until.into(),
            self.key.as_str().into(),
            with_settings.into(),
        ];
        let mut statements = vec![Statement::new(REQUEST, request), audit_change(&self.entry)?];
        statements.extend(self.warning.as_ref().map(notice_change));
        statements.push(notice_change(&self.verification));
        let warning = self.warning.as_ref().map(|notice| notice.id.as_str());
        let earlier = [user(), self.verification.id.as_str().into(), warning.into()];
        statements.push(Statement::new(DROP_EARLIER, earlier));
        Ok(statements)
    }
}

/// An e-mail that can be confirmed.
#[derive(Debug)]
pub struct EmailToConfirm {
    /// Whose it is, as they are now.
    pub person: Person,
    /// The e-mail to be.
    pub email: String,
}

/// What came of a confirmation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// The e-mail is in effect.
    Done,
    /// It is another user's by now.
    Taken,
    /// The token is dead by now.
    Dead,
}

#[derive(Deserialize)]
struct PendingColumns {
    #[serde(flatten)]
    person: PersonColumns,
    pending_email: String,
}

impl Database {
    /// Gives up the e-mail asked for; `None`: there is none, or no user.
    pub async fn cancel_email_change(
        &self,
        user: &UserId,
        entry: &audit::Entry,
    ) -> Result<Option<FullUser>, DatabaseError> {
        let cancel = [user.as_str().into(), entry.at.into()];
        let mut answers = self
            .batch(vec![
                Statement::new(CANCEL, cancel),
                audit_change(entry)?,
                Statement::new(DROP_VERIFICATION, [user.as_str().into()]),
                full_user_statement(user, entry.at),
            ])
            .await?;
        if answers.count()? == 0 {
            return Ok(None);
        }
        answers.skip()?;
        answers.skip()?;
        read_full_user(&mut answers)
    }

    /// Reads what a token confirms; `None`: nothing, or not any more.
    pub async fn email_to_confirm(
        &self,
        user: &UserId,
        token: &EmailToken,
        now: Timestamp,
    ) -> Result<Option<EmailToConfirm>, DatabaseError> {
        let look = [user.as_str().into(), token.hash().into(), now.into()];
        let row: Option<PendingColumns> = self
            .batch(vec![Statement::new(PENDING, look)])
            .await?
            .first()?;
        Ok(row.map(|row| EmailToConfirm {
            person: row.person.into(),
            email: row.pending_email,
        }))
    }

    /// Puts an e-mail into effect.
    pub async fn confirm_email(
        &self,
        user: &UserId,
        token: &EmailToken,
        email: &EmailKey,
        entry: &audit::Entry,
        notice: &Notice,
    ) -> Result<Confirmation, DatabaseError> {
        let (id, hash) = (|| Arg::from(user.as_str()), || Arg::from(token.hash()));
        let confirm = [id(), hash(), entry.at.into(), email.as_str().into()];
        let settle = [id(), hash(), email.as_str().into()];
        let mut answers = self
            .batch(vec![
                Statement::new(CONFIRM, confirm),
                audit_change(entry)?,
                notice_change(notice),
                Statement::new(SETTLE, settle),
                Statement::new(HOLDER, [email.as_str().into(), id()]),
            ])
            .await?;
        if answers.count()? > 0 {
            return Ok(Confirmation::Done);
        }
        for _ in 0..3 {
            answers.skip()?;
        }
        Ok(match answers.count()? {
            0 => Confirmation::Dead,
            _ => Confirmation::Taken,
        })
    }
}
