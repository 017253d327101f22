//! Error answers of whatever asks 3dEye, for `openapi.json`.

use std::time::Duration;

use crate::threedeye::UpstreamError;
use crate::web::openapi::{ErrorAnswer, errors};

pub fn upstream() -> ErrorAnswer {
    let limited = UpstreamError::RateLimited {
        retry_after: Some(Duration::from_secs(30)),
    };
    ErrorAnswer::new(
        "Upstream",
        "3dEye failed, or the work was not finished in the time allowed. Safe to repeat. \
         Retry-After is there when 3dEye asked for a pause.",
        [
            ("unavailable", UpstreamError::Transient.into()),
            ("rateLimited", limited.into()),
        ],
    )
}

/// In place of 503 of a token that cannot be checked.
pub fn not_configured() -> ErrorAnswer {
    ErrorAnswer::new(
        "NotConfigured",
        "3dEye is not configured; or, with Retry-After, the identity provider's signing keys \
         cannot be fetched.",
        [
            ("notConfigured", UpstreamError::NotConfigured.into()),
            ("keys", errors::no_keys()),
        ],
    )
}
