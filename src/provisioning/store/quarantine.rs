//! Users in quarantine: who they are, and their way out when their account is seen again.

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::policy::MAX_WATCHED;

// ?1 limit. Every moment is after 0: so the index is searched, and not read through.
const LIST: &str = "
SELECT user_id, email_key, respelled_id IS NOT NULL AS respelled, updated_at AS since
FROM threedeye_users WHERE state = 'quarantined' AND updated_at > 0 AND email_key IS NOT NULL
ORDER BY updated_at DESC LIMIT ?1";

// ?1 entries. Tells only of those whom RELEASE releases, which therefore comes next.
const AUDIT: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM threedeye_users t
              WHERE t.user_id = value ->> 'subject' AND t.state = 'quarantined'
                AND t.lease_until <= value ->> 'at')"
);

// ?1 users, ?2 now. A trigger queues them.
const RELEASE: &str = "
UPDATE threedeye_users SET
  state = 'pending', respelled_id = NULL, attempts = 0, last_error = NULL, error_code = NULL, next_attempt_at = NULL,
  updated_at = ?2
WHERE user_id IN (SELECT value FROM json_each(?1)) AND state = 'quarantined' AND lease_until <= ?2";

// ?1 user
const HAS_ACCOUNTS: &str = "
SELECT EXISTS (
  SELECT 1 FROM threedeye_users
  WHERE threedeye_id IS NOT NULL AND (state = 'complete' OR state = 'attaching') AND user_id IS NOT ?1
) AS known";

db::row! {
    /// A user in quarantine.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Quarantined {
        pub user: UserId = "user_id",
        pub email: EmailKey = "email_key",
        /// Whether the account with this e-mail in another spelling is known already.
        pub respelled: bool,
        pub since: Timestamp,
    }
}

db::row! {
    pub(super) struct KnownRow {
        pub known: bool,
    }
}

/// Lists the users quarantined last, at most [`MAX_WATCHED`].
pub(super) fn list_quarantined_statement() -> Statement {
    Statement::new(LIST, [MAX_WATCHED.into()])
}

/// Makes these users due now, with an audit row each, if they still are in quarantine.
pub async fn release_quarantined(
    database: &Database,
    users: &[&UserId],
    now: Timestamp,
    entries: &[Entry],
) -> Result<(), DatabaseError> {
    let ids: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
    let mut batch = Batch::new();
    batch.execute(Statement::new(AUDIT, [audit_json(entries)?]));
    batch.execute(Statement::new(RELEASE, [Arg::json(&ids)?, now.into()]));
    database.run(batch).await.map(|_| ())
}

pub(super) fn has_accounts_statement(aside: Option<&UserId>) -> Statement {
    Statement::new(HAS_ACCOUNTS, [aside.into()])
}

/// Whether any user, this one aside, has an account in our customer.
pub async fn has_accounts(
    database: &Database,
    aside: Option<&UserId>,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    let known = batch.push::<KnownRow>(has_accounts_statement(aside));
    Ok(database.run(batch).await?.one(known)?.known)
}
