//! `POST /users` and `DELETE /users/{id}`: accounts come and go.

use http::Method;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::kernel::http_client::{HttpError, HttpRequest, HttpResponse};
use crate::kernel::{EmailKey, Secret, Timestamp};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::{Deleted, RemoteId, UpstreamError};

use crate::threedeye::wire::fields::Id;
use crate::threedeye::wire::{
    Call, is_markup, is_success, json, refusal, request, request_with_json, segment, single,
    usable_id,
};

/// Row 11, GUESS: what the text of a 400 or 422 says when the e-mail is taken,
/// lower-cased. "exists" and not "exist": a customer that "does not exist" is
/// another matter.
const DUPLICATE_WORDS: [&str; 4] = ["exists", "taken", "duplicate", "already"];

/// Row 8, GUESS: creates an account. Says the new account's id, or `None` if
/// the answer does not.
pub struct CreateUser<'a> {
    /// The account's e-mail, its login name too.
    pub email: &'a EmailKey,
    pub password: &'a Secret,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewUser<'a> {
    email: &'a str,
    password: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    customer_id: &'a str,
    role_ids: [&'a str; 0],
}

impl Call for CreateUser<'_> {
    type Answer = Option<RemoteId>;

    /// We know no names, and a directory like this refuses empty ones: the local
    /// part of the e-mail, and where the account comes from.
    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let email = self.email.as_str();
        let body = NewUser {
            email,
            password: self.password.expose(),
            first_name: email.split('@').next().unwrap_or(email),
            last_name: "SmartphoneKey",
            customer_id: &config.customer_id,
            role_ids: [],
        };
        request_with_json(config, Method::POST, "/users", &body)
    }

    /// A 5xx leaves open whether the account exists, and so does a success whose
    /// body is not JSON: some proxy may have answered.
    fn answer(
        &self,
        response: &HttpResponse,
        now: Timestamp,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        match response.status {
            status if is_success(status) => created(&response.body),
            409 => Err(UpstreamError::EmailTaken),
            400 | 422 if self.is_duplicate(&response.body) => Err(UpstreamError::EmailTaken),
            _ => Err(match refusal(response, now) {
                UpstreamError::Transient => UpstreamError::UnknownOutcome,
                refused => refused,
            }),
        }
    }

    /// Whatever was lost, the request may have arrived.
    fn lost(&self, _: HttpError) -> UpstreamError {
        UpstreamError::UnknownOutcome
    }
}

impl CreateUser<'_> {
    /// Whether a refusal says that the e-mail is taken. The e-mail itself is left
    /// out of the search: an invalid `taken@` is not a taken one.
    fn is_duplicate(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body)
            .to_lowercase()
            .replace(self.email.as_str(), "");
        DUPLICATE_WORDS.iter().any(|word| text.contains(word))
    }
}

#[derive(Deserialize)]
struct Created {
    #[serde(alias = "Id")]
    id: Id,
}

fn created(body: &[u8]) -> Result<Option<RemoteId>, UpstreamError> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    if let Ok(Created { id }) = single(body) {
        return Ok(usable_id(id.0));
    }
    json::<IgnoredAny>(body)
        .map(|_| None)
        .map_err(|_| UpstreamError::UnknownOutcome)
}

/// Row 9, GUESS: deletes an account. Accounts of other customers answer 404
/// like absent ones (row 12, KNOWN).
pub struct DeleteUser<'a>(pub &'a RemoteId);

impl Call for DeleteUser<'_> {
    type Answer = Deleted;

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let path = format!("/users/{}", segment(&self.0.0)?);
        Ok(request(config, Method::DELETE, &path))
    }

    fn answer(&self, response: &HttpResponse, now: Timestamp) -> Result<Deleted, UpstreamError> {
        match response.status {
            status if is_success(status) && is_markup(&response.body) => {
                Err(UpstreamError::Protocol)
            }
            status if is_success(status) => Ok(Deleted::Removed),
            404 => Ok(Deleted::AlreadyGone),
            _ => Err(refusal(response, now)),
        }
    }

    /// The request may have arrived; an answer too large to be read was one.
    fn lost(&self, cause: HttpError) -> UpstreamError {
        match cause {
            HttpError::TimedOut | HttpError::Connection => UpstreamError::UnknownOutcome,
            HttpError::TooLarge => UpstreamError::Protocol,
        }
    }
}
