//! What the identity provider is asked.

use std::cell::RefCell;
use std::rc::Rc;

use form_urlencoded::Serializer;

use super::{DiscoveryCache, Login, ProviderError, ProviderMetadata, discovery, token_endpoint};
use crate::kernel::http_client::HttpClient;
use crate::kernel::{Clock, Secret};

/// This service as a client of the provider.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// `CONSOLE_CLIENT_ID`.
    pub id: &'a str,
    /// `CONSOLE_CLIENT_SECRET`.
    pub secret: &'a Secret,
    /// Where the provider sends the browser back to, as it is registered there.
    pub redirect_uri: &'a str,
}

/// The provider, for one request.
pub struct Provider<'a> {
    /// `JWT_ISSUER`.
    pub issuer: &'a str,
    pub client: Client<'a>,
    pub cache: &'a RefCell<DiscoveryCache>,
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
}

impl Provider<'_> {
    /// Where the browser is sent to sign in.
    pub async fn authorization_url(&self, login: &Login) -> Result<String, ProviderError> {
        let metadata = self.metadata().await?;
        // It may have a query of its own, which is kept (RFC 6749, 3.1).
        let mut url = metadata.authorization_endpoint.clone();
        url.push(if url.contains('?') { '&' } else { '?' });
        let length = url.len();
        let url = Serializer::for_suffix(url, length)
            .append_pair("client_id", self.client.id)
            .append_pair("redirect_uri", self.client.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid email")
            .append_pair("state", login.state())
            .append_pair("nonce", login.nonce())
            .append_pair("code_challenge", &login.challenge())
            .append_pair("code_challenge_method", "S256")
            .append_pair("max_age", &login.max_age().to_string())
            .finish();
        Ok(url)
    }

    /// Exchanges a code for the ID token.
    pub async fn exchange(&self, code: &str, login: &Login) -> Result<Secret, ProviderError> {
        let metadata = self.metadata().await?;
        token_endpoint::exchange(self.http, &metadata, self.client, code, login.verifier()).await
    }

    async fn metadata(&self) -> Result<Rc<ProviderMetadata>, ProviderError> {
        let now = self.clock.now();
        if let Some(metadata) = self.cache.borrow().lookup(now)? {
            return Ok(metadata);
        }
        let outcome = discovery::fetch(self.http, self.issuer).await;
        let mut cache = self.cache.borrow_mut();
        match outcome {
            Ok(metadata) => cache.store(metadata, now),
            Err(error) => cache.fail(error, self.clock.now()),
        }
        cache.kept(self.clock.now())
    }
}
