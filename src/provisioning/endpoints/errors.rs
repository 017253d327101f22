//! What a client is told of a failure, and what the log is.

use http::StatusCode;

use crate::provisioning::backfill::NotRun;
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::UpstreamError;
use crate::web::ApiError;

impl From<UpstreamError> for ApiError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::NotConfigured => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "3dEye provisioning is not configured",
            ),
            _ => {
                let reply = Self::new(StatusCode::BAD_GATEWAY, error.to_string());
                let wait = match &error {
                    UpstreamError::RateLimited { retry_after } => *retry_after,
                    _ => None,
                };
                let reply = reply.because(error.code());
                match wait {
                    Some(wait) => reply.retry_after(wait.as_secs().max(1)),
                    None => reply,
                }
            }
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let status = match &failure {
            Failure::Upstream(error) => return error.clone().into(),
            Failure::Orphan
            | Failure::Duplicate
            | Failure::OtherSpelling(_)
            | Failure::Protected
            | Failure::TakeOverUnproved
            | Failure::Leaving
            | Failure::AccountOfAnotherUser
            | Failure::MadeForAnotherEmail => StatusCode::CONFLICT,
            Failure::Unsealable => return Self::internal(failure.code()),
            Failure::Unproved
            | Failure::NotVisibleYet
            | Failure::StillTaken
            | Failure::Settling
            | Failure::ListIncomplete
            | Failure::RolesPending(_)
            | Failure::OutOfTime => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, failure.to_string()).because(failure.code())
    }
}

impl From<NotRun> for ApiError {
    fn from(error: NotRun) -> Self {
        match error {
            NotRun::Paused => {
                let message = "Runs are paused; an administrator can let them go on";
                Self::new(StatusCode::CONFLICT, message).because("paused")
            }
            NotRun::Database(error) => error.into(),
        }
    }
}

impl From<ProvisioningError> for ApiError {
    fn from(error: ProvisioningError) -> Self {
        let status = match error {
            ProvisioningError::NoUser => return Self::unknown_user(),
            ProvisioningError::NoEmail => return Self::not_found(error.to_string()),
            ProvisioningError::Failed(failure) => return failure.into(),
            ProvisioningError::Database(error) => return error.into(),
            ProvisioningError::RolesAtStake => StatusCode::FORBIDDEN,
            ProvisioningError::Busy { .. }
            | ProvisioningError::PlanOutdated
            | ProvisioningError::PlanExpired
            | ProvisioningError::ReplacementLimit => StatusCode::CONFLICT,
        };
        let answer = Self::new(status, error.to_string()).because(error.code());
        match error {
            ProvisioningError::Busy { retry_after_s } => answer.retry_after(retry_after_s),
            _ => answer,
        }
    }
}
