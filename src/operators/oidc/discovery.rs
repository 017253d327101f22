//! The provider's discovery document (OpenID Connect Discovery 1.0).

use http::Method;
use serde::Deserialize;

use super::{CALL_TIMEOUT, MAX_ANSWER_BYTES, ProviderError};
use crate::kernel::http_client::{HttpClient, HttpRequest};
use crate::kernel::{Object, is_safe_url};

/// What is used of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata {
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub client_authentication: ClientAuthentication,
}

/// How the client shows its secret at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_post`.
    Body,
    /// `client_secret_basic`, which is also what a document without a list stands for.
    Header,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl ProviderMetadata {
    /// Reads the document of `issuer`, of which nothing is used that an attacker on the way could have
    /// put there: its endpoints are given the client's secret and the browser.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Self, ProviderError> {
        let Object(document): Object<Document> =
            serde_json::from_slice(document).map_err(|_| ProviderError::Malformed)?;
        if document.issuer != issuer {
            return Err(ProviderError::OtherIssuer);
        }
        let methods = document.token_endpoint_auth_methods_supported;
        let takes_body =
            methods.is_some_and(|methods| methods.iter().any(|one| one == "client_secret_post"));
        Ok(Self {
            authorization_endpoint: endpoint(document.authorization_endpoint)?,
            token_endpoint: endpoint(document.token_endpoint)?,
            client_authentication: match takes_body {
                true => ClientAuthentication::Body,
                false => ClientAuthentication::Header,
            },
        })
    }
}

/// Endpoints have no fragment (RFC 6749, 3.1 and 3.2).
fn endpoint(url: String) -> Result<String, ProviderError> {
    let is_endpoint = is_safe_url(&url) && !url.contains('#');
    is_endpoint
        .then_some(url)
        .ok_or(ProviderError::UnsafeEndpoint)
}

/// Fetches the document of `issuer`.
pub async fn fetch(http: &dyn HttpClient, issuer: &str) -> Result<ProviderMetadata, ProviderError> {
    let issuer_url = issuer.trim_end_matches('/');
    let url = format!("{issuer_url}/.well-known/openid-configuration");
    // It is no more trustworthy than the way to it.
    if !is_safe_url(&url) {
        return Err(ProviderError::UnsafeEndpoint);
    }
    let mut request = HttpRequest::new(Method::GET, url);
    request.add_header("accept", "application/json".to_owned());
    let answer = http.send(request, CALL_TIMEOUT, MAX_ANSWER_BYTES).await?;
    match answer.status {
        200 => ProviderMetadata::parse(&answer.body, issuer),
        other => Err(ProviderError::Status(other)),
    }
}
