//! Asks for another e-mail: a part of `change_profile`.

use serde::de::IgnoredAny;

use super::change::push_notified;
use crate::account::{EmailToken, Notice};
use crate::db::{Batch, DatabaseError, Slot, Statement};
use crate::kernel::{EmailKey, Timestamp, UserId, audit};

/// `?1` user, `?2` e-mail as spelt, `?3` hash of the token, `?4` until, `?5` e-mail key.
macro_rules! request {
    ($condition:literal) => {
        concat!(
            "
UPDATE profiles SET pending_email = ?2, pending_email_hash = ?3, pending_email_until = ?4
WHERE user_id = ?1 ",
            $condition,
            "
  AND NOT EXISTS (SELECT 1 FROM users WHERE email_key = ?5 AND uuid <> ?1)
RETURNING user_id"
        )
    };
}

const REQUEST: &str = request!("");

// Right after the audit row of the settings that came in the same request: not if they were refused.
const REQUEST_IF_SETTINGS_CHANGED: &str = request!("AND changes() > 0");

// Notices of an earlier request that were not delivered yet are out of date; and so repeated requests do not
// fill the outbox, or another person's mailbox.
// ?1 user, ?2 and ?3 the notices of this request, of which ?2 is there only if it was granted
const DELETE_EARLIER_NOTICES: &str = "
DELETE FROM notices
WHERE user_id = ?1 AND type IN ('email_change_requested', 'email_change_verification')
  AND id <> ?2 AND id IS NOT ?3 AND EXISTS (SELECT 1 FROM notices WHERE id = ?2)";

/// Another e-mail that is asked for.
#[derive(Debug)]
pub struct NewEmail<'a> {
    /// The e-mail as spelt.
    pub email: &'a str,
    pub key: EmailKey,
    /// The token that confirms it.
    pub token: EmailToken,
    pub until: Timestamp,
    pub entry: audit::Entry,
    /// Warns the present address, where there is one.
    pub warning: Option<Notice>,
    /// Takes the token to the new address.
    pub verification: Notice,
}

/// Adds the request. Its slot has a row unless the e-mail is another user's, or the settings, whose audit row
/// is then the statement right before, were refused.
pub(super) fn push_email_request(
    batch: &mut Batch,
    user: &UserId,
    new: &NewEmail<'_>,
    is_after_settings: bool,
) -> Result<Slot<IgnoredAny>, DatabaseError> {
    let sql = if is_after_settings {
        REQUEST_IF_SETTINGS_CHANGED
    } else {
        REQUEST
    };
    let request = [
        user.into(),
        new.email.into(),
        new.token.hash().into(),
        new.until.into(),
        new.key.as_str().into(),
    ];
    let notices = new.warning.iter().chain([&new.verification]);
    let requested = push_notified(batch, Statement::new(sql, request), &new.entry, notices)?;
    let warning = new.warning.as_ref().map(|notice| notice.id.as_str());
    let earlier = [
        user.into(),
        new.verification.id.as_str().into(),
        warning.into(),
    ];
    batch.execute(Statement::new(DELETE_EARLIER_NOTICES, earlier));
    Ok(requested)
}
