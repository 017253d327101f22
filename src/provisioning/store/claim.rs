//! Taking users' leases, with an intent (e-mail and password) recorded where there is none.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::policy::SETTLING;
use crate::provisioning::record::Claimed;
use crate::provisioning::store::LeaseTerms;
use crate::provisioning::store::columns::{MappingColumns, recovery};
use crate::provisioning::store::quarantine::{KnownRow, has_accounts_statement};

/// What both statements tell of those they granted.
macro_rules! returning_claimed {
    ($statement:literal) => {
        concat!(
            $statement,
            "
RETURNING user_id, (SELECT u.email_key FROM users u WHERE u.uuid = user_id) AS email,
          email_key AS intent_email, password_sealed, threedeye_id, state, attempts,
          (SELECT r.role_ids FROM threedeye_recovery r
           WHERE r.user_id = threedeye_users.user_id) AS role_ids,
          settled_at, taken_over_email, respelled_id, forgotten_email, forgotten_threedeye_id, forgotten_password,
          (SELECT r.removed_at FROM users u JOIN threedeye_removals r ON r.email_key = u.email_key
           WHERE u.uuid = threedeye_users.user_id) AS email_removed_at,
          (SELECT r.removed_at FROM threedeye_removals r
           WHERE r.email_key = threedeye_users.email_key) AS intent_removed_at,
          iif(?6, (SELECT q.entered_at FROM provisioning_queue q
                   WHERE q.user_id = threedeye_users.user_id), NULL) AS entered_at"
        )
    };
}

// ?1 requests, ?2 token, ?3 until, ?4 now, ?5 policy::SETTLING, as in ACQUIRE of lease.rs, ?6 whether it is to find
// out since when users wait. Of two
// requests for one e-mail the first gets it: OR IGNORE and the last condition see what this very
// statement has written, which NOT EXISTS in the SELECT does not.
const CLAIM: &str = returning_claimed!(
    "
INSERT OR IGNORE INTO threedeye_users
  (user_id, state, email_key, password_sealed, lease_token, lease_until, created_at, updated_at)
SELECT u.uuid, 'pending', u.email_key, b.value ->> 'password', ?2, ?3, ?4, ?4
FROM json_each(?1) b
JOIN users u ON u.uuid = (b.value ->> 'user')
WHERE u.email_key IS NOT NULL AND (
  NOT EXISTS (SELECT 1 FROM threedeye_users o
              WHERE o.email_key = u.email_key AND o.password_sealed IS NOT NULL AND o.user_id <> u.uuid)
  OR EXISTS (SELECT 1 FROM threedeye_users s
             WHERE s.user_id = u.uuid AND s.password_sealed IS NOT NULL)
)
ON CONFLICT (user_id) DO UPDATE SET
  state = CASE state WHEN 'idle' THEN 'pending' ELSE state END,
  email_key = coalesce(email_key, excluded.email_key),
  password_sealed = coalesce(password_sealed, excluded.password_sealed),
  settled_at = iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)),
  lease_token = excluded.lease_token,
  lease_until = excluded.lease_until,
  updated_at = excluded.updated_at
WHERE lease_until <= ?4 AND (state = 'idle' OR state = 'pending' OR state = 'attaching')
  AND (email_key IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM threedeye_users o
    WHERE o.email_key = excluded.email_key AND o.password_sealed IS NOT NULL
  ))"
);

// The same for those that have an intent already. Only the lease is written: to set what an index holds is to write
// the index, even where it stays as it is.
const RECLAIM: &str = returning_claimed!(
    "
UPDATE threedeye_users SET
  settled_at = iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)),
  lease_token = ?2,
  lease_until = ?3
FROM json_each(?1) b CROSS JOIN users u ON u.uuid = (b.value ->> 'user')
WHERE user_id = u.uuid AND u.email_key IS NOT NULL AND password_sealed IS NOT NULL
  AND lease_until <= ?4 AND (state = 'pending' OR state = 'attaching')"
);

/// What was claimed.
#[derive(Debug)]
pub struct Claims {
    /// In the order of the requests.
    pub granted: Vec<Claimed>,
    /// Whether our customer has an account for any user, so that its list cannot be empty.
    pub has_accounts: bool,
}

