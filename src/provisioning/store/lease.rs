//! Leases: who may change a user's rows, and until when.
//!
//! Exclusion comes from the token in every WHERE: an actor whose lease was taken over matches no row
//! any more.

use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{Clock, Random, Timestamp, UserId, ids};
use crate::provisioning::policy::{LEASE, SETTLING};
use crate::provisioning::record::ProvisioningRecord;
use crate::provisioning::store::columns::{UserIdRow, user_ids};
use crate::provisioning::store::load::{RecordRow, load_statement};

// ?1 user, ?2 token, ?3 until, ?4 now, ?5 policy::SETTLING: a lease that was not given back had a
// holder that died, and what it sent may take effect for that long after the lease. A user in quarantine
// keeps the time since when.
const ACQUIRE: &str = "
INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
VALUES (?1, 'idle', ?2, ?3, ?4, ?4)
ON CONFLICT (user_id) DO UPDATE SET
  settled_at = iif(lease_token IS NULL, settled_at, max(settled_at, lease_until + ?5)),
  lease_token = excluded.lease_token, lease_until = excluded.lease_until,
  updated_at = iif(state = 'quarantined', updated_at, excluded.updated_at)
WHERE lease_until <= ?4
RETURNING user_id";

// ?1 token, ?2 until, ?3 users
const RENEW: &str = "
UPDATE threedeye_users SET lease_until = ?2
WHERE user_id IN (SELECT value FROM json_each(?3)) AND lease_token = ?1
RETURNING user_id";

// ?1 user, ?2 token
const HELD: &str = "
SELECT user_id FROM threedeye_users WHERE user_id = ?1 AND lease_token = ?2";

// ?1 user, ?2 token. Without the lease an idle row tells nothing.
const DROP_IDLE: &str = "
DELETE FROM threedeye_users
WHERE user_id = ?1 AND lease_token = ?2 AND state = 'idle' AND forgotten_email IS NULL
  AND taken_over_email IS NULL";

// ?1 user, ?2 token, ?3 until when a call may take effect, or 0
const GIVE_BACK: &str = "
UPDATE threedeye_users
SET lease_token = NULL, lease_until = 0, settled_at = max(settled_at, ?3)
WHERE user_id = ?1 AND lease_token = ?2";

/// The name of one actor's hold on its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseToken(pub String);

impl From<&LeaseToken> for Arg {
    fn from(token: &LeaseToken) -> Self {
        token.0.as_str().into()
    }
}

/// The terms on which leases are taken.
#[derive(Debug, Clone)]
pub struct LeaseTerms {
    /// Names the holder.
    pub token: LeaseToken,
    /// The moment of the claim; leases that end by it are free.
    pub now: Timestamp,
    /// When the new leases end.
    pub until: Timestamp,
}

impl LeaseTerms {
    /// A new holder's terms, as of now.
    pub fn new(clock: &dyn Clock, random: &dyn Random) -> Self {
        let now = clock.now();
        Self {
            token: LeaseToken(ids::prefixed_ulid("lease", now, random)),
            now,
            until: now.plus(LEASE),
        }
    }
}

/// Another actor holds the user's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy {
    /// When that lease ends at the latest.
    pub until: Timestamp,
}

/// What became of a write that other users' rows may forbid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    Written,
    /// Another user's row forbids it.
    Contested,
    LeaseLost,
}

impl Guarded {
    pub(super) const fn new(written: bool, held: bool) -> Self {
        match (written, held) {
            (true, _) => Self::Written,
            (false, true) => Self::Contested,
            (false, false) => Self::LeaseLost,
        }
    }
}

pub(super) fn held_statement(user: &UserId, token: &LeaseToken) -> Statement {
    Statement::new(HELD, [user.into(), token.into()])
}

/// Gives a lease back. An idle row goes with it, which comes first: it is found by its lease.
pub(super) fn give_back_statements(
    user: &UserId,
    token: &LeaseToken,
    settled_at: Option<Timestamp>,
) -> [Statement; 2] {
    let settled_at = settled_at.unwrap_or_default().into();
    [
        Statement::new(DROP_IDLE, [user.into(), token.into()]),
        Statement::new(GIVE_BACK, [user.into(), token.into(), settled_at]),
    ]
}

/// Takes a user's lease for a reset, whatever state it is in; makes an idle row if there is none.
/// Returns what was known just before. As with [`claim`](super::claim), a lease that was not given
/// back postpones `settled_at`.
pub async fn acquire_lease(
    database: &Database,
    user: &UserId,
    terms: &LeaseTerms,
) -> Result<Result<ProvisioningRecord, Busy>, DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let acquired = batch.push::<UserIdRow>(Statement::new(
        ACQUIRE,
        [
            user.into(),
            (&terms.token).into(),
            terms.until.into(),
            terms.now.into(),
            SETTLING.into(),
        ],
    ));
    let answers = database.run(batch).await?;
    let record = answers.one(record)?.into_record()?;
    if answers.count(acquired)? > 0 {
        return Ok(Ok(record));
    }
    let until = record.mapping.map_or(terms.now, |row| row.lease_until);
    Ok(Err(Busy { until }))
}

/// Prolongs all leases of this token; tells which users are still held.
pub async fn renew_leases(
    database: &Database,
    token: &LeaseToken,
    users: &[UserId],
    until: Timestamp,
) -> Result<Vec<UserId>, DatabaseError> {
    let ids: Vec<&str> = users.iter().map(UserId::as_str).collect();
    let mut batch = Batch::new();
    let renewed = batch.push::<UserIdRow>(Statement::new(
        RENEW,
        [token.into(), until.into(), Arg::json(&ids)?],
    ));
    Ok(user_ids(database.run(batch).await?.rows(renewed)?))
}

/// Gives a lease back and leaves everything else as it is, but for `settled_at`, if a call whose
/// answer was lost may still take effect.
pub async fn release_lease(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    settled_at: Option<Timestamp>,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute_all(give_back_statements(user, token, settled_at));
    database.run(batch).await.map(|_| ())
}
