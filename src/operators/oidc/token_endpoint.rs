//! The exchange of a code for an ID token (RFC 6749, 4.1.3).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use http::Method;
use serde::Deserialize;

use super::discovery::ClientAuthentication;
use super::{CALL_TIMEOUT, Client, MAX_ANSWER_BYTES, ProviderError, ProviderMetadata};
use crate::kernel::http_client::{HttpClient, HttpRequest};
use crate::kernel::{Object, Secret};

/// What is used of the answer; no other token of it is kept.
#[derive(Deserialize)]
struct Granted {
    id_token: String,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
}

/// Exchanges `code`; `verifier` shows that this service asked for it.
pub async fn exchange(
    http: &dyn HttpClient,
    metadata: &ProviderMetadata,
    client: Client<'_>,
    code: &str,
    verifier: &str,
) -> Result<Secret, ProviderError> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", client.redirect_uri)
        .append_pair("code_verifier", verifier);
    let mut request = HttpRequest::new(Method::POST, metadata.token_endpoint.clone());
    request.add_header("accept", "application/json".to_owned());
    match metadata.client_authentication {
        ClientAuthentication::Body => {
            form.append_pair("client_id", client.id)
                .append_pair("client_secret", client.secret.expose());
        }
        ClientAuthentication::Header => request.add_header("authorization", basic(client)),
    }
    request.set_form(form.finish());
    let answer = http.send(request, CALL_TIMEOUT, MAX_ANSWER_BYTES).await?;
    match answer.status {
        200 => {
            let Object(granted): Object<Granted> =
                serde_json::from_slice(&answer.body).map_err(|_| ProviderError::Malformed)?;
            Ok(Secret::new(granted.id_token))
        }
        status @ (400 | 401 | 403) => Err(refusal(&answer.body, status)),
        other => Err(ProviderError::Status(other)),
    }
}

/// The names of RFC 6749, 5.2.
fn refusal(body: &[u8], status: u16) -> ProviderError {
    let refused: Option<Object<Refused>> = serde_json::from_slice(body).ok();
    match refused
        .as_ref()
        .map(|Object(refused)| refused.error.as_str())
    {
        Some("invalid_grant") => ProviderError::CodeRefused,
        Some("invalid_client" | "unauthorized_client" | "access_denied") => {
            ProviderError::ClientRefused
        }
        _ => ProviderError::Status(status),
    }
}

/// Id and secret are encoded as in a form first (RFC 6749, 2.3.1).
fn basic(client: Client<'_>) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client.id), encoded(client.secret.expose()));
    format!("Basic {}", STANDARD.encode(pair))
}
