//! Writing down how users' provisioning ended.

use serde::Serialize;

use crate::db::{Arg, AuditParameter, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::record::State;
use crate::provisioning::store::LeaseToken;
use crate::provisioning::store::columns::{UserIdRow, user_ids};
use crate::threedeye::RemoteId;

// ?1 outcomes, ?2 token, ?3 now. The trigger on this view says what is done with each.
const RECORD: &str = "
INSERT INTO provisioning_outcomes
  (user_id, lease_token, at, state, threedeye_id, email_key, error, next_attempt_at, settled_at, due_at,
   success, attempt, forget, closes, actor, action, outcome, request_id)
SELECT value ->> 'user', ?2, ?3, value ->> 'state', value ->> 'id', value ->> 'email',
       value ->> 'error', value ->> 'next', value ->> 'settled', value ->> 'due', value ->> 'success',
       value ->> 'attempt', value ->> 'forget', value ->> 'closes', value ->> 'actor',
       value ->> 'action', value ->> 'outcome', value ->> 'request'
FROM json_each(?1)";

// ?1 token. The trigger leaves those behind whose outcome it did not write.
const TAKE_UNWRITTEN: &str = "
DELETE FROM provisioning_unsettled WHERE lease_token = ?1 RETURNING user_id";

/// How one user ended.
#[derive(Debug, Clone)]
pub struct UserOutcome {
    pub user: UserId,
    pub outcome: Outcome,
    /// The audit row; `None` if nothing changed.
    pub entry: Option<Entry>,
}

/// What becomes of a leased row. The lease is given back in every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The account exists and holds its roles; a recovery row is dropped, and so is the memory of an
    /// earlier account.
    Complete { id: RemoteId },
    /// The account exists, its saved roles are not attached yet.
    Attaching {
        id: RemoteId,
        next_attempt_at: Timestamp,
        /// Why the roles are missing.
        error: String,
    },
    /// Tried and failed.
    Failed {
        next_attempt_at: Timestamp,
        error: String,
        /// Until when a call whose answer was lost may take effect.
        settled_at: Option<Timestamp>,
    },
    /// Taken outside our customer.
    Quarantined { error: String },
    /// Waits for an e-mail that another user holds; the row drops its intent.
    SetAside {
        /// The contested e-mail.
        email: EmailKey,
        error: String,
    },
    /// Not tried; `due_at` moves it within the queue.
    Released { due_at: Option<Timestamp> },
}

impl Outcome {
    /// Why the attempt failed; `None` if it did not, or was not made.
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::Attaching { error, .. }
            | Self::Failed { error, .. }
            | Self::Quarantined { error }
            | Self::SetAside { error, .. } => Some(error),
            Self::Complete { .. } | Self::Released { .. } => None,
        }
    }
}

#[derive(Serialize)]
struct UserOutcomeParameter<'a> {
    #[serde(flatten)]
    outcome: OutcomeParameter<'a>,
    #[serde(flatten)]
    audit: Option<AuditParameter<'a>>,
}

impl<'a> From<&'a UserOutcome> for UserOutcomeParameter<'a> {
    fn from(ended: &'a UserOutcome) -> Self {
        Self {
            outcome: ended.into(),
            audit: ended.entry.as_ref().map(Into::into),
        }
    }
}

#[derive(Serialize, Default)]
struct OutcomeParameter<'a> {
    user: &'a str,
    state: Option<&'static str>,
    id: Option<&'a str>,
    email: Option<&'a str>,
    error: Option<&'a str>,
    next: Option<i64>,
    settled: Option<i64>,
    due: Option<i64>,
    /// 0 or 1, as are the next three.
    success: u8,
    /// A try that failed, to be counted.
    attempt: u8,
    /// Id and password are dropped.
    forget: u8,
    /// The row is closed until something changes.
    closes: u8,
}

impl<'a> From<&'a UserOutcome> for OutcomeParameter<'a> {
    fn from(ended: &'a UserOutcome) -> Self {
        let error = ended.outcome.error();
        let base = Self {
            user: ended.user.as_str(),
            error,
            attempt: u8::from(error.is_some()),
            ..Self::default()
        };
        match &ended.outcome {
            Outcome::Complete { id } => Self {
                state: Some(State::Complete.as_str()),
                id: Some(&id.0),
                success: 1,
                ..base
            },
            Outcome::Attaching {
                id,
                next_attempt_at,
                ..
            } => Self {
                state: Some(State::Attaching.as_str()),
                id: Some(&id.0),
                next: Some(next_attempt_at.as_millis()),
                ..base
            },
            Outcome::Failed {
                next_attempt_at,
                settled_at,
                ..
            } => Self {
                settled: settled_at.map(Timestamp::as_millis),
                next: Some(next_attempt_at.as_millis()),
                ..base
            },
            Outcome::Quarantined { .. } => Self {
                state: Some(State::Quarantined.as_str()),
                closes: 1,
                ..base
            },
            Outcome::SetAside { email, .. } => Self {
                state: Some(State::SetAside.as_str()),
                email: Some(email.as_str()),
                forget: 1,
                closes: 1,
                ..base
            },
            Outcome::Released { due_at } => Self {
                due: due_at.map(Timestamp::as_millis),
                ..base
            },
        }
    }
}

/// Writes down how users ended. Those whose lease was lost, or whose account another user is mapped
/// to, are left alone, and returned.
pub async fn record_outcomes(
    database: &Database,
    token: &LeaseToken,
    outcomes: &[UserOutcome],
    now: Timestamp,
) -> Result<Vec<UserId>, DatabaseError> {
    let outcomes: Vec<UserOutcomeParameter> = outcomes.iter().map(Into::into).collect();
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        RECORD,
        [Arg::json(&outcomes)?, token.into(), now.into()],
    ));
    let unwritten = batch.push::<UserIdRow>(Statement::new(TAKE_UNWRITTEN, [token.into()]));
    Ok(user_ids(database.run(batch).await?.rows(unwritten)?))
}
