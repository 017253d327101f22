//! Who calls: the credentials of a request, checked by the settings and with what the isolate keeps of the issuer.

use std::rc::Rc;

use http::HeaderMap;

use super::{Environment, Services, Shared};
use crate::auth::{self, AdminPair, AuthError, Authenticator, Identity, Refusal, bearer};
use crate::config::Config;
use crate::db::DatabaseError;
use crate::operators::oidc::{self, Client, Provider};
use crate::operators::{self, Session, SessionToken};

/// Why a cookie opens no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Refused(#[from] AuthError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Services {
    pub(crate) async fn authenticate_pair(
        &self,
        headers: &HeaderMap,
    ) -> Result<AdminPair, AuthError> {
        let tokens = self.authenticator();
        let admin = auth::authenticate_pair(
            headers,
            &self.config.admin_keys,
            &self.config.admin_email_domains,
            tokens.as_ref(),
        );
        let admin = admin.await;
        self.refresh_keys();
        admin
    }

    /// The session that a request's cookie opens.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], or what the database says.
    pub(crate) async fn authenticate_session(
        &self,
        headers: &HeaderMap,
    ) -> Result<Session, SessionError> {
        let token = SessionToken::of(headers).map_err(AuthError::from)?;
        let token = token.ok_or(AuthError::from(Refusal::CredentialsMissing))?;
        if !self.has_sign_in() {
            return Err(AuthError::from(Refusal::SessionNotAllowed).into());
        }
        let (database, now) = (self.database()?, self.now());
        let session = operators::store::find_session(&database, &token, now).await?;
        let session = session.ok_or(AuthError::from(Refusal::SessionUnknown))?;
        if !self.still_allows(&session) {
            return Err(AuthError::from(Refusal::SessionNotAllowed).into());
        }
        if session.is_to_be_touched(now) {
            let id_hash = session.id_hash().to_owned();
            self.wait_until(Box::pin(async move {
                // The next request notes it where this one cannot.
                let _ = operators::store::touch_session(&database, &id_hash, now).await;
            }));
        }
        Ok(session)
    }

    pub(crate) async fn authenticate_person(
        &self,
        headers: &HeaderMap,
    ) -> Result<Identity, AuthError> {
        let token = bearer(headers)?;
        let tokens = self.authenticator().ok_or(Refusal::TokensNotConfigured)?;
        let identity = tokens.verify(token).await;
        self.refresh_keys();
        identity
    }

    /// Whether people can sign in to the console.
    pub fn has_sign_in(&self) -> bool {
        let config = &self.config;
        config.console.is_some() && config.jwt.is_some() && config.sealer.is_some()
    }

    /// Whether a sign-in to the console counts only with a second factor.
    pub fn requires_second_factor(&self) -> bool {
        let console = self.config.console.as_ref();
        console.is_none_or(|console| console.requires_mfa)
    }

    /// Whether a session could begin by the settings as they are now: they may have become stricter since.
    fn still_allows(&self, session: &Session) -> bool {
        session
            .operator()
            .email
            .is_of(&self.config.admin_email_domains)
            && (session.has_shown_second_factor() || !self.requires_second_factor())
    }

    /// The identity provider, where people sign in to the console; `None`: not configured.
    pub fn provider<'a>(&'a self, redirect_uri: &'a str) -> Option<Provider<'a>> {
        let console = self.config.console.as_ref()?;
        Some(Provider {
            issuer: &self.config.jwt.as_ref()?.issuer,
            client: Client {
                id: &console.client_id,
                secret: &console.client_secret,
                redirect_uri,
            },
            cache: &self.shared.discovery,
            http: &*self.environment.http,
            clock: &*self.clock,
        })
    }

    /// Who the ID token says signed in to the console, in answer to the request with this nonce.
    ///
    /// # Errors
    ///
    /// As [`Authenticator::verify_id_token`] has them.
    pub async fn verify_id_token(&self, token: &str, nonce: &str) -> Result<Identity, AuthError> {
        let (Some(jwt), Some(console)) = (&self.config.jwt, &self.config.console) else {
            return Err(Refusal::TokensNotConfigured.into());
        };
        let policy = oidc::policy(jwt, &console.client_id);
        let tokens = self.authenticator().ok_or(Refusal::TokensNotConfigured)?;
        let tokens = Authenticator {
            policy: &policy,
            ..tokens
        };
        let identity = tokens.verify_id_token(token, nonce).await;
        self.refresh_keys();
        identity
    }

    fn authenticator(&self) -> Option<Authenticator<'_>> {
        authenticator(&self.config, &self.environment, &self.shared)
    }

    /// Keeps the issuer's keys fresh, while no request waits for it.
    fn refresh_keys(&self) {
        let now = self.now();
        if !self.shared.keys.borrow_mut().take_refresh(now) {
            return;
        }
        let (config, shared) = (Rc::clone(&self.config), Rc::clone(&self.shared));
        let environment = self.environment.clone();
        self.wait_until(Box::pin(async move {
            if let Some(tokens) = authenticator(&config, &environment, &shared) {
                tokens.refresh(now).await;
            }
        }));
    }
}

fn authenticator<'a>(
    config: &'a Config,
    environment: &'a Environment,
    shared: &'a Shared,
) -> Option<Authenticator<'a>> {
    Some(Authenticator {
        policy: config.jwt.as_ref()?,
        cache: &shared.keys,
        http: &*environment.http,
        signatures: &*environment.signatures,
        clock: &*environment.clock,
    })
}