/// Asks for a user's lease, and records an intent where none is recorded yet.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimRequest {
    pub user: UserId,
    /// The password to record if the row has none.
    #[serde(serialize_with = "sealed")]
    pub password: Sealed,
    /// Since when the user waits; `None`: the claim finds out, which costs a row.
    #[serde(skip)]
    pub entered_at: Option<Timestamp>,
    /// Whether an intent was seen, which makes the claim cheaper. If it is gone by now, the claim is refused.
    #[serde(skip)]
    pub has_intent: bool,
}

fn sealed<S: Serializer>(password: &Sealed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(password.as_str())
}

db::row! {
    struct ClaimedRow {
        user: UserColumns = flatten,
        mapping: MappingColumns = flatten,
    }
}

db::row! {
    struct UserColumns {
        user_id: String,
        email: Option<String>,
        role_ids: Option<String>,
        email_removed_at: Option<Timestamp>,
        intent_removed_at: Option<Timestamp>,
        entered_at: Option<Timestamp>,
    }
}

impl ClaimedRow {
    /// If the row holds the password of the request, this claim recorded it.
    fn into_claimed(self, request: &ClaimRequest) -> Result<Claimed, DatabaseError> {
        let Self { user, mapping } = self;
        let row = user.user_id.as_str();
        let bad = |column| DatabaseError::bad_value("threedeye_users", column, row);
        let email = user.email.as_deref().and_then(EmailKey::of);
        let mapping = mapping.into_mapping(row)?;
        let mapping = mapping.ok_or_else(|| bad("state"))?;
        let password = mapping.password.ok_or_else(|| bad("password_sealed"))?;
        Ok(Claimed {
            email: email.ok_or_else(|| DatabaseError::bad_value("users", "email_key", row))?,
            intent_email: mapping.email_key.ok_or_else(|| bad("email_key"))?,
            fresh: request.password == password,
            password,
            threedeye_id: mapping.threedeye_id,
            state: mapping.state,
            attempts: mapping.attempts,
            recovery: recovery(user.role_ids, row)?,
            removed_at: user.email_removed_at.max(user.intent_removed_at),
            settled_at: mapping.settled_at,
            forgotten: mapping.forgotten,
            entered_at: request.entered_at.or(user.entered_at),
            user: UserId::new(user.user_id),
        })
    }
}

/// Takes the leases of all requests whose user has an e-mail that no other user holds, whose lease is
/// free and whose row is not complete, quarantined or set aside. A row that already has an intent is
/// granted even if its user's new e-mail is contested: the old intent has to be dealt with first. Of
/// several requests for one free e-mail the first is granted. A lease that ran out without being given
/// back had a holder that died: `settled_at` becomes [`SETTLING`] after its end, if that is later.
pub async fn claim(
    database: &Database,
    requests: &[ClaimRequest],
    terms: &LeaseTerms,
) -> Result<Claims, DatabaseError> {
    let mut batch = Batch::new();
    let known = batch.push(has_accounts_statement(None));
    let (intended, new): (Vec<_>, Vec<_>) = requests.iter().partition(|request| request.has_intent);
    let mut claimed = Vec::new();
    for (sql, requests) in [(RECLAIM, intended), (CLAIM, new)] {
        if requests.is_empty() {
            continue;
        }
        let looks_up_entry = requests.iter().any(|request| request.entered_at.is_none());
        claimed.push(batch.push::<ClaimedRow>(Statement::new(
            sql,
            [
                Arg::json(&requests)?,
                (&terms.token).into(),
                terms.until.into(),
                terms.now.into(),
                SETTLING.into(),
                looks_up_entry.into(),
            ],
        )));
    }
    let answers = database.run(batch).await?;
    let mut rows: BTreeMap<String, ClaimedRow> = BTreeMap::new();
    for slot in claimed {
        let granted = answers.rows(slot)?.into_iter();
        rows.extend(granted.map(|row| (row.user.user_id.clone(), row)));
    }
    let granted = requests
        .iter()
        .filter_map(|request| {
            let row = rows.remove(request.user.as_str())?;
            Some(row.into_claimed(request))
        })
        .collect::<Result<_, _>>()?;
    Ok(Claims {
        granted,
        has_accounts: answers.one::<KnownRow>(known)?.known,
    })
}
