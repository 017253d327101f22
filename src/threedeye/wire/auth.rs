//! Our own bearer token, and proof of a password.

use std::time::Duration;

use http::{HeaderValue, Method};
use serde::de::MapAccess;

use crate::kernel::http_client::{HttpRequest, HttpResponse};
use crate::kernel::{EmailKey, Secret, Timestamp};
use crate::threedeye::UpstreamError;
use crate::threedeye::config::{ThreedeyeConfig, ThreedeyeLogin};
use crate::threedeye::dialect::{AnswerNames, Dialect};

use crate::threedeye::wire::fields::{Loose, Shape, once, skip};
use crate::threedeye::wire::{
    Call, Member, Members, is_success, refusal, request_with_json, single,
};

/// Row 3, GUESS: how long a token lives when the answer does not say so credibly.
const ASSUMED_LIFETIME: Duration = Duration::from_secs(600);

/// A lifetime beyond this is taken for a unit other than seconds.
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone)]
pub struct IssuedToken {
    /// The token itself, fit for a header.
    pub token: Secret,
    /// How long it lives from now on.
    pub lifetime: Duration,
}

/// Row 3: fetches a bearer token with our own login. KNOWN but for `expiresIn`
/// and for the statuses: 400, 401 and 403 are all read as refused credentials.
pub struct FetchToken<'a>(pub &'a ThreedeyeLogin);

impl Call for FetchToken<'_> {
    type Answer = IssuedToken;

    const TAKES_BEARER: bool = false;

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        credentials(config, &self.0.username, &self.0.password)
    }

    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<IssuedToken, UpstreamError> {
        match response.status {
            status if is_success(status) => issued(response, dialect),
            400 | 401 | 403 => Err(UpstreamError::Unauthorized),
            _ => Err(refusal(response, now)),
        }
    }
}

/// Row 18: tells whether a password opens an account. KNOWN endpoint, GUESS that
/// 400 and 401 are a definite no. Anything but a token and these two is an
/// error, because on a "no" the account may be deleted: a 403 can also come from
/// a firewall or a lock-out.
pub struct ProvePassword<'a> {
    pub email: &'a EmailKey,
    pub password: &'a Secret,
}

impl Call for ProvePassword<'_> {
    type Answer = bool;

    const TAKES_BEARER: bool = false;

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        credentials(config, self.email.as_str(), self.password)
    }

    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<bool, UpstreamError> {
        match response.status {
            status if is_success(status) => issued(response, dialect).map(|_| true),
            400 | 401 => Ok(false),
            _ => Err(refusal(response, now)),
        }
    }
}

fn credentials(
    config: &ThreedeyeConfig,
    username: &str,
    password: &Secret,
) -> Result<HttpRequest, UpstreamError> {
    let names = &config.dialect.login;
    let body = Members([
        (&names.username, Member::Text(username)),
        (&names.password, Member::Text(password.expose())),
    ]);
    let path = config.dialect.paths.token.as_str();
    request_with_json(config, Method::POST, path, &body)
}

#[derive(Clone)]
struct Token<'d> {
    names: &'d AnswerNames,
    access_token: Option<String>,
    expires_in: Option<Option<Loose>>,
}

impl<'de> Shape<'de> for Token<'_> {
    type Value = (Secret, Option<Loose>);

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if self.names.access_token.names(name) {
            once(&mut self.access_token, map.next_value()?)
        } else if self.names.expires_in.names(name) {
            once(&mut self.expires_in, map.next_value()?)
        } else {
            skip(map)
        }
    }

    fn end(self) -> Option<Self::Value> {
        Some((Secret::new(self.access_token?), self.expires_in.flatten()))
    }
}

fn issued(response: &HttpResponse, dialect: &Dialect) -> Result<IssuedToken, UpstreamError> {
    let shape = Token {
        names: &dialect.answers,
        access_token: None,
        expires_in: None,
    };
    let (token, expires_in) = single(&response.body, dialect, shape)?;
    if token.expose().is_empty() || HeaderValue::from_str(token.expose()).is_err() {
        return Err(UpstreamError::Protocol);
    }
    let told = expires_in.and_then(|value| value.number());
    Ok(IssuedToken {
        token,
        lifetime: told.and_then(credible).unwrap_or(ASSUMED_LIFETIME),
    })
}

fn credible(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|lifetime| *lifetime >= Duration::from_secs(1) && *lifetime <= MAX_LIFETIME)
}
