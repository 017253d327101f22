//! What a reset does to a user's rows.

use crate::db::{Arg, Batch, Database, DatabaseError, Slot, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::record::ForgottenAccount;
use crate::provisioning::store::LeaseToken;
use crate::provisioning::store::columns::UserIdRow;
use crate::provisioning::store::lease::give_back_statements;
use crate::provisioning::store::removal::{keep_recovery, note_if_changed};
use crate::threedeye::RoleId;

// ?1 entry, ?2 token. Only while the token holds the row, so before the lease is given back.
const AUDIT_LEASED: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2)"
);

// ?1 user, ?2 token, ?3 now
const DUE_NOW: &str = "
UPDATE provisioning_queue SET due_at = ?3
WHERE user_id = ?1
  AND EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)";

// ?1 user, ?2 token
const CLEAR_RECOVERY: &str = "
DELETE FROM threedeye_recovery
WHERE user_id = ?1
  AND EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2)
RETURNING user_id";

// ?1 user, ?2 token
const CLEAR_MAPPING: &str = "
DELETE FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2 RETURNING user_id";

// ?1 user, ?2 token, ?3 e-mail, ?4 account, ?5 password, ?6 now
const FORGET_MAPPING: &str = "
UPDATE threedeye_users SET
  state = 'idle', email_key = NULL, threedeye_id = NULL, password_sealed = NULL,
  attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL, lease_token = NULL, lease_until = 0,
  forgotten_email = ?3, forgotten_threedeye_id = ?4, forgotten_password = ?5,
  left_state = NULL, left_email = NULL, left_at = NULL, leaving_since = NULL,
  created_at = ?6, updated_at = ?6
WHERE user_id = ?1 AND lease_token = ?2
RETURNING user_id";

// ?1 user, ?2 token, ?3 whether the account is gone, ?4 now. The lease is given back afterwards.
const REOPEN_MAPPING: &str = "
UPDATE threedeye_users SET
  state = CASE
    WHEN state = 'set_aside' THEN 'idle'
    WHEN state = 'quarantined' OR (?3 AND state IN ('complete', 'attaching')) THEN 'pending'
    ELSE state
  END,
  email_key = CASE state WHEN 'set_aside' THEN NULL ELSE email_key END,
  threedeye_id = CASE WHEN ?3 THEN NULL ELSE threedeye_id END,
  taken_over_email = CASE WHEN ?3 THEN NULL ELSE taken_over_email END,
  attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL, updated_at = ?4
WHERE user_id = ?1 AND lease_token = ?2
RETURNING user_id";

// ?1 user, ?2 token. The user left while the lease was held: clearing would forget its account.
const LET_GO_OF_LEFT: &str = "
UPDATE threedeye_users SET lease_token = NULL, lease_until = 0
WHERE user_id = ?1 AND lease_token = ?2 AND left_state IS NOT NULL";

/// What a reset does to the rows.
#[derive(Debug, Clone)]
pub struct Clearing {
    /// Delete the mapping and the recovery; otherwise the row stays and only quarantine, attempts and
    /// waits are lifted.
    pub clear_mapping: bool,
    /// With `clear_mapping`: the account that is let go of. The row becomes idle and remembers it, and
    /// its e-mail counts as freed just now.
    pub forgotten: Option<ForgottenAccount>,
    /// With `clear_mapping`: the row stays pending, and so does what it remembers.
    pub keep_intent: bool,
    /// With `clear_mapping`: the row becomes idle in any case, and remembers what was taken over.
    pub keep_mark: bool,
    /// The remote account is gone: a row that stays forgets its id.
    pub forget_remote: bool,
    /// Roles to keep as recovery for the next provisioning.
    pub keep_roles: Option<Vec<RoleId>>,
    /// The user is known to have left; otherwise one that left meanwhile is not cleared.
    pub left: bool,
}

/// What a clearing really deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleared {
    pub mapping: bool,
    /// A recovery row was deleted; false if it was replaced by kept roles.
    pub recovery: bool,
}

/// Clears rows under the lease, gives the lease back and queues the user.
/// `None`: the lease was lost, or the user left meanwhile, and nothing was cleared.
pub async fn clear(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    clearing: &Clearing,
    now: Timestamp,
    entry: &Entry,
) -> Result<Option<Cleared>, DatabaseError> {
    let leased = || -> [Arg; 2] { [user.into(), token.into()] };
    let mut batch = Batch::new();
    if !clearing.left {
        batch.execute(Statement::new(LET_GO_OF_LEFT, leased()));
    }
    batch.execute(Statement::new(
        AUDIT_LEASED,
        [audit_json([entry])?, token.into()],
    ));
    batch.execute(Statement::new(
        DUE_NOW,
        [user.into(), token.into(), now.into()],
    ));
    let mut recovery = None;
    if let Some(roles) = &clearing.keep_roles {
        let leaving = false;
        batch.execute(keep_recovery(user, token, roles, now, leaving)?);
    } else if clearing.clear_mapping {
        recovery = Some(batch.push::<()>(Statement::new(CLEAR_RECOVERY, leased())));
    }
    let mapping: Slot<UserIdRow> = if !clearing.clear_mapping || clearing.keep_intent {
        let gone = clearing.forget_remote.into();
        let args = [user.into(), token.into(), gone, now.into()];
        let reopened = batch.push(Statement::new(REOPEN_MAPPING, args));
        batch.execute_all(give_back_statements(user, token, None));
        reopened
    } else if clearing.forgotten.is_some() || clearing.keep_mark {
        let account = clearing.forgotten.as_ref();
        let forgotten = batch.push(forget_statement(user, token, account, now));
        batch.execute(note_if_changed(account.map(|account| &account.email), now)?);
        forgotten
    } else {
        batch.push(Statement::new(CLEAR_MAPPING, leased()))
    };
    let answers = database.run(batch).await?;
    if answers.count(mapping)? == 0 {
        return Ok(None);
    }
    let recovery = match recovery {
        Some(slot) => answers.count(slot)? > 0,
        None => false,
    };
    Ok(Some(Cleared {
        mapping: clearing.clear_mapping,
        recovery,
    }))
}

/// The mapping goes; of its account only what leads to it stays.
fn forget_statement(
    user: &UserId,
    token: &LeaseToken,
    account: Option<&ForgottenAccount>,
    now: Timestamp,
) -> Statement {
    let id = account.and_then(|account| account.id.as_ref());
    Statement::new(
        FORGET_MAPPING,
        [
            user.into(),
            token.into(),
            account.map(|account| account.email.as_str()).into(),
            id.map(|id| id.0.as_str()).into(),
            account.map(|account| &account.password).into(),
            now.into(),
        ],
    )
}
