//! The customer's users, page by page.

use http::Method;
use serde::de::MapAccess;

use crate::kernel::Timestamp;
use crate::kernel::http_client::{HttpRequest, HttpResponse};
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::dialect::{AnswerNames, Dialect};
use crate::threedeye::{RemoteAccount, RoleId, UpstreamError};

use crate::threedeye::wire::fields::{Id, InList, InObject, Nullable, Role, Shape, once, skip};
use crate::threedeye::wire::{Call, PAGE_BYTES, is_success, json, refusal, request, usable_id};

/// Row 6, GUESS: reads one page of the customer's users. Only users of the
/// customer appear (row 12, KNOWN).
pub struct ListUsers {
    /// The page, counted from 1 whatever the number of the first one is.
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
        let names = &config.dialect.query;
        let page = config
            .dialect
            .first_page
            .saturating_add(self.page.saturating_sub(1));
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(names.customer.as_str(), &config.customer_id)
            .append_pair(names.page.as_str(), &page.to_string())
            .append_pair(
                names.page_size.as_str(),
                &config.users_per_page().to_string(),
            )
            .finish();
        let path = config.dialect.paths.users.as_str();
        Ok(request(config, Method::GET, &format!("{path}?{query}")))
    }

    /// Strict about what a wrong reading would make us do: an account that we
    /// fail to see is one that we try to create. So [`UpstreamError::Protocol`]
    /// if the page is no object, if the items are no list, if a total is there but no count, or if a user
    /// lacks an id, the e-mail field or, where the dialect names them, both fields of roles. A user whose e-mail is null or empty is
    /// accepted: it exists and counts, and no e-mail of ours matches it.
    fn answer(
        &self,
        response: &HttpResponse,
        dialect: &Dialect,
        now: Timestamp,
    ) -> Result<UserPage, UpstreamError> {
        if !is_success(response.status) {
            return Err(refusal(response, now));
        }
        let page = Page {
            names: &dialect.answers,
            users: None,
            total: None,
        };
        json(&response.body, InObject(page))
    }
}

/// Rows 5 and 6: KNOWN `data`, GUESS `total`.
struct Page<'d> {
    names: &'d AnswerNames,
    users: Option<Vec<RemoteAccount>>,
    total: Option<Option<u64>>,
}

impl<'de> Shape<'de> for Page<'_> {
    type Value = UserPage;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        if self.names.items.names(name) {
            let users = InList(InObject(User::new(self.names)));
            once(&mut self.users, map.next_value_seed(users)?)
        } else if self.names.total.names(name) {
            once(&mut self.total, map.next_value()?)
        } else {
            skip(map)
        }
    }

    fn end(self) -> Option<UserPage> {
        Some(UserPage {
            users: self.users?,
            total: self.total.flatten(),
        })
    }
}

/// Row 7: ids and roles KNOWN, names GUESS.
#[derive(Clone)]
struct User<'d> {
    names: &'d AnswerNames,
    id: Option<Id>,
    email: Option<String>,
    roles: Option<Vec<RoleId>>,
    role_ids: Option<Vec<RoleId>>,
}

impl<'d> User<'d> {
    const fn new(names: &'d AnswerNames) -> Self {
        Self {
            names,
            id: None,
            email: None,
            roles: None,
            role_ids: None,
        }
    }
}

impl<'de> Shape<'de> for User<'_> {
    type Value = RemoteAccount;

    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let roles = Nullable(InList(Role(self.names)));
        if self.names.id.names(name) {
            once(&mut self.id, map.next_value()?)
        } else if self.names.email.names(name) {
            let email: Option<String> = map.next_value()?;
            once(&mut self.email, email.unwrap_or_default())
        } else if self.names.roles.names(name) {
            once(&mut self.roles, map.next_value_seed(roles)?)
        } else if self.names.role_ids.names(name) {
            once(&mut self.role_ids, map.next_value_seed(roles)?)
        } else {
            skip(map)
        }
    }

    fn end(self) -> Option<RemoteAccount> {
        let tells_roles = self.roles.is_some() || self.role_ids.is_some();
        if self.names.must_tell_roles() && !tells_roles {
            return None;
        }
        let (roles, role_ids) = (self.roles.unwrap_or_default(), self.role_ids);
        let mut all = Vec::with_capacity(roles.len());
        for role in roles.into_iter().chain(role_ids.into_iter().flatten()) {
            if !all.contains(&role) {
                all.push(role);
            }
        }
        Some(RemoteAccount {
            id: usable_id(self.id?.0)?,
            // No default for a missing name: it means that we have it wrong for all users.
            email: self.email?,
            roles: all,
        })
    }
}
