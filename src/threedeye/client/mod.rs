//! 3dEye's user directory over HTTP.
//!
//! `wire` knows what the calls look like, `retry` when they are repeated. Here they get their bearer
//! token (`tokens`), their share of the six connections (`permits`) and of the time; `scan` reads
//! the list.
//!
//! A call is tried in three layers: `send` is one request on the wire, `attempt` adds the token and
//! its one renewal, `repeat` the retries. A create goes without the third.

mod permits;
mod scan;
mod spelling;
mod tokens;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::kernel::http_client::{HttpClient, HttpResponse};
use crate::kernel::{Clock, Deadline, EmailKey, Random, Secret, Unicode};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::retry::with_retries;
use crate::threedeye::wire::accounts::{CreateUser, DeleteUser};
use crate::threedeye::wire::auth::ProvePassword;
use crate::threedeye::wire::roles::AttachRole;
use crate::threedeye::wire::{self, Call};
use crate::threedeye::{Deleted, RemoteAccount, RemoteId, RoleId, UpstreamError};

use permits::Permits;
use spelling::Spelling;
pub use tokens::TokenCache;

/// How many calls are under way at once: the platform opens no more connections for one invocation.
pub const MAX_AT_ONCE: usize = 6;

/// With less time left than this nothing is sent: the answer would come too late, and timers may
/// fire a little early.
const SHORTEST_CALL: Duration = Duration::from_millis(10);

/// A client for one request to us; only its [`TokenCache`] outlives it.
///
/// Every call ends by its deadline and is retried where that is safe, so an error is final for this
/// attempt.
pub struct Client {
    config: ThreedeyeConfig,
    http: Rc<dyn HttpClient>,
    clock: Rc<dyn Clock>,
    random: Rc<dyn Random>,
    unicode: Rc<dyn Unicode>,
    tokens: Rc<RefCell<TokenCache>>,
    connections: Permits,
    renewal: Permits,
}

impl Client {
    /// A client that shares `tokens` with those before and after it in this isolate.
    pub const fn new(
        config: ThreedeyeConfig,
        http: Rc<dyn HttpClient>,
        clock: Rc<dyn Clock>,
        random: Rc<dyn Random>,
        unicode: Rc<dyn Unicode>,
        tokens: Rc<RefCell<TokenCache>>,
    ) -> Self {
        Self {
            config,
            http,
            clock,
            random,
            unicode,
            tokens,
            connections: Permits::new(MAX_AT_ONCE),
            renewal: Permits::new(1),
        }
    }

    /// Creates an account in our customer. Never repeated by itself: after
    /// [`UpstreamError::UnknownOutcome`] the list must be read again first.
    /// `None`: created, but the answer did not tell the id.
    pub async fn create_account(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        if let Some(login) = &self.config.login {
            // The token may be fetched repeatedly, unlike what follows.
            with_retries(&*self.clock, &*self.random, deadline, async || {
                self.token(login, None, deadline).await
            })
            .await?;
        }
        self.attempt(&CreateUser { email, password }, deadline)
            .await
    }

    /// Deletes an account of our customer. After [`UpstreamError::UnknownOutcome`] it may still
    /// vanish.
    pub async fn delete_account(
        &self,
        id: &RemoteId,
        deadline: Deadline,
    ) -> Result<Deleted, UpstreamError> {
        let call = DeleteUser(id);
        let lost = Cell::new(false);
        let deleted = with_retries(&*self.clock, &*self.random, deadline, async || {
            let answer = self.attempt(&call, deadline).await;
            answer.map_err(|error| match error {
                // Deleting twice is safe, so it is sent again all the same.
                UpstreamError::UnknownOutcome => {
                    lost.set(true);
                    UpstreamError::Transient
                }
                error => error,
            })
        })
        .await;
        // However the last try ended, an earlier one may still take effect.
        deleted.map_err(|error| match lost.get() {
            true => UpstreamError::UnknownOutcome,
            false => error,
        })
    }

