//! A request: as it comes in, and as a handler gets it.

use std::cell::OnceCell;
use std::net::IpAddr;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use http::header::{self, HeaderName};
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

use super::body::{self, MAX_BODY_BYTES, MAX_DISCARDED_BYTES};
use super::cross_site::SEC_FETCH_SITE;
use super::query::Query;
use super::route::Route;
use super::{ApiError, ErrorFormat};
use crate::auth::admin_key::{ADMIN_KEY_HEADER, API_KEY_HEADER};
use crate::kernel::audit::{Actor, Origin};
use crate::kernel::text;
use crate::kernel::{RequestId, Timestamp, UserId, mask_email};
use crate::services::Services;
use crate::user_keys::credentials::USER_KEY_HEADER;

/// Where the runtime tells the client's address.
const CLIENT_ADDRESS_HEADER: HeaderName = HeaderName::from_static("cf-connecting-ip");

/// The request headers that are read anywhere. The platform adds a dozen others, and each
/// would be copied and parsed every time.
pub const READ_HEADERS: [HeaderName; 12] = [
    header::AUTHORIZATION,
    ADMIN_KEY_HEADER,
    API_KEY_HEADER,
    USER_KEY_HEADER,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::CONTENT_ENCODING,
    CLIENT_ADDRESS_HEADER,
    header::COOKIE,
    header::ORIGIN,
    header::USER_AGENT,
    SEC_FETCH_SITE,
];

/// A request that no route has been found for yet.
pub struct Request {
    pub method: Method,
    /// Scheme, host and port, as a browser's `Origin` would have them.
    pub origin: String,
    /// As it was sent, not percent-decoded.
    pub path: String,
    /// As it was sent.
    pub query: Option<String>,
    /// Those of [`READ_HEADERS`].
    pub headers: HeaderMap,
    /// `None`: there is no body.
    pub body: Option<Rc<dyn Body>>,
}

/// A body that has not been read yet.
pub trait Body {
    /// Reads to the end, or until more than `max_read` bytes came. `None`: it is longer than
    /// `max_kept` bytes, and nothing of it was kept.
    fn read(
        &self,
        max_kept: usize,
        max_read: usize,
    ) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BrokenBody>>;
}

/// The body did not arrive whole: its sender does not wait for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenBody;

/// A request whose route has been found, before its caller is known.
pub struct Incoming {
    pub request: Request,
    pub route: &'static Route,
    pub params: PathParams,
    pub services: Rc<Services>,
    pub request_id: RequestId,
    pub log_names: Rc<LogNames>,
}

/// Whom the request's log line names.
#[derive(Default)]
pub struct LogNames {
    /// Who called, once it is authenticated.
    pub caller: OnceCell<String>,
    /// Whose secret was asked for.
    pub user: OnceCell<String>,
}

impl LogNames {
    fn name_caller(&self, name: &str) {
        // It is authenticated once.
        let _ = self.caller.set(name.to_owned());
    }
}

/// The path's parameters, percent-decoded; `None`: that is not UTF-8.
#[derive(Default)]
pub struct PathParams(pub Vec<(&'static str, Option<String>)>);

impl PathParams {
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(given, _)| *given == name)?;
        value.as_deref()
    }

    fn are_text(&self) -> bool {
        self.0.iter().all(|(_, value)| value.is_some())
    }
}

impl Incoming {
    /// Names the caller in the log.
    pub fn log_caller(&self, name: &str) {
        self.log_names.name_caller(name);
    }

    /// Everything that the request says, its body read.
    pub async fn input(&mut self) -> Result<Input, ApiError> {
        let format = ErrorFormat::of_path(self.route.path);
        if !self.params.are_text() && format != ErrorFormat::UserKeys {
            let message = "path: not valid UTF-8 after percent-decoding";
            return Err(ApiError::bad_request(message));
        }
        body::check_announced_length(&self.request.headers)?;
        let mut bytes = Vec::new();
        if let Some(body) = self.request.body.take() {
            bytes = body
                .read(MAX_BODY_BYTES, MAX_DISCARDED_BYTES)
                .await
                .map_err(|_| ApiError::bad_request("body: could not be read"))?
                .ok_or_else(body::too_large)?;
        }
        let skipped = bytes.len() - text::without_byte_order_mark(&bytes).len();
        bytes.drain(..skipped);
        Ok(Input {
            origin: std::mem::take(&mut self.request.origin),
            headers: std::mem::take(&mut self.request.headers),
            params: std::mem::take(&mut self.params),
            query: self.request.query.take(),
            body: bytes,
        })
    }
}

/// What a request says, beyond who says it.
pub struct Input {
    /// Scheme, host and port of this service, as the caller knows them.
    pub origin: String,
    pub headers: HeaderMap,
    pub params: PathParams,
    /// As it was sent.
    pub query: Option<String>,
    /// At most [`MAX_BODY_BYTES`], without a byte order mark.
    pub body: Vec<u8>,
}

/// A request as a handler gets it, with the caller that `C` proves. `READS_BODY` tells whether the
/// handler has a use for a body: see [`CallWithBody`].
pub struct Call<C, const READS_BODY: bool = false> {
    pub caller: C,
    pub services: Rc<Services>,
    pub request_id: RequestId,
    pub input: Input,
    pub log_names: Rc<LogNames>,
}

/// A request whose body the handler reads by [`Call::body`]. A handler that takes a plain [`Call`]
/// cannot, and under `/admin/` a change with a body that would not be read is refused.
pub type CallWithBody<C> = Call<C, true>;

impl<C, const READS_BODY: bool> Call<C, READS_BODY> {
    /// A parameter of the path.
    pub fn path(&self, name: &str) -> Result<&str, ApiError> {
        self.input
            .params
            .get(name)
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

    pub fn now(&self) -> Timestamp {
        self.services.now()
    }

    /// Names in the log who calls, where only the handler finds that out.
    pub fn log_caller(&self, actor: &Actor) {
        self.log_names.name_caller(actor.as_str());
    }

    /// Names in the log who asked for a secret of which user.
    pub fn log_access(&self, actor: &Actor, user: &UserId) {
        self.log_names.name_caller(actor.as_str());
        let user = user.as_str();
        let is_email = user.contains('@');
        let name = if is_email {
            mask_email(user)
        } else {
            user.to_owned()
        };
        let _ = self.log_names.user.set(name);
    }

    /// On whose behalf this call changes things.
    pub fn origin(&self, actor: Actor) -> Origin {
        Origin {
            actor,
            request_id: self.request_id.clone(),
            address: client_address(&self.input.headers).map(|address| address.to_string()),
            reason: None,
        }
    }
}

impl<C> CallWithBody<C> {
    /// A JSON body that must be there.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        body::parse(&self.input.headers, &self.input.body)
    }

    /// A JSON body that may be left out.
    pub fn optional_body<T: DeserializeOwned + Default>(&self) -> Result<T, ApiError> {
        body::parse_optional(&self.input.headers, &self.input.body)
    }
}

/// The client's address, as the runtime tells it.
pub fn client_address(headers: &HeaderMap) -> Option<IpAddr> {
    let text = headers.get(CLIENT_ADDRESS_HEADER)?.to_str().ok()?;
    text.parse().ok()
}
