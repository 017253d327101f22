//! Accounts come and go.

use std::marker::PhantomData;

use http::Method;
use serde::de::IgnoredAny;

use crate::kernel::http_client::{HttpError, HttpRequest, HttpResponse};
use crate::kernel::{EmailKey, Secret, Timestamp};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::dialect::{Dialect, Taken};
use crate::threedeye::{Deleted, RemoteId, UpstreamError};

use crate::threedeye::wire::fields::{Id, OnlyId};
use crate::threedeye::wire::{
    Call, Member, Members, is_markup, is_success, json, refusal, request, request_with_json,
    segment, single, usable_id,
};

/// Row 8, GUESS: creates an account. Says the new account's id, or `None` if
/// the answer does not.
pub struct CreateUser<'a> {
    /// The account's e-mail, its login name too.
    pub email: &'a EmailKey,
    pub password: &'a Secret,
}

impl Call for CreateUser<'_> {
    type Answer = Option<RemoteId>;

    /// We know no names, and a directory like this refuses empty ones: the local
    /// part of the e-mail, and where the account comes from.
    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let email = self.email.as_str();
        let first_name = email.split('@').next().unwrap_or(email);
        let names = &config.dialect.create;
        let body = Members([
            (&names.email, Member::Text(email)),
            (&names.password, Member::Text(self.password.expose())),
            (&names.first_name, Member::Text(first_name)),
            (&names.last_name, Member::Text("SmartphoneKey")),
            (&names.customer, Member::Text(&config.customer_id)),
            (&names.role_ids, Member::Ids(&[])),
        ]);
        let path = config.dialect.paths.users.as_str();
        request_with_json(config, Method::POST, path, &body)
    }

    /// A 5xx leaves open whether the account exists, and so does a success whose
    /// body is not JSON: some proxy may have answered.
    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        match response.status {
            status if is_success(status) => created(&response.body, dialect),
            _ if self.is_taken(response, &dialect.taken) => Err(UpstreamError::EmailTaken),
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
    /// Row 11, GUESS: whether a refusal says that the e-mail is taken. The e-mail itself is left out of the
    /// search: an invalid `taken@` is not a taken one.
    fn is_taken(&self, response: &HttpResponse, taken: &Taken) -> bool {
        if taken.statuses.contains(&response.status) {
            return true;
        }
        if !taken.statuses_with_word.contains(&response.status) {
            return false;
        }
        let text = String::from_utf8_lossy(&response.body)
            .to_lowercase()
            .replace(self.email.as_str(), "");
        taken.words.iter().any(|word| text.contains(word))
    }
}

fn created(body: &[u8], dialect: &Dialect) -> Result<Option<RemoteId>, UpstreamError> {
    if body.trim_ascii().is_empty() {
        return Ok(None);
    }
    if let Ok(Id(id)) = single(body, dialect, OnlyId::new(&dialect.answers.id)) {
        return Ok(usable_id(id));
    }
    json(body, PhantomData::<IgnoredAny>)
        .map(|_| None)
        .map_err(|_| UpstreamError::UnknownOutcome)
}

/// Row 9, GUESS: deletes an account. Accounts of other customers answer
/// like absent ones (row 12, KNOWN).
pub struct DeleteUser<'a>(pub &'a RemoteId);

impl Call for DeleteUser<'_> {
    type Answer = Deleted;

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let user = segment(&self.0.0)?;
        let path = config.dialect.paths.user.filled(&user, "");
        Ok(request(config, Method::DELETE, &path))
    }

    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<Deleted, UpstreamError> {
        match response.status {
            status if is_success(status) && is_markup(&response.body) => {
                Err(UpstreamError::Protocol)
            }
            status if is_success(status) => Ok(Deleted::Removed),
            status if dialect.gone_statuses.contains(&status) => Ok(Deleted::AlreadyGone),
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
