//! Why a user could not be provisioned.

use crate::db::DatabaseError;
use crate::kernel::Timestamp;
use crate::provisioning::Reason;
use crate::threedeye::{RemoteId, UpstreamError};

/// The reason, as a closed list. Its `Display` is the client's face: no
/// e-mail, no upstream text. [`Failure::code`] is the log's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Upstream(UpstreamError),
    #[error("the e-mail belongs to an account outside our customer")]
    Orphan,
    /// The account of our customer whose e-mail is the user's in another spelling.
    #[error(
        "the e-mail is present in our customer in another spelling; support can write it in one way, in our users or at 3dEye"
    )]
    OtherSpelling(RemoteId),
    #[error("another user holds the same e-mail")]
    Duplicate,
    /// The account with this e-mail is our own login's, a listed one or one of staff.
    #[error(
        "the account with this e-mail is protected and never deleted or replaced; support can give the user another e-mail, or see to the account at 3dEye itself"
    )]
    Protected,
    /// The account is older than our first for this user, and the caller has not shown it to be theirs.
    #[error(
        "an account with this e-mail existed before, and nothing proves it to be the caller's: sign in with this e-mail verified, or ask support, who can read these credentials or reset the user with deleteRemote"
    )]
    TakeOverUnproved,
    /// The account with this e-mail is mapped to another user.
    #[error("the account with this e-mail belongs to another user")]
    AccountOfAnotherUser,
    /// 3dEye neither accepted the stored password nor called it wrong.
    #[error("3dEye would not say whether the stored password is right")]
    Unproved,
    /// Accounts for two earlier e-mails would have to be remembered.
    #[error(
        "an account for an earlier e-mail of this user is still to be seen to; reset it with deleteRemote"
    )]
    MadeForAnotherEmail,
    /// The account is ours but the list does not show it yet.
    #[error("the account was created but is not visible yet")]
    NotVisibleYet,
    /// The e-mail is still taken after we deleted, or let go of, the account that had it.
    #[error("the e-mail is still taken by an account that was deleted or forgotten lately")]
    StillTaken,
    /// A call whose answer was lost may still take effect.
    #[error("an earlier call to 3dEye may still take effect; try again in a minute")]
    Settling,
    /// The list was too long to be read in time, or ended before its own total.
    #[error("the customer's user list could not be read whole")]
    ListIncomplete,
    /// The account exists, but saved roles could not be attached.
    #[error("the account is ready, but saved roles could not be attached yet: {0}")]
    RolesPending(UpstreamError),
    /// The stored password does not open with the configured keys.
    #[error("the stored password cannot be unsealed; reset this user")]
    Unsealable,
    /// The id belonged to a user that was deleted, and whose account is not removed yet.
    #[error(
        "the id belonged to a deleted user, whose account has to be removed first; restore its e-mail \
         to undo that"
    )]
    Leaving,
    #[error("not finished in the time allowed")]
    OutOfTime,
}

/// Why what was asked for one user was not done. Its `Display` is the client's face.
#[derive(Debug, thiserror::Error)]
pub enum ProvisioningError {
    #[error("User not found")]
    NoUser,
    #[error("The user has no e-mail")]
    NoEmail,
    #[error("Another provisioning of this user is under way")]
    Busy {
        /// Seconds after which that actor's lease has ended.
        retry_after_s: u64,
    },
    /// What a reset would do is not what its preview showed.
    #[error("The user, or what is asked for, has changed since the preview; look at it again")]
    PlanOutdated,
    #[error("The preview is older than 10 minutes; look at it again")]
    PlanExpired,
    /// A reset would lose camera roles, which its caller may not do.
    #[error("Camera roles would be lost, which takes the role admin")]
    RolesAtStake,
    /// A run over a list has replaced as many accounts as it may.
    #[error("The run has replaced as many existing accounts as BACKFILL_MAX_TAKEOVERS allows")]
    ReplacementLimit,
    /// The account could not be provisioned; or 3dEye failed, or its account must not be deleted, and
    /// nothing was reset.
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl ProvisioningError {
    /// A short, stable name for logs and answers.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoUser => "no_user",
            Self::NoEmail => "no_email",
            Self::Busy { .. } => "lease_held",
            Self::PlanOutdated => "plan_outdated",
            Self::PlanExpired => "plan_expired",
            Self::RolesAtStake => "roles_at_stake",
            Self::ReplacementLimit => "takeover_limit",
            Self::Failed(failure) => failure.code(),
            Self::Database(_) => "error",
        }
    }

    /// Another actor holds the user's lease until then.
    pub fn busy(until: Timestamp, now: Timestamp) -> Self {
        Self::Busy {
            retry_after_s: until.since(now).as_secs().saturating_add(1),
        }
    }
}

impl From<UpstreamError> for ProvisioningError {
    fn from(error: UpstreamError) -> Self {
        Self::Failed(error.into())
    }
}

impl Failure {
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Upstream(error) => Reason::of_upstream(error),
            Self::Orphan => Reason::Orphan,
            Self::Duplicate => Reason::Duplicate,
            Self::OtherSpelling(_) => Reason::OtherSpelling,
            Self::Protected => Reason::Protected,
            Self::TakeOverUnproved => Reason::TakeOverUnproved,
            Self::AccountOfAnotherUser => Reason::ForeignMapping,
            Self::Unproved => Reason::Unproved,
            Self::MadeForAnotherEmail => Reason::MadeForAnotherEmail,
            Self::NotVisibleYet => Reason::NotVisibleYet,
            Self::StillTaken => Reason::StillTaken,
            Self::Settling => Reason::Settling,
            Self::ListIncomplete => Reason::ListIncomplete,
            Self::RolesPending(_) => Reason::RolesPending,
            Self::Unsealable => Reason::Unsealable,
            Self::Leaving => Reason::Leaving,
            Self::OutOfTime => Reason::OutOfTime,
        }
    }

    /// A short, stable name for logs.
    pub const fn code(&self) -> &'static str {
        self.reason().as_str()
    }

    /// Whether no later attempt can succeed until the e-mail is changed, here or at 3dEye.
    pub const fn quarantines(&self) -> bool {
        matches!(self, Self::Orphan | Self::OtherSpelling(_))
    }

    /// Whether a call to 3dEye may still take effect.
    pub const fn is_unsettled(&self) -> bool {
        matches!(self, Self::Upstream(UpstreamError::UnknownOutcome))
    }

    /// Whether it speaks against the upstream rather than against this user.
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Upstream(error) | Self::RolesPending(error) => error.is_outage(),
            _ => false,
        }
    }
}

impl From<UpstreamError> for Failure {
    fn from(error: UpstreamError) -> Self {
        Self::Upstream(error)
    }
}
