//! What came of a batch.

use std::time::Duration;

use crate::kernel::UserId;
use crate::provisioning::attempt::AttemptResult;
use crate::threedeye::UpstreamError;

/// Why a run ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// 3dEye answered 429.
    #[error("3dEye limits our rate")]
    RateLimited {
        /// How long 3dEye asked us to wait, if it did so credibly.
        retry_after: Option<Duration>,
    },
    /// [`OUTAGES_TO_STOP`](crate::provisioning::policy::OUTAGES_TO_STOP) failures of 3dEye in a row.
    #[error("five upstream failures in a row")]
    Outages,
    #[error("the time allowed was used up")]
    OutOfTime,
    /// An administrator stopped the run.
    #[error("the run was stopped")]
    ByOrder,
    #[error("runs are paused")]
    Paused,
    /// [`LIST_USERS_A_PROCESS`](crate::provisioning::policy::LIST_USERS_A_PROCESS).
    #[error("one process does 50 users of a list; send another list with those that are left")]
    UserLimit,
}

/// How it ended for one user.
#[derive(Debug)]
pub struct UserReport {
    pub user: UserId,
    pub result: AttemptResult,
}

/// What happened to all users of a batch.
#[derive(Debug, Default)]
pub struct BatchReport {
    /// One report a user.
    pub users: Vec<UserReport>,
    /// Set if the run ended early.
    pub stop: Option<Stop>,
    /// Set if the customer's list could not be read at all.
    pub scan_error: Option<UpstreamError>,
}
