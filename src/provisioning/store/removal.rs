//! What is written before a remote account is deleted: its roles, and that its e-mail is about to be
//! freed.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::db::{self, Arg, Batch, Database, DatabaseError, Slot, Statement};
use crate::kernel::audit::Entry;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::policy::REMOVAL_MEMORY;
use crate::provisioning::store::columns::{UserIdRow, role_list};
use crate::provisioning::store::lease::held_statement;
use crate::provisioning::store::{Guarded, LeaseToken};
use crate::threedeye::{RemoteAccount, RemoteId, RoleId};

// ?1 user, ?2 token, ?3 account, ?4 roles, ?5 now
const SAVE_RECOVERY: &str = "
INSERT INTO threedeye_recovery (user_id, role_ids, removed_threedeye_id, created_at)
SELECT ?1, ?4, ?3, ?5
WHERE EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
  AND NOT EXISTS (SELECT 1 FROM threedeye_users WHERE threedeye_id = ?3 AND user_id <> ?1)
ON CONFLICT (user_id) DO UPDATE SET
  role_ids = excluded.role_ids, removed_threedeye_id = excluded.removed_threedeye_id
RETURNING user_id";

// ?1 user, ?2 token, ?3 account, ?4 e-mail; on the condition of SAVE_RECOVERY. The roles of two accounts
// may come together in one row: no single e-mail proves that both were the person's.
const MARK_TAKEN_OVER: &str = "
UPDATE threedeye_users
SET taken_over_email = iif(coalesce(taken_over_email, ?4) = ?4, ?4, '')
WHERE user_id = ?1 AND lease_token = ?2
  AND NOT EXISTS (SELECT 1 FROM threedeye_users WHERE threedeye_id = ?3 AND user_id <> ?1)";

// ?1 user, ?2 token, ?3 roles, ?4 now, ?5 whether only a user that left is meant. One that has returned
// has its account, and the roles with it.
const KEEP_RECOVERY: &str = "
INSERT INTO threedeye_recovery (user_id, role_ids, created_at)
SELECT ?1, ?3, ?4
WHERE EXISTS (SELECT 1 FROM threedeye_users
              WHERE user_id = ?1 AND lease_token = ?2 AND (NOT ?5 OR left_state IS NOT NULL))
ON CONFLICT (user_id) DO UPDATE SET role_ids = excluded.role_ids";

// ?1 user, ?2 token, ?3 now, ?4 whether only a user that left is meant. It would return with a row
// that is open, too.
const OPEN_FOR_REMOVAL: &str = "
UPDATE threedeye_users
SET state = CASE WHEN state IN ('complete', 'attaching') THEN 'pending' ELSE state END,
    left_state =
      CASE WHEN left_state IN ('complete', 'attaching') THEN 'pending' ELSE left_state END,
    updated_at = ?3
WHERE user_id = ?1 AND lease_token = ?2 AND (NOT ?4 OR left_state IS NOT NULL)
RETURNING user_id";

// ?1 e-mails, ?2 now. Only if the statement right before it wrote.
const NOTE_IF_CHANGED: &str = "
INSERT INTO threedeye_removals (email_key, removed_at)
SELECT value, ?2 FROM json_each(?1) WHERE changes() > 0
ON CONFLICT (email_key) DO UPDATE SET removed_at = excluded.removed_at";

// ?1 moment
const DROP_OLD: &str = "DELETE FROM threedeye_removals WHERE removed_at < ?1";

// ?1 e-mail
const REMOVED_AT: &str = "SELECT removed_at FROM threedeye_removals WHERE email_key = ?1";

// ?1 user, ?2 accounts
const OF_OTHERS: &str = "
SELECT a.value ->> 'id' AS threedeye_id FROM json_each(?2) a
WHERE EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.threedeye_id = a.value ->> 'id' AND o.user_id <> ?1)
   OR EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = a.value ->> 'email' AND o.password_sealed IS NOT NULL
                AND o.user_id <> ?1)";

