//! Requests to receivers of the operator's, signed where there is something to tell.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Method;
use serde::Serialize;
use sha2::Sha256;

use super::http_client::{HttpClient, HttpError, HttpRequest};
use super::secret::hex;
use super::{Secret, Timestamp};

/// How long a receiver has for its whole response.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Response bodies are not looked at.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// Why a receiver did not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotReceived {
    /// Any status but 2xx; redirects are not followed.
    #[error("the receiver answered {0}")]
    Refused(u16),
    #[error("the receiver: {0}")]
    NoAnswer(#[from] HttpError),
}

/// Sends a request to a receiver, who has five seconds to take it.
pub async fn send(http: &dyn HttpClient, request: HttpRequest) -> Result<(), NotReceived> {
    let response = http.send(request, TIMEOUT, MAX_RESPONSE_BYTES).await?;
    if (200..300).contains(&response.status) {
        Ok(())
    } else {
        Err(NotReceived::Refused(response.status))
    }
}

/// A receiver, and the secret that it knows our requests by.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: String,
    /// Signs the deliveries.
    pub secret: Secret,
}

impl Webhook {
    /// The request that delivers this body, signed at `now`; `None`: it cannot be signed. Attempts differ in the
    /// signature alone.
    pub fn request(&self, body: &impl Serialize, now: Timestamp) -> Option<HttpRequest> {
        let body = serde_json::to_vec(body).ok()?;
        let signature = signature(&self.secret, now, &body)?;
        let mut request = HttpRequest::new(Method::POST, self.url.clone());
        request.add_header("x-signature", signature);
        request.set_json(body);
        Some(request)
    }
}

/// `t=<unix seconds>,v1=<HMAC-SHA256 of "t.body", lower-case hex>`: the time is signed
/// too, so that a receiver can refuse replayed requests.
fn signature(secret: &Secret, at: Timestamp, body: &[u8]) -> Option<String> {
    let seconds = at.as_secs();
    // HMAC takes keys of every length.
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    let mac = mac
        .chain_update(format!("{seconds}."))
        .chain_update(body)
        .finalize();
    Some(format!("t={seconds},v1={}", hex(&mac.into_bytes())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kernel::http_client::USER_AGENT;
    use crate::testing::transport::header_of;

    fn webhook() -> Webhook {
        Webhook {
            url: "https://notify.example/in?a=1".to_owned(),
            secret: Secret::new("an-example-of-a-secret"),
        }
    }

    /// Told by OpenSSL: `printf '1800000000.{"a":"ü"}' | openssl dgst -sha256 -hmac <secret>`.
    #[test]
    fn a_signature_is_the_hmac_of_time_and_body() {
        let at = Timestamp::from_millis(1_800_000_000_999);
        let sent = webhook().request(&json!({ "a": "ü" }), at).unwrap();
        assert_eq!(
            header_of(&sent, "x-signature"),
            Some(
                "t=1800000000,v1=7aad739ce549829b1704333a69a12612a897ceea73b9c0f4de2f8b6952ac3597"
            )
        );
    }

    #[test]
    fn attempts_are_signed_json_and_differ_in_their_signature_alone() {
        let at = |millis| {
            let at = Timestamp::from_millis(millis);
            let sent = webhook().request(&json!({ "a": 1 }), at).unwrap();
            assert_eq!(sent.method, Method::POST);
            assert_eq!(sent.url, "https://notify.example/in?a=1");
            assert_eq!(header_of(&sent, "content-type"), Some("application/json"));
            assert_eq!(header_of(&sent, "user-agent"), Some(USER_AGENT));
            let expected = signature(&webhook().secret, at, sent.body.as_ref().unwrap());
            assert_eq!(header_of(&sent, "x-signature"), expected.as_deref());
            sent
        };
        let (first, second) = (at(1_000), at(2_000));
        assert_eq!(first.body, second.body);
        assert_ne!(
            header_of(&first, "x-signature"),
            header_of(&second, "x-signature")
        );
    }
}
