//! Writing down how users' provisioning ended.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::db::{Arg, AuditParameter, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::store::LeaseToken;
use crate::provisioning::store::columns::{UserIdRow, user_ids};
use crate::provisioning::store::counts::{Counted, count_outcomes};
use crate::provisioning::{Failure, Reason};
use crate::threedeye::RemoteId;

// ?1 outcomes, ?2 token, ?3 now, ?4 how many leave the queue. The triggers say what is done with each.
const RECORD: &str = "
INSERT INTO provisioning_bundles (outcomes, lease_token, at, leaving) VALUES (?1, ?2, ?3, ?4)";

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
    /// What it counts as; `None` where there is no audit row.
    pub counted: Option<Counted>,
    /// How long the user had waited for the account that it has now, where that is known.
    pub waited: Option<Duration>,
}

/// What becomes of a leased row. The lease is given back in every case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    /// The account exists and holds its roles; a recovery row is dropped, and so is the memory of an
    /// earlier account.
    Complete {
        id: RemoteId,
        /// Until when a call whose answer was lost may take effect.
        #[serde(serialize_with = "optional_millis")]
        settled_at: Option<Timestamp>,
    },
    /// The account exists, its saved roles are not attached yet.
    Attaching {
        id: RemoteId,
        #[serde(serialize_with = "millis")]
        next_attempt_at: Timestamp,
        /// Why the roles are missing.
        #[serde(skip)]
        failure: Failure,
    },
    /// Tried and failed.
    Failed {
        #[serde(serialize_with = "millis")]
        next_attempt_at: Timestamp,
        #[serde(skip)]
        failure: Failure,
        /// Until when a call whose answer was lost may take effect.
        #[serde(serialize_with = "optional_millis")]
        settled_at: Option<Timestamp>,
    },
    /// Taken outside our customer, or in another spelling by this account of ours.
    Quarantined {
        respelled: Option<RemoteId>,
        #[serde(skip)]
        failure: Failure,
    },
    /// Waits for an e-mail that another user holds; the row drops its intent.
    SetAside {
        /// The contested e-mail.
        #[serde(serialize_with = "key")]
        email: EmailKey,
        #[serde(skip)]
        failure: Failure,
    },
    /// Not tried; `due_at` moves it within the queue.
    Released {
        #[serde(serialize_with = "optional_millis")]
        due_at: Option<Timestamp>,
    },
}

impl Outcome {
    /// Why the attempt failed; `None` if it did not, or was not made.
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Attaching { failure, .. }
            | Self::Failed { failure, .. }
            | Self::Quarantined { failure, .. }
            | Self::SetAside { failure, .. } => Some(failure),
            Self::Complete { .. } | Self::Released { .. } => None,
        }
    }

    /// Whether no run takes the user up again unless something changes.
    const fn leaves_queue(&self) -> bool {
        match self {
            Self::Complete { .. } | Self::Quarantined { .. } | Self::SetAside { .. } => true,
            Self::Attaching { .. } | Self::Failed { .. } | Self::Released { .. } => false,
        }
    }
}

/// A user's outcome as RECORD reads it.
#[derive(Serialize)]
struct OutcomeParameter<'a> {
    user: &'a UserId,
    #[serde(flatten)]
    outcome: &'a Outcome,
    error: Option<String>,
    error_code: Option<Reason>,
    #[serde(flatten)]
    audit: Option<AuditParameter<'a>>,
}

fn key<S: Serializer>(email: &EmailKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(email.as_str())
}

fn millis<S: Serializer>(moment: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    moment.as_millis().serialize(serializer)
}

fn optional_millis<S: Serializer>(
    moment: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    moment.map(Timestamp::as_millis).serialize(serializer)
}

/// Writes down how users ended. Those whose lease was lost, or whose account another user is mapped
/// to, are left alone, and returned.
pub async fn record_outcomes(
    database: &Database,
    token: &LeaseToken,
    outcomes: &[UserOutcome],
    now: Timestamp,
) -> Result<Vec<UserId>, DatabaseError> {
    let parameters: Vec<OutcomeParameter> = outcomes
        .iter()
        .map(|ended| OutcomeParameter {
            user: &ended.user,
            outcome: &ended.outcome,
            error: ended.outcome.failure().map(ToString::to_string),
            error_code: ended.outcome.failure().map(Failure::reason),
            audit: ended.entry.as_ref().map(Into::into),
        })
        .collect();
    let leaving: u32 = outcomes
        .iter()
        .map(|ended| u32::from(ended.outcome.leaves_queue()))
        .sum();
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        RECORD,
        [
            Arg::json(&parameters)?,
            token.into(),
            now.into(),
            leaving.into(),
        ],
    ));
    let counted = outcomes.iter().flat_map(|ended| {
        let counted = [ended.counted, ended.waited.map(Counted::waited)];
        let counted = counted.into_iter().flatten();
        counted.map(|counted| (counted, &ended.user))
    });
    count_outcomes(&mut batch, token, counted, now)?;
    let unwritten = batch.push::<UserIdRow>(Statement::new(TAKE_UNWRITTEN, [token.into()]));
    Ok(user_ids(database.run(batch).await?.rows(unwritten)?))
}
