//! Users that left and whose account is to be removed.

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::policy::SETTLING;
use crate::provisioning::record::{Mapping, Recovery};
use crate::provisioning::store::columns::{MappingColumns, UserIdRow, recovery};
use crate::provisioning::store::lease::give_back_statements;
use crate::provisioning::store::{LeaseTerms, LeaseToken};
use crate::provisioning::{Failure, Reason};

// ?1 since when they wait at the latest, ?2 now, ?3 limit
const LIST_DUE: &str = "
SELECT user_id FROM threedeye_users
WHERE state = 'leaving' AND leaving_since <= ?1 AND lease_until <= ?2
ORDER BY leaving_since, user_id
LIMIT ?3";

// ?1 users, ?2 token, ?3 until, ?4 now, ?5 policy::SETTLING, as in ACQUIRE of lease.rs. That a lease
// is held is nothing to its holder.
const LEASE: &str = "
UPDATE threedeye_users SET
  settled_at = iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)),
  lease_token = ?2, lease_until = ?3, updated_at = ?4
WHERE user_id IN (SELECT value FROM json_each(?1)) AND state = 'leaving' AND lease_until <= ?4
RETURNING user_id, state, email_key AS intent_email, threedeye_id, password_sealed, attempts,
          last_error, next_attempt_at, 0 AS lease_until, created_at AS mapped_at,
          updated_at AS changed_at, settled_at,
          forgotten_email, forgotten_threedeye_id, forgotten_password,
          (SELECT r.role_ids FROM threedeye_recovery r
           WHERE r.user_id = threedeye_users.user_id) AS role_ids";

// ?1 entry, ?2 token. Only while the token holds the row of a user that has not returned.
const AUDIT: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.lease_token = ?2 AND t.state = 'leaving')"
);

// ?1 user, ?2 token
const DROP_RECOVERY: &str = "
DELETE FROM threedeye_recovery
WHERE user_id = ?1 AND EXISTS (
  SELECT 1 FROM threedeye_users
  WHERE user_id = ?1 AND lease_token = ?2 AND state = 'leaving')";

// ?1 user, ?2 token
const DROP: &str = "
DELETE FROM threedeye_users
WHERE user_id = ?1 AND lease_token = ?2 AND state = 'leaving'
RETURNING user_id";

// ?1 user, ?2 token, ?3 why, ?4 now, ?5 the code of why
const LEAVE_IN_PLACE: &str = "
UPDATE threedeye_users SET state = 'left_in_place', last_error = ?3, error_code = ?5, updated_at = ?4
WHERE user_id = ?1 AND lease_token = ?2 AND state = 'leaving'
RETURNING user_id";

// ?1 user, ?2 token, ?3 why, ?4 next attempt, ?5 the same as a beginning of the wait, ?6 now,
// ?7 the code of why
const POSTPONE: &str = "
UPDATE threedeye_users SET
  attempts = attempts + 1, last_error = ?3, error_code = ?7, next_attempt_at = ?4, leaving_since = ?5,
  updated_at = ?6
WHERE user_id = ?1 AND lease_token = ?2 AND state = 'leaving'
RETURNING user_id";

/// Whose removal is due, and how many of them are listed at most.
#[derive(Debug, Clone, Copy)]
pub struct DueLeavings {
    /// Those that have waited since then or longer.
    pub since: Timestamp,
    pub now: Timestamp,
    pub limit: u32,
}

/// A user that left, whose lease we hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    pub user: UserId,
    pub mapping: Mapping,
    pub recovery: Option<Recovery>,
}

/// How a removal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeavingOutcome {
    /// Nothing is left of the user but its trail.
    Gone,
    /// A person has to decide about the account.
    LeftInPlace { reason: String },
    Failed {
        failure: Failure,
        next_attempt_at: Timestamp,
        /// The wait that is over at `next_attempt_at` would have begun then.
        leaving_since: Timestamp,
        /// Until when a call whose answer was lost may take effect.
        settled_at: Option<Timestamp>,
    },
}

db::row! {
    struct LeavingRow {
        user: UserColumns = flatten,
        mapping: MappingColumns = flatten,
    }
}

db::row! {
    struct UserColumns {
        user_id: String,
        role_ids: Option<String>,
    }
}

impl LeavingRow {
    fn into_leaving(self) -> Result<Leaving, DatabaseError> {
        let Self { user, mapping } = self;
        let row = user.user_id.as_str();
        let mapping = mapping.into_mapping(row)?;
        Ok(Leaving {
            mapping: mapping
                .ok_or_else(|| DatabaseError::bad_value("threedeye_users", "state", row))?,
            recovery: recovery(user.role_ids, row)?,
            user: UserId::new(user.user_id),
        })
    }
}

pub(super) fn list_due_leavings(due: DueLeavings) -> Statement {
    Statement::new(
        LIST_DUE,
        [due.since.into(), due.now.into(), due.limit.into()],
    )
}

/// Takes the leases of those that are leaving and under no lease.
pub async fn lease_leaving(
    database: &Database,
    users: &[UserId],
    terms: &LeaseTerms,
) -> Result<Vec<Leaving>, DatabaseError> {
    let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let mut batch = Batch::new();
    let leased = batch.push::<LeavingRow>(Statement::new(
        LEASE,
        [
            Arg::json(&ids)?,
            (&terms.token).into(),
            terms.until.into(),
            terms.now.into(),
            SETTLING.into(),
        ],
    ));
    let rows = database.run(batch).await?.rows(leased)?;
    rows.into_iter().map(LeavingRow::into_leaving).collect()
}

/// Writes down how a removal ended, and gives the lease back. False: the user has returned, or the
/// lease was lost, and nothing else was written.
pub async fn conclude_leaving(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    outcome: &LeavingOutcome,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(AUDIT, [audit_json([entry])?, token.into()]));
    let (id, holder) = (Arg::from(user), Arg::from(token));
    let mut unsettled = None;
    let concluded = match outcome {
        LeavingOutcome::Gone => {
            batch.execute(Statement::new(DROP_RECOVERY, [id.clone(), holder.clone()]));
            Statement::new(DROP, [id, holder])
        }
        LeavingOutcome::LeftInPlace { reason } => {
            let code = Reason::Protected.as_str().into();
            let args = [id, holder, reason.as_str().into(), entry.at.into(), code];
            Statement::new(LEAVE_IN_PLACE, args)
        }
        LeavingOutcome::Failed {
            failure,
            next_attempt_at,
            leaving_since,
            settled_at,
        } => {
            unsettled = *settled_at;
            let args = [
                id,
                holder,
                failure.to_string().into(),
                (*next_attempt_at).into(),
                (*leaving_since).into(),
                entry.at.into(),
                failure.code().into(),
            ];
            Statement::new(POSTPONE, args)
        }
    };
    let concluded = batch.push::<UserIdRow>(concluded);
    batch.execute_all(give_back_statements(user, token, unsettled));
    Ok(database.run(batch).await?.count(concluded)? > 0)
}
