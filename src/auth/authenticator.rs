//! From a token's text to a verified identity.

use std::cell::RefCell;
use std::rc::Rc;

use super::jwks::IssuerKey;
use super::jwks::{self, JwksCache, KeysError, Lookup, VerificationKey, source};
use super::jwt::{UnverifiedToken, VerifiedToken};
use super::verified::VerifiedTokens;
use super::{Algorithm, AuthError, Identity, Refusal, Signatures};
use crate::auth::JwtConfig;
use crate::kernel::http_client::HttpClient;
use crate::kernel::{Clock, ContentHash, Timestamp};

#[cfg(test)]
mod tests;

/// Verifies tokens for one request, with the keys that the isolate shares.
pub struct Authenticator<'a> {
    pub policy: &'a JwtConfig,
    pub cache: &'a RefCell<JwksCache>,
    pub http: &'a dyn HttpClient,
    pub signatures: &'a dyn Signatures,
    pub clock: &'a dyn Clock,
}

impl Authenticator<'_> {
    /// Verifies a token: its form, its signature, then its claims.
    ///
    /// # Errors
    ///
    /// [`AuthError::Refused`] with the first defect of the token, or
    /// [`AuthError::KeysUnavailable`] when no token could be verified.
    pub async fn verify(&self, token: &str) -> Result<Identity, AuthError> {
        let token = self.verified(token).await?;
        Ok(token.claims(self.policy, self.clock.now())?)
    }

    /// Verifies an ID token, which answers the authentication request with this `nonce`; the audience is
    /// the client that asked (OpenID Connect Core 1.0, 3.1.3.7).
    ///
    /// # Errors
    ///
    /// As [`Authenticator::verify`] has them.
    pub async fn verify_id_token(&self, token: &str, nonce: &str) -> Result<Identity, AuthError> {
        let token = self.verified(token).await?;
        let identity = token.claims(self.policy, self.clock.now())?;
        token.check_request(&self.policy.audience, nonce)?;
        Ok(identity)
    }

    async fn verified(&self, text: &str) -> Result<VerifiedToken, AuthError> {
        let token = UnverifiedToken::parse(text)?;
        let IssuerKey { key, verified } = self.key(token.key_id(), token.algorithm()).await?;
        let (hash, now) = (ContentHash::of(&[text]), self.clock.now());
        let token = match token.verified_before(&verified, hash, now) {
            Ok(token) => return Ok(token),
            Err(token) => token.verify(&*key).await?,
        };
        if let Some(expires_at) = token.expires_at() {
            verified.insert(hash, expires_at, now);
        }
        Ok(token)
    }

    async fn key(&self, key_id: &str, algorithm: Algorithm) -> Result<IssuerKey, AuthError> {
        let now = self.clock.now();
        // A statement of its own: the borrow ends here, before anything is awaited.
        let mut answer = self.cache.borrow_mut().lookup(key_id, algorithm, now);
        if matches!(answer, Lookup::NeedsFetch) {
            self.refresh(now).await;
            answer = self.cache.borrow().find(key_id, algorithm);
        }
        match answer {
            Lookup::Found(key) => Ok(key),
            Lookup::Unavailable(cause) => Err(AuthError::KeysUnavailable(cause)),
            Lookup::Unknown | Lookup::NeedsFetch => Err(Refusal::KeyUnknown.into()),
        }
    }

    /// Fetches the keys anew. Where that fails, the old ones stay in use.
    pub async fn refresh(&self, asked_at: Timestamp) {
        let outcome = self.fetch().await;
        let mut cache = self.cache.borrow_mut();
        match outcome {
            Ok(keys) => cache.store(keys, asked_at),
            Err(error) => cache.fail(error, self.clock.now()),
        }
    }

    /// Imports every key at once, so that the cache holds finished values only.
    /// A key that cannot be imported, such as a point off its curve, is left out.
    async fn fetch(&self) -> Result<Vec<VerificationKey>, KeysError> {
        let document = source::fetch(self.http, &self.policy.jwks_url).await?;
        let mut keys = Vec::new();
        let verified = Rc::<VerifiedTokens>::default();
        for jwk in jwks::parse(&document)? {
            if let Ok(key) = self.signatures.import(&jwk.material).await {
                keys.push(VerificationKey {
                    key_id: jwk.key_id,
                    algorithm: jwk.material.algorithm(),
                    key: IssuerKey {
                        key,
                        verified: Rc::clone(&verified),
                    },
                });
            }
        }
        Ok(keys)
    }
}
