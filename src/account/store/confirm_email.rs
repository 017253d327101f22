//! Puts an e-mail that was asked for into effect.

use super::change::push_notified;
use super::selector::person_columns;
use crate::account::{Account, EmailToken, Notice};
use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, Timestamp, UserId, audit};

// ?1 user, ?2 hash of the token, ?3 now
const PENDING: &str = concat!(
    "SELECT ",
    person_columns!(),
    ", p.pending_email
FROM users u JOIN profiles p ON p.user_id = u.uuid
WHERE u.uuid = ?1 AND p.pending_email_hash = ?2 AND p.pending_email_until > ?3
  AND p.pending_from IS u.email_key"
);

// The token, and that no other user has the e-mail, is checked again: both may have changed since the read.
// ?1 user, ?2 hash of the token, ?3 now, ?4 e-mail key
const CONFIRM: &str = "
UPDATE users SET email = (SELECT pending_email FROM profiles WHERE user_id = ?1)
WHERE uuid = ?1
  AND EXISTS (
    SELECT 1 FROM profiles
    WHERE user_id = ?1 AND pending_email_hash = ?2 AND pending_email_until > ?3
      AND pending_from IS users.email_key
  )
  AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = ?4 AND o.uuid <> ?1)
RETURNING uuid";

// Right after the notice, which is written only if CONFIRM has put the e-mail into effect; the trigger
// users_update_end_pending has ended the request then.
// ?1 user, ?2 e-mail key
const SETTLE: &str = "
UPDATE profiles SET verified_email = ?2 WHERE user_id = ?1 AND changes() > 0";

// ?1 e-mail key, ?2 user
const OTHER_HOLDER: &str = "SELECT 1 AS one FROM users WHERE email_key = ?1 AND uuid <> ?2 LIMIT 1";

db::row! {
    /// An e-mail that a token confirms.
    #[derive(Debug)]
    pub struct PendingEmail {
        pub email: String = "pending_email",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailConfirmation {
    /// The e-mail is in effect.
    Confirmed,
    /// It is another user's by now.
    EmailTaken,
    /// The token is unknown, used or expired.
    TokenInvalid,
}

/// Reads what a token confirms; `None`: it is unknown, used or expired.
pub async fn read_pending_email(
    database: &Database,
    user: &UserId,
    token: &EmailToken,
    now: Timestamp,
) -> Result<Option<Account<PendingEmail>>, DatabaseError> {
    let args = [user.into(), token.hash().into(), now.into()];
    let mut batch = Batch::new();
    let pending = batch.push(Statement::new(PENDING, args));
    database.run(batch).await?.first(pending)
}

/// Puts the e-mail into effect, whose key the caller has read.
pub async fn confirm_email(
    database: &Database,
    user: &UserId,
    token: &EmailToken,
    email: &EmailKey,
    entry: &audit::Entry,
    notice: &Notice,
) -> Result<EmailConfirmation, DatabaseError> {
    let hash = || Arg::from(token.hash());
    let email = || Arg::from(email.as_str());
    let confirm = [user.into(), hash(), entry.at.into(), email()];
    let confirm = Statement::new(CONFIRM, confirm);
    let mut batch = Batch::new();
    let confirmed = push_notified::<()>(&mut batch, confirm, entry, [notice])?;
    batch.execute(Statement::new(SETTLE, [user.into(), email()]));
    let holder = batch.push::<()>(Statement::new(OTHER_HOLDER, [email(), user.into()]));
    let results = database.run(batch).await?;
    Ok(if results.count(confirmed)? > 0 {
        EmailConfirmation::Confirmed
    } else if results.count(holder)? > 0 {
        EmailConfirmation::EmailTaken
    } else {
        EmailConfirmation::TokenInvalid
    })
}
