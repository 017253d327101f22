//! What can go wrong between us and 3dEye: a closed list.

use std::time::Duration;

/// A failed call to 3dEye. No variant carries text that came from the
/// upstream, so none can leak into an answer or a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// No API key or no customer id is configured.
    #[error("3dEye is not configured")]
    NotConfigured,
    /// Our credentials were refused, also after one renewal of the token.
    #[error("3dEye refused our credentials")]
    Unauthorized,
    /// The e-mail belongs to an account already, of whichever customer.
    #[error("the e-mail is taken at 3dEye")]
    EmailTaken,
    /// No such user or role, or not visible yet.
    #[error("not found at 3dEye")]
    NotFound,
    #[error("3dEye limits our rate")]
    RateLimited {
        /// How long 3dEye asked us to wait, if it did so credibly.
        retry_after: Option<Duration>,
    },
    /// Unreachable, timed out, or a 5xx on a call that changes nothing when repeated.
    #[error("3dEye is unavailable")]
    Transient,
    /// The answer to a create or a delete was lost: the account may exist or not.
    #[error("3dEye's answer was lost")]
    UnknownOutcome,
    /// A refusal that repeating does not mend.
    #[error("3dEye refused the request with status {status}")]
    Rejected { status: u16 },
    /// The list was empty although its own total, or what we stored, tells of accounts.
    #[error("3dEye's user list came empty although this customer is known to have accounts")]
    EmptyList,
    /// The answer could not be read: not JSON, wrong types, or over the size cap.
    #[error("3dEye's answer was unreadable")]
    Protocol,
}

impl UpstreamError {
    /// A short, stable name for logs and the run ledger.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Unauthorized => "unauthorized",
            Self::EmailTaken => "email_taken",
            Self::NotFound => "not_found",
            Self::RateLimited { .. } => "rate_limited",
            Self::Transient => "unavailable",
            Self::UnknownOutcome => "answer_lost",
            Self::Rejected { .. } => "rejected",
            Self::EmptyList => "empty_list",
            Self::Protocol => "unreadable_answer",
        }
    }

    /// Whether the same call may be sent again (contract: these two alone).
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Transient)
    }

    /// Whether it speaks against the upstream as a whole rather than against
    /// one user; five of these in a row end a run. A refusal does unless its
    /// status says that the input was at fault.
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized
                | Self::RateLimited { .. }
                | Self::Transient
                | Self::UnknownOutcome
                | Self::EmptyList
                | Self::Protocol
        ) || matches!(self, Self::Rejected { status } if !matches!(status, 400 | 422))
    }
}
