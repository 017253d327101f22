//! What the receiver of alerts is told, and the sign of life for a monitor elsewhere.

use std::time::Duration;

use http::Method;
use serde::Serialize;

use super::store::{Change, Status};
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest};
use crate::kernel::{Clock, Timestamp, Webhook};

/// How long a receiver has for its whole response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Response bodies are not looked at.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// Why a request had no success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    /// Any status but 2xx; redirects are not followed.
    #[error("the receiver answered {0}")]
    Refused(u16),
    #[error("the receiver: {0}")]
    NoAnswer(#[from] HttpError),
    #[error("the alert could not be signed")]
    Unsigned,
}

/// What the receiver gets. `text` is what chat services show of such a request.
#[derive(Serialize)]
struct Body<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    status: Status,
    at: Timestamp,
    text: String,
}

/// Tells the receiver of a change, signed as notices are.
pub async fn deliver(
    change: &Change,
    webhook: &Webhook,
    http: &dyn HttpClient,
    clock: &dyn Clock,
) -> Result<(), DeliveryFailure> {
    let body = Body {
        id: &change.id,
        kind: "alert",
        name: &change.name,
        status: change.status,
        at: change.at,
        text: format!("spkey-edge, {}: {}", change.name, change.text),
    };
    let request = webhook.request(&body, clock.now());
    send(http, request.ok_or(DeliveryFailure::Unsigned)?).await
}

/// Tells a monitor elsewhere that the scheduled run went to its end: when this stays away, it rings.
pub async fn beat(url: &str, http: &dyn HttpClient) -> Result<(), DeliveryFailure> {
    send(http, HttpRequest::new(Method::GET, url.to_owned())).await
}

async fn send(http: &dyn HttpClient, request: HttpRequest) -> Result<(), DeliveryFailure> {
    let response = http.send(request, TIMEOUT, MAX_RESPONSE_BYTES).await?;
    if (200..300).contains(&response.status) {
        Ok(())
    } else {
        Err(DeliveryFailure::Refused(response.status))
    }
}
