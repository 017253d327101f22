//! 3dEye's user directory over HTTP: [`Upstream`] by way of a [`HttpClient`].
//!
//! What the calls look like is `wire`'s business and when they are repeated is
//! `retry`'s. Here they get their bearer token (`tokens`), their share of the
//! six connections (`permits`) and of the time, and the list its reader (`survey`).
//!
//! A call is tried in three layers: `send` is one request on the wire,
//! `attempt` adds the token and its one renewal, `repeat` the retries. A create
//! goes without the third.

mod permits;
mod survey;
mod tokens;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::kernel::{Clock, Deadline, EmailKey, Random, Secret};
use crate::threedeye::config::ThreedeyeConfig;

use crate::kernel::http_client::{HttpClient, HttpResponse};
use crate::threedeye::retry::with_retries;
use crate::threedeye::wire;
use crate::threedeye::wire::Call;
use crate::threedeye::wire::accounts::{CreateUser, DeleteUser};
use crate::threedeye::wire::auth::ProvePassword;
use crate::threedeye::wire::roles::AttachRole;
use crate::threedeye::{Deleted, RemoteId, RoleId, Survey, Upstream, UpstreamError, Wanted};

use permits::Permits;
pub use tokens::TokenCache;

/// How many calls are under way at once: the platform opens no more
/// connections for one invocation.
pub const MAX_AT_ONCE: usize = 6;

/// With less time left than this nothing is sent: the answer could not make it,
/// and timers may fire a little early.
const SHORTEST_CALL: Duration = Duration::from_millis(10);

/// A client for one request to us; only its [`TokenCache`] outlives it.
pub struct Client<T, C, R> {
    config: ThreedeyeConfig,
    transport: T,
    clock: C,
    random: R,
    tokens: Rc<RefCell<TokenCache>>,
    connections: Permits,
    renewal: Permits,
}

impl<T: HttpClient, C: Clock, R: Random> Client<T, C, R> {
    /// A client that shares `tokens` with those before and after it in this isolate.
    pub const fn new(
        config: ThreedeyeConfig,
        transport: T,
        clock: C,
        random: R,
        tokens: Rc<RefCell<TokenCache>>,
    ) -> Self {
        Self {
            config,
            transport,
            clock,
            random,
            tokens,
            connections: Permits::new(MAX_AT_ONCE),
            renewal: Permits::new(1),
        }
    }

    /// Makes a call, and again as `retry` allows.
    async fn repeat<K: Call>(
        &self,
        call: &K,
        deadline: Deadline,
    ) -> Result<K::Answer, UpstreamError> {
        with_retries(&self.clock, &self.random, deadline, async || {
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
        call.answer(&response, self.clock.now())
    }

    /// Makes a call once, without a bearer token.
    async fn attempt_plain<K: Call>(
        &self,
        call: &K,
        deadline: Deadline,
    ) -> Result<K::Answer, UpstreamError> {
        let response = self.send(call, None, deadline).await?;
        call.answer(&response, self.clock.now())
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
        self.transport
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

impl<T: HttpClient, C: Clock, R: Random> Upstream for Client<T, C, R> {
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        deadline: Deadline,
    ) -> Result<Survey, UpstreamError> {
        self.read_list(wanted, deadline).await
    }

    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        if let Some(login) = &self.config.login {
            // The token may be fetched again and again, unlike what follows.
            with_retries(&self.clock, &self.random, deadline, async || {
                self.token(login, None, deadline).await
            })
            .await?;
        }
        self.attempt(&CreateUser { email, password }, deadline)
            .await
    }

    async fn delete(&self, id: &RemoteId, deadline: Deadline) -> Result<Deleted, UpstreamError> {
        let call = DeleteUser(id);
        let lost = Cell::new(false);
        let deleted = with_retries(&self.clock, &self.random, deadline, async || {
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
        // However the last try ended, one before it may still take effect.
        deleted.map_err(|error| match lost.get() {
            true => UpstreamError::UnknownOutcome,
            false => error,
        })
    }

    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        self.repeat(&AttachRole { role, user }, deadline).await
    }

    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        self.repeat(&ProvePassword { email, password }, deadline)
            .await
    }

    fn own_login(&self) -> Option<EmailKey> {
        self.config.login.as_ref()?.email_key()
    }
}

#[cfg(test)]
mod tests;
