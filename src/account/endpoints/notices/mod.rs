//! The outbox of notices, for administrators.

pub mod deliver;
pub mod deliver_all;
pub mod drop;
pub mod list;
#[cfg(test)]
mod tests;

use http::StatusCode;

use crate::services::Services;
use crate::web::ApiError;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, Parameter, any_text, errors};

/// Refuses to promise a delivery that there is no receiver for.
fn require_receiver(services: &Services) -> Result<(), ApiError> {
    match services.config.webhook {
        Some(_) => Ok(()),
        None => Err(no_receiver()),
    }
}

fn no_receiver() -> ApiError {
    let message = "Notices are not delivered: NOTIFY_WEBHOOK_URL is not configured";
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// In place of 503 of a token that cannot be checked.
#[cfg(test)]
fn openapi_no_receiver() -> ErrorAnswer {
    ErrorAnswer::new(
        "NoReceiver",
        "There is no receiver of notices; or, with Retry-After, the identity provider's signing keys cannot be \
         fetched.",
        [("noReceiver", no_receiver()), ("keys", errors::no_keys())],
    )
}

#[cfg(test)]
fn openapi_id() -> Parameter {
    Parameter::path(
        "NoticeId",
        "noticeId",
        "The id of a notice.",
        any_text("ntc_01JZX0000000000000000000EX"),
    )
}