    /// Attaches a role; attaching it twice is no error. [`UpstreamError::NotFound`], which is not
    /// retried here, means that the role or the account is not there, or not yet.
    pub async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        self.repeat(&AttachRole { role, user }, deadline).await
    }

    /// Whether this password opens the account with this e-mail. False only after a definite
    /// refusal by 3dEye; an `Err` says nothing about the password.
    pub async fn verify_password(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        self.repeat(&ProvePassword { email, password }, deadline)
            .await
    }

    /// Whether the account must never be deleted. One whose e-mail differs from a protected one in
    /// its spelling only counts too: a mistake here cannot be undone.
    pub fn is_protected(&self, account: &RemoteAccount) -> bool {
        let Some(email) = account.email_key() else {
            return false;
        };
        let protected = &self.config.protected;
        if protected.contain(&email) {
            return true;
        }
        let spelling = Spelling::of(email.as_str(), &*self.unicode);
        let mut emails = protected.emails.iter();
        EmailKey::of(spelling.as_str()).is_some_and(|email| protected.contain(&email))
            || emails.any(|own| Spelling::of(own.as_str(), &*self.unicode) == spelling)
    }

    /// Makes a call, and again as `retry` allows.
    async fn repeat<K: Call>(
        &self,
        call: &K,
        deadline: Deadline,
    ) -> Result<K::Answer, UpstreamError> {
        with_retries(&*self.clock, &*self.random, deadline, async || {
            self.attempt(call, deadline).await
        })
        .await
    }

    /// Makes a call once, with a bearer token if it takes one and we have a
    /// login. A 401 to it had no effect, so one renewal and one repetition are
    /// safe for every call; the second 401 is final.
    async fn attempt<K: Call>(
        &self,
        call: &K,
        deadline: Deadline,
    ) -> Result<K::Answer, UpstreamError> {
        let Some(login) = self.config.login.as_ref().filter(|_| K::TAKES_BEARER) else {
            return self.attempt_plain(call, deadline).await;
        };
        let token = self.token(login, None, deadline).await?;
        let mut response = self.send(call, Some(&token), deadline).await?;
        if wire::is_token_refused(&response) {
            let token = self.token(login, Some(&token), deadline).await?;
            response = self.send(call, Some(&token), deadline).await?;
        }
        call.answer(&response, &self.config.dialect, self.clock.now())
    }

    async fn attempt_plain<K: Call>(
        &self,
        call: &K,
        deadline: Deadline,
    ) -> Result<K::Answer, UpstreamError> {
        let response = self.send(call, None, deadline).await?;
        call.answer(&response, &self.config.dialect, self.clock.now())
    }

    /// One request on the wire. Until the transport has it, whatever fails is
    /// [`UpstreamError::Transient`], also for a create: nothing was sent.
    async fn send<K: Call>(
        &self,
        call: &K,
        token: Option<&Secret>,
        deadline: Deadline,
    ) -> Result<HttpResponse, UpstreamError> {
        let mut request = call.request(&self.config)?;
        if let Some(token) = token {
            wire::authorize(&mut request, token);
        }
        let _connection = self.within(deadline, self.connections.acquire()).await?;
        let timeout = self.config.timeout.min(self.time_left(deadline)?);
        self.http
            .send(request, timeout, K::MAX_ANSWER_BYTES)
            .await
            .map_err(|cause| call.lost(cause))
    }

    /// The time left, if it is enough for a call.
    fn time_left(&self, deadline: Deadline) -> Result<Duration, UpstreamError> {
        let left = deadline.remaining(self.clock.now());
        (left >= SHORTEST_CALL)
            .then_some(left)
            .ok_or(UpstreamError::Transient)
    }

    /// Waits for one of our own permits, but not past the deadline.
    async fn within<A>(
        &self,
        deadline: Deadline,
        wait: impl Future<Output = A>,
    ) -> Result<A, UpstreamError> {
        let left = self.time_left(deadline)?;
        match select(pin!(wait), pin!(self.clock.sleep(left))).await {
            Either::Left((done, _)) => Ok(done),
            Either::Right(_) => Err(UpstreamError::Transient),
        }
    }
}

#[cfg(test)]
mod tests;