// ?1 accounts, each with the user that it may be of; on the conditions of OF_OTHERS
const OF_OTHERS_OF_MANY: &str = "
SELECT a.value ->> 'user' AS user_id, a.value ->> 'id' AS threedeye_id FROM json_each(?1) a
WHERE EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.threedeye_id = a.value ->> 'id' AND o.user_id <> a.value ->> 'user')
   OR EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = a.value ->> 'email' AND o.password_sealed IS NOT NULL
                AND o.user_id <> a.value ->> 'user')";

db::row! {
    struct RemovalRow {
        removed_at: Timestamp,
    }
}

#[derive(Serialize)]
struct AccountParameter<'a> {
    id: &'a str,
    email: Option<String>,
}

db::row! {
    struct AccountRow {
        threedeye_id: String,
    }
}

/// Notes that these e-mails are freed, if the statement right before it wrote.
pub(super) fn note_if_changed<'a>(
    emails: impl IntoIterator<Item = &'a EmailKey>,
    now: Timestamp,
) -> Result<Statement, DatabaseError> {
    let emails: Vec<&str> = emails.into_iter().map(EmailKey::as_str).collect();
    let emails = Arg::json(&emails)?;
    Ok(Statement::new(NOTE_IF_CHANGED, [emails, now.into()]))
}

pub(super) fn keep_recovery(
    user: &UserId,
    token: &LeaseToken,
    roles: &[RoleId],
    now: Timestamp,
    leaving: bool,
) -> Result<Statement, DatabaseError> {
    let roles = role_list(roles)?.into();
    let args = [user.into(), token.into(), roles, now.into(), leaving.into()];
    Ok(Statement::new(KEEP_RECOVERY, args))
}

/// Pushes a change and what is written only if it changed something: its audit row and, right after it
/// because it depends on that, the removals that it announces.
fn announce(
    batch: &mut Batch,
    change: Statement,
    accounts: &[&RemoteAccount],
    entry: &Entry,
) -> Result<Slot<UserIdRow>, DatabaseError> {
    let emails: Vec<EmailKey> = accounts.iter().filter_map(|a| a.email_key()).collect();
    let changed = batch.push_audited(change, entry)?;
    batch.execute(note_if_changed(&emails, entry.at)?);
    batch.execute(drop_old_removals(entry.at.minus(REMOVAL_MEMORY)));
    Ok(changed)
}

/// Forgets the removals before a moment.
pub fn drop_old_removals(before: Timestamp) -> Statement {
    Statement::new(DROP_OLD, [before.into()])
}

/// An account that is about to be deleted and created again.
#[derive(Clone, Copy)]
pub struct Replacement<'a> {
    pub account: &'a RemoteAccount,
    /// What is to be attached to the next one.
    pub roles: &'a [RoleId],
    /// Its e-mail, if we did not make it for the user: a person gets the next one's password only by
    /// proving this e-mail.
    pub taken_over: Option<&'a EmailKey>,
}

/// Saves the roles of an account that is about to be deleted, and notes that it is, and whether it is
/// taken over. Contested: the account is mapped to another user.
pub async fn save_recovery(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    replacement: Replacement<'_>,
    entry: &Entry,
) -> Result<Guarded, DatabaseError> {
    let Replacement {
        account,
        roles,
        taken_over,
    } = replacement;
    let save = Statement::new(
        SAVE_RECOVERY,
        [
            user.into(),
            token.into(),
            account.id.0.as_str().into(),
            role_list(roles)?.into(),
            entry.at.into(),
        ],
    );
    let mut batch = Batch::new();
    if let Some(email) = taken_over {
        let id = account.id.0.as_str().into();
        let args = [user.into(), token.into(), id, email.as_str().into()];
        batch.execute(Statement::new(MARK_TAKEN_OVER, args));
    }
    let saved = announce(&mut batch, save, &[account], entry)?;
    let held = batch.push::<()>(held_statement(user, token));
    let answers = database.run(batch).await?;
    let saved = answers.count(saved)? > 0;
    Ok(Guarded::new(saved, answers.count(held)? > 0))
}

