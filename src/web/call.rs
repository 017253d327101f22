//! What a handler gets.

use std::rc::Rc;

use http::HeaderMap;
use serde::de::DeserializeOwned;

use crate::kernel::audit::{Actor, Origin};
use crate::kernel::{RequestId, UserId};

use crate::services::Services;
use crate::web::address::client_address;
use crate::web::query::Query;
use crate::web::{ApiError, body};

/// One request on its way into a handler, with the caller that `C` proves.
pub struct Call<C> {
    /// Who calls.
    pub caller: C,
    /// Configuration, database and upstream.
    pub services: Rc<Services>,
    /// The request's name.
    pub request_id: RequestId,
    /// Everything the request says.
    pub input: Input,
}

/// What a request says, beyond who says it.
pub struct Input {
    /// The headers among `dispatch::READ_HEADERS`.
    pub headers: HeaderMap,
    /// The path's parameters, percent-decoded.
    pub path: Vec<(String, String)>,
    /// The raw query.
    pub query: Option<String>,
    /// The body, at most `body::MAX_BODY_BYTES`.
    pub body: Vec<u8>,
}

impl<C> Call<C> {
    /// A parameter of the path; the route's table guarantees that it is there.
    pub fn path(&self, name: &str) -> Result<&str, ApiError> {
        self.input
            .path
            .iter()
            .find(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| ApiError::internal("the route has no such path parameter"))
    }

    /// The path's `{userId}`.
    pub fn user_id(&self) -> Result<UserId, ApiError> {
        UserId::parse(self.path("userId")?).map_err(ApiError::bad_request)
    }

    /// The query; only `known` names are allowed.
    pub fn query(&self, known: &[&str]) -> Result<Query, ApiError> {
        Query::parse(self.input.query.as_deref(), known)
    }

    /// A JSON body that must be there.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        body::parse(&self.input.headers, &self.input.body)
    }

    /// A JSON body that may be left out.
    pub fn optional_body<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        body::parse_optional(&self.input.headers, &self.input.body)
    }

    /// On whose behalf this call changes things.
    pub fn origin(&self, actor: Actor) -> Origin {
        Origin {
            actor,
            request_id: self.request_id.clone(),
            address: client_address(&self.input.headers).map(|address| address.to_string()),
        }
    }
}
