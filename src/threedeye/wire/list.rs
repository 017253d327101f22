//! `GET /users`: the customer's users, page by page.

use http::Method;
use serde::Deserialize;

use crate::kernel::http_client::{HttpRequest, HttpResponse};
use crate::kernel::{Object, Timestamp};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::{RemoteAccount, UpstreamError};

use crate::threedeye::wire::fields::{Id, Role, nullable_list, nullable_text};
use crate::threedeye::wire::{Call, PAGE_BYTES, is_success, json, refusal, request, usable_id};

/// Row 6, GUESS: reads one page of the customer's users. Only users of the
/// customer appear (row 12, KNOWN).
pub struct ListUsers {
    /// The page, counted from 1.
    pub page: u32,
}

#[derive(Debug)]
pub struct UserPage {
    /// The users, in the upstream's order.
    pub users: Vec<RemoteAccount>,
    /// How many users all pages together hold, if the upstream says so.
    pub total: Option<u64>,
}

impl Call for ListUsers {
    type Answer = UserPage;

    const MAX_ANSWER_BYTES: usize = PAGE_BYTES;

    fn request(&self, config: &ThreedeyeConfig) -> Result<HttpRequest, UpstreamError> {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("customerId", &config.customer_id)
            .append_pair("page", &self.page.to_string())
            .append_pair("pageSize", &config.page_size.to_string())
            .finish();
        Ok(request(config, Method::GET, &format!("/users?{query}")))
    }

    /// Strict about what a wrong reading would make us do: an account that we
    /// fail to see is one that we try to create. So [`UpstreamError::Protocol`]
    /// if the page is no object, if `data` is no list, if `total` is there but no count, or if a user
    /// lacks an id or the e-mail field. A user whose e-mail is null or empty is
    /// accepted: it exists and counts, and no e-mail of ours matches it.
    fn answer(&self, response: &HttpResponse, now: Timestamp) -> Result<UserPage, UpstreamError> {
        if !is_success(response.status) {
            return Err(refusal(response, now));
        }
        let Object(Page { data, total }) = json(&response.body)?;
        let users: Result<_, _> = data
            .into_iter()
            .map(|Object(user)| RemoteAccount::try_from(user))
            .collect();
        users.map(|users| UserPage { users, total })
    }
}

/// Rows 5 and 6: KNOWN `data`, GUESS `total`.
#[derive(Deserialize)]
struct Page {
    #[serde(alias = "Data")]
    data: Vec<Object<User>>,
    #[serde(alias = "Total")]
    total: Option<u64>,
}

/// Row 7: ids and roles KNOWN, names GUESS.
#[derive(Deserialize)]
struct User {
    #[serde(alias = "Id")]
    id: Id,
    // No default: a missing name means that we guessed it wrong for all users.
    #[serde(alias = "Email", deserialize_with = "nullable_text")]
    email: String,
    #[serde(alias = "Roles", default, deserialize_with = "nullable_list")]
    roles: Vec<Role>,
    #[serde(
        rename = "roleIds",
        alias = "RoleIds",
        default,
        deserialize_with = "nullable_list"
    )]
    role_ids: Vec<Role>,
}

impl TryFrom<User> for RemoteAccount {
    type Error = UpstreamError;

    fn try_from(user: User) -> Result<Self, UpstreamError> {
        let mut roles = Vec::with_capacity(user.roles.len());
        for Role(role) in user.roles.into_iter().chain(user.role_ids) {
            if !roles.contains(&role) {
                roles.push(role);
            }
        }
        Ok(Self {
            id: usable_id(user.id.0).ok_or(UpstreamError::Protocol)?,
            email: user.email,
            roles,
        })
    }
}