/// Comes before the deletes of a reset. Opens a row that was complete, so that a crash leaves work in
/// the queue and not a dead mapping; saves `keep_roles`; notes the removals and the audit row.
/// False: the lease was lost and nothing was written.
pub async fn begin_removal(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    accounts: &[&RemoteAccount],
    keep_roles: Option<&[RoleId]>,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let leaving = false;
    let open = open_for_removal(user, token, entry.at, leaving);
    let mut batch = Batch::new();
    let opened = announce(&mut batch, open, accounts, entry)?;
    if let Some(roles) = keep_roles {
        batch.execute(keep_recovery(user, token, roles, entry.at, leaving)?);
    }
    Ok(database.run(batch).await?.count(opened)? > 0)
}

/// The same for a user that left, whose roles are kept, if there are any: it may still return. False: it has, or
/// the lease was lost.
pub async fn begin_leaving_removal(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    accounts: &[&RemoteAccount],
    roles: &[RoleId],
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let leaving = true;
    let open = open_for_removal(user, token, entry.at, leaving);
    let mut batch = Batch::new();
    let opened = announce(&mut batch, open, accounts, entry)?;
    if !roles.is_empty() {
        batch.execute(keep_recovery(user, token, roles, entry.at, leaving)?);
    }
    Ok(database.run(batch).await?.count(opened)? > 0)
}

fn open_for_removal(user: &UserId, token: &LeaseToken, now: Timestamp, leaving: bool) -> Statement {
    let args = [user.into(), token.into(), now.into(), leaving.into()];
    Statement::new(OPEN_FOR_REMOVAL, args)
}

/// When an account with this e-mail was last deleted, or let go of, for any user; `None` after
/// [`REMOVAL_MEMORY`].
pub async fn removed_at(
    database: &Database,
    email: &EmailKey,
) -> Result<Option<Timestamp>, DatabaseError> {
    let mut batch = Batch::new();
    let removal = batch.push::<RemovalRow>(Statement::new(REMOVED_AT, [email.as_str().into()]));
    let row = database.run(batch).await?.first(removal)?;
    Ok(row.map(|row| row.removed_at))
}

/// Which of these accounts are another user's: mapped to it, or made, or being made, for an e-mail
/// that it holds.
pub async fn accounts_of_others(
    database: &Database,
    user: &UserId,
    accounts: &[&RemoteAccount],
) -> Result<Vec<RemoteId>, DatabaseError> {
    let accounts: Vec<AccountParameter> = accounts
        .iter()
        .map(|account| AccountParameter {
            id: &account.id.0,
            email: account.email_key().map(|email| email.as_str().to_owned()),
        })
        .collect();
    let mut batch = Batch::new();
    let args = [user.into(), Arg::json(&accounts)?];
    let of_others = batch.push::<AccountRow>(Statement::new(OF_OTHERS, args));
    let rows = database.run(batch).await?.rows(of_others)?;
    Ok(rows
        .into_iter()
        .map(|row| RemoteId(row.threedeye_id))
        .collect())
}

#[derive(Serialize)]
struct CandidateParameter<'a> {
    user: &'a str,
    #[serde(flatten)]
    account: AccountParameter<'a>,
}

db::row! {
    struct CandidateRow {
        user_id: String,
        threedeye_id: String,
    }
}

/// The same for many users at once: which of the accounts that may be theirs are others'.
pub async fn accounts_of_others_than<'a>(
    database: &Database,
    candidates: impl IntoIterator<Item = (&'a UserId, &'a RemoteAccount)>,
) -> Result<BTreeSet<(UserId, RemoteId)>, DatabaseError> {
    let candidates = candidates.into_iter();
    let candidates = candidates.map(|(user, account)| CandidateParameter {
        user: user.as_str(),
        account: AccountParameter {
            id: &account.id.0,
            email: account.email_key().map(|email| email.as_str().to_owned()),
        },
    });
    let candidates: Vec<CandidateParameter> = candidates.collect();
    if candidates.is_empty() {
        return Ok(BTreeSet::new());
    }
    let mut batch = Batch::new();
    let found =
        batch.push::<CandidateRow>(Statement::new(OF_OTHERS_OF_MANY, [Arg::json(&candidates)?]));
    let rows = database.run(batch).await?.rows(found)?.into_iter();
    let pairs = rows.map(|row| (UserId::new(row.user_id), RemoteId(row.threedeye_id)));
    Ok(pairs.collect())
}
