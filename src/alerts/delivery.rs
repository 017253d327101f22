//! What the receiver of alerts is told, and the sign of life for a monitor elsewhere.

use http::Method;
use serde::Serialize;

use super::store::{Change, Status};
use crate::kernel::http_client::{HttpClient, HttpRequest};
use crate::kernel::webhook::{NotReceived, send};
use crate::kernel::{Clock, Timestamp, Webhook};

/// Why an alert was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    #[error(transparent)]
    NotReceived(#[from] NotReceived),
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
    Ok(send(http, request.ok_or(DeliveryFailure::Unsigned)?).await?)
}

/// Tells a monitor elsewhere that the scheduled run went to its end: when this stays away, it rings.
pub async fn beat(url: &str, http: &dyn HttpClient) -> Result<(), NotReceived> {
    send(http, HttpRequest::new(Method::GET, url.to_owned())).await
}
