//! The steps for one user whose lease is held.
//!
//! The numbers in the comments are those of "Provisioning of one user" in docs/ARCHITECTURE.md. Each
//! step can be the last one that a process takes: the next actor finds its way from the rows and the
//! customer's list.
//!
//! | module | steps |
//! |---|---|
//! | `begin` | the first pass, and an intent for an earlier e-mail |
//! | `forgotten` | the account that a reset let go of |
//! | `replace` | an account that exists: adopt it, or delete it and create another |
//! | `create` | create, attach roles, and what follows a lost or refused create |
//! | `checks` | questions that several steps ask |

mod begin;
mod checks;
mod create;
mod forgotten;
mod replace;

use std::cell::Cell;

use crate::db::{Database, DatabaseError};
use crate::kernel::{Deadline, EmailKey};
use crate::provisioning::Failure;
use crate::provisioning::record::Claimed;
use crate::provisioning::store::{self, LeaseToken};
use crate::threedeye::{DirectoryScan, RemoteAccount, RemoteId, ScanQuery, UpstreamError};

/// Which accounts may be taken over: deleted and created again although we did not make them for the
/// user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeOvers {
    Any,
    /// The one with this e-mail, which the caller has proved.
    Of(EmailKey),
    /// Those that a preview named.
    Named(Vec<RemoteId>),
    None,
}

/// Which existing accounts may be deleted and re-created, and how many still.
#[derive(Debug)]
pub struct ReplacementBudget {
    left: Left,
    take_overs: TakeOvers,
}

/// How many accounts may still be replaced.
#[derive(Debug)]
enum Left {
    Here(Cell<u32>),
    /// As the row of this run tells, from which several processes draw.
    OfRun(String),
}

impl ReplacementBudget {
    /// A run's: any account, up to so many.
    pub fn limited(limit: u32) -> Self {
        Self {
            left: Left::Here(Cell::new(limit)),
            take_overs: TakeOvers::Any,
        }
    }

    /// One user's, asked for by name: the number is not limited.
    pub fn of_one(take_overs: TakeOvers) -> Self {
        Self {
            left: Left::Here(Cell::new(u32::MAX)),
            take_overs,
        }
    }

    /// That of a run over a list, for a user of whom the preview named these accounts: each drawn when it is needed.
    pub fn of_run(run_id: &str, named: Vec<RemoteId>) -> Self {
        Self {
            left: Left::OfRun(run_id.to_owned()),
            take_overs: TakeOvers::Named(named),
        }
    }

    /// What is left of a [`limited`](Self::limited) one.
    pub fn left(&self) -> u32 {
        match &self.left {
            Left::Here(left) => left.get(),
            Left::OfRun(_) => 0,
        }
    }

    fn may_take_over(&self, account: &RemoteAccount) -> bool {
        match &self.take_overs {
            TakeOvers::Any => true,
            TakeOvers::Of(email) => account.email_key().as_ref() == Some(email),
            TakeOvers::Named(ids) => ids.contains(&account.id),
            TakeOvers::None => false,
        }
    }

    async fn take(&self, database: &Database) -> Result<(), Ended> {
        let is_granted = match &self.left {
            Left::Here(cell) => {
                let left = cell.get();
                cell.set(left.saturating_sub(1));
                left > 0
            }
            Left::OfRun(run_id) => store::bulk::take_replacement(database, run_id).await?,
        };
        if is_granted {
            Ok(())
        } else {
            Err(AttemptResult::ReplacementLimit.into())
        }
    }
}

/// How a user got its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountOrigin {
    /// It existed, and only roles were missing.
    RolesAttached,
    Created,
    /// An earlier create had succeeded although its answer was lost.
    Adopted,
    /// An account that did not open was deleted and created again.
    Replaced,
}

impl AccountOrigin {
    /// The word in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RolesAttached => "roles_attached",
            Self::Created => "created",
            Self::Adopted => "adopted",
            Self::Replaced => "replaced",
        }
    }
}

#[derive(Debug)]
pub enum AttemptResult {
    /// The account exists and holds its roles.
    Ready(RemoteId, AccountOrigin),
    /// The account exists, saved roles are missing; the error is the first role's.
    RolesPending(RemoteId, UpstreamError),
    Failed(Failure),
    /// This run has replaced as many accounts as it may.
    ReplacementLimit,
    /// Not begun: the run was stopped.
    Untouched,
    /// Another actor has the user by now; nothing of this may be written down.
    LeaseLost,
}

/// How far a pass got.
#[derive(Debug)]
pub enum Step {
    Done(AttemptResult),
    /// The list has to be read again.
    Rescan(RescanReason),
}

/// Why the list has to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RescanReason {
    /// The create was refused because the e-mail is taken.
    EmailTaken,
    AnswerLost,
    /// The create succeeded but did not tell the id.
    IdUnknown,
}

/// One user on its way.
#[derive(Debug)]
pub struct Attempt {
    /// What the claim found; kept up to date as steps are taken.
    pub claimed: Claimed,
    /// Whether 3dEye has confirmed a delete that this attempt asked for.
    pub deleted: bool,
    /// Whether the answer to a create of this attempt was lost: it may yet take effect, whatever came of
    /// later ones.
    pub create_lost: bool,
    /// The hold under which the user may be changed.
    pub token: LeaseToken,
}

impl Attempt {
    pub const fn new(claimed: Claimed, token: LeaseToken) -> Self {
        Self {
            claimed,
            deleted: false,
            create_lost: false,
            token,
        }
    }
}

/// What a step gets on its way, the same for all users of a pass.
#[derive(Clone, Copy)]
pub struct Pass<'a> {
    pub scan: &'a DirectoryScan,
    pub budget: &'a ReplacementBudget,
    pub deadline: Deadline,
}

/// Why no further step is taken.
#[derive(Debug)]
pub enum Ended {
    With(AttemptResult),
    Database(DatabaseError),
}

impl Ended {
    const LEASE_LOST: Self = Self::With(AttemptResult::LeaseLost);
}

impl From<AttemptResult> for Ended {
    fn from(result: AttemptResult) -> Self {
        Self::With(result)
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Self::With(AttemptResult::Failed(failure))
    }
}

impl From<UpstreamError> for Ended {
    fn from(error: UpstreamError) -> Self {
        Failure::from(error).into()
    }
}

impl From<DatabaseError> for Ended {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// What a scan must look for on behalf of these users.
pub fn scan_query<'a>(attempts: impl IntoIterator<Item = &'a Attempt>) -> ScanQuery {
    let mut query = ScanQuery::default();
    for attempt in attempts {
        let claimed = &attempt.claimed;
        query.emails.insert(claimed.email.clone());
        query.emails.insert(claimed.intent_email.clone());
        if let Some(forgotten) = &claimed.forgotten {
            query.emails.insert(forgotten.email.clone());
            query.ids.extend(forgotten.id.clone());
        }
    }
    query
}
