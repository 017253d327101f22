//! What 3dEye's API looks like: the only place that knows its headers, the form of its
//! bodies and what its answers mean. What of it is data (paths, names, some statuses) it
//! takes from the tenant's [`Dialect`].
//!
//! The vendor publishes no specification of its user endpoints. Every item
//! names its row of docs/3DEYE.md and says whether it is KNOWN (seen in public
//! material) or a GUESS; if a real tenant differs in more than its dialect, the change
//! belongs here.
//!
//! | module | rows | calls, as the default has them |
//! |---|---|---|
//! | [`auth`] | 3, 4, 18 | `POST /auth/token` |
//! | [`list`] | 5 to 7, 12 | `GET /users` |
//! | [`accounts`] | 8, 9, 11 | `POST /users`, `DELETE /users/{id}` |
//! | [`roles`] | 10 | `POST /roles/{roleId}/users/{userId}` |
//! | `fields` | 5, 7 | how values are spelt in JSON |
//!
//! Reading is tolerant where a .NET backend is known to vary (letter case of
//! names, ids as numbers, envelopes) and strict where guessing would make us
//! take a wrong step, such as creating an account that we failed to see.

pub mod accounts;
pub mod auth;
mod fields;
pub mod list;
pub mod roles;

use std::time::Duration;

use http::{Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeSeed;
use serde::{Serialize, Serializer};

use crate::kernel::text::without_byte_order_mark;
use crate::kernel::{Secret, Timestamp};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::dialect::{Dialect, Name};

use crate::kernel::http_client::{HttpError, HttpRequest, HttpResponse};
use crate::threedeye::retry::parse_retry_after;
use crate::threedeye::{RemoteId, UpstreamError};

use fields::{Envelope, InObject, Shape};

/// The largest answer read from any call but the list, in bytes.
pub const SMALL_ANSWER_BYTES: usize = 64 * 1024;

/// The largest page of the user list that is read, in bytes: 8 KiB for each of
/// the 500 users that we ask for by default.
pub const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// Row 2, KNOWN: the API key goes with every call.
const API_KEY_HEADER: &str = "x-api-key";

const JSON: &str = "application/json";

/// Everything but RFC 3986's unreserved characters is escaped in a path.
const ESCAPED_IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One kind of call to 3dEye: how to ask and how to read the answer.
pub trait Call {
    type Answer;

    /// Row 4: whether the bearer token goes with it. KNOWN for camera and event
    /// calls, a GUESS for users and roles.
    const TAKES_BEARER: bool = true;

    const MAX_ANSWER_BYTES: usize = SMALL_ANSWER_BYTES;

    /// The request, without a bearer token. [`UpstreamError::NotFound`] when an
    /// id cannot be that of anything (empty, or a path step of its own).
    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError>;

    /// Reads the answer that arrived `now`.
    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<Self::Answer, UpstreamError>;

    /// What it means that the request was sent and no whole answer came back.
    fn lost(&self, cause: HttpError) -> UpstreamError {
        match cause {
            HttpError::TimedOut | HttpError::Connection => UpstreamError::Transient,
            HttpError::TooLarge => UpstreamError::Protocol,
        }
    }
}

/// Row 4: adds the bearer token to a request.
pub fn authorize(request: &mut HttpRequest, token: &Secret) {
    let value = format!("Bearer {}", token.expose());
    request.add_header("authorization", value);
}

/// Row 4: whether an answer says that the bearer token is not, or no longer, good.
pub const fn is_token_refused(response: &HttpResponse) -> bool {
    response.status == 401
}

/// Rows 1 and 2: a request to `path` below the base URL.
fn request(config: &ThreedeyeConfig, method: Method, path: &str) -> HttpRequest {
    let mut request = HttpRequest::new(method, format!("{}{path}", config.base_url));
    request.add_header(API_KEY_HEADER, config.api_key.expose().to_owned());
    request.add_header("accept", JSON.to_owned());
    request
}

fn request_with_json(
    config: &ThreedeyeConfig,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<HttpRequest, UpstreamError> {
    let mut request = request(config, method, path);
    request.set_json(serde_json::to_vec(body).map_err(|_| UpstreamError::Protocol)?);
    Ok(request)
}

fn segment(id: &str) -> Result<String, UpstreamError> {
    if is_usable(id) {
        Ok(utf8_percent_encode(id, ESCAPED_IN_SEGMENT).to_string())
    } else {
        Err(UpstreamError::NotFound)
    }
}

/// Whether an id can be a path segment. Empty ids and dot segments cannot:
/// escaped or not, a URL parser resolves them, and the call would hit another
/// resource.
fn is_usable(id: &str) -> bool {
    !matches!(id.trim(), "" | "." | "..")
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// What a status other than success means where the call has no reading of its
/// own. GUESS (row 16), but for the meaning that HTTP itself gives.
///
/// 403 is a refusal that a new token does not mend; redirects are never
/// followed and count as refusals; 404 on a collection says that the base URL
/// or our guess at the path is wrong, which is no [`UpstreamError::NotFound`].
fn refusal(response: &HttpResponse, now: Timestamp) -> UpstreamError {
    match response.status {
        401 => UpstreamError::Unauthorized,
        429 => UpstreamError::RateLimited {
            retry_after: retry_after(response, now),
        },
        408 | 500..=599 => UpstreamError::Transient,
        status => UpstreamError::Rejected { status },
    }
}

/// Row 15, GUESS.
fn retry_after(response: &HttpResponse, now: Timestamp) -> Option<Duration> {
    let value = response.headers.get(header::RETRY_AFTER)?;
    parse_retry_after(value.to_str().ok()?, now)
}

/// A body of ours, with the dialect's names.
struct Members<'a, const N: usize>([(&'a Name, Member<'a>); N]);

#[derive(Serialize)]
#[serde(untagged)]
enum Member<'a> {
    Text(&'a str),
    Ids(&'a [&'a str]),
}

impl<const N: usize> Serialize for Members<'_, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, member)| (name.as_str(), member)))
    }
}

/// A body that should be JSON. .NET backends may start it with a byte order mark.
fn json<'de, S: DeserializeSeed<'de>>(body: &'de [u8], seed: S) -> Result<S::Value, UpstreamError> {
    let mut json = serde_json::Deserializer::from_slice(without_byte_order_mark(body));
    let read = seed.deserialize(&mut json);
    let read = read.and_then(|value| json.end().map(|()| value));
    read.map_err(|_| UpstreamError::Protocol)
}

/// Row 5, a GUESS for single objects: bare, or in the envelope of lists.
fn single<'de, S: Shape<'de> + Clone>(
    body: &'de [u8],
    dialect: &Dialect,
    shape: S,
) -> Result<S::Value, UpstreamError> {
    let envelope = Envelope::new(&dialect.answers.items, shape.clone());
    json(body, InObject(envelope)).or_else(|_| json(body, InObject(shape)))
}

/// Whether a body is a page for humans, as proxies and login walls send them
/// with status 200. A call whose answer has no body to read checks this much
/// before it believes in its success.
fn is_markup(body: &[u8]) -> bool {
    let body = without_byte_order_mark(body);
    body.trim_ascii_start().first() == Some(&b'<')
}

/// An id that can be put in a path again.
fn usable_id(id: String) -> Option<RemoteId> {
    is_usable(&id).then_some(RemoteId(id))
}

#[cfg(test)]
mod tests;
