//! `POST /admin/users/search`: finds users by whatever a ticket holds. A POST, so that no e-mail or phone number
//! stands in a URL.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::{Purpose, Sealed, Secret, UserId};
use crate::operators::Role;
use crate::users::endpoints::row::{DEFAULT_LIMIT, MAX_LIMIT, UserRow};
#[cfg(test)]
use crate::users::query::MAX_QUERY_CHARS;
use crate::users::query::{Index, Lookup, Searched};
use crate::users::store::{self, SearchPlace};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::page::Limit;
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/users/search",
    "searchUsers",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// Whom to look for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "UserSearch"))]
pub struct Request {
    /// An e-mail or how one begins, `@` and a domain, a phone number or how one begins, a user's id or how it begins,
    /// an account's id at 3dEye, or a subject of the identity provider. White space around it does not matter.
    #[cfg_attr(test, schemars(length(min = 1, max = MAX_QUERY_CHARS)))]
    query: String,
    /// What it is. auto: whatever is found first.
    #[serde(default)]
    by: By,
    /// Users to list at most.
    #[serde(default = "default_limit")]
    #[cfg_attr(test, schemars(range(min = 1, max = MAX_LIMIT)))]
    limit: u32,
    /// `next` of the page before, of the same search.
    #[serde(default)]
    after: Option<String>,
}

const fn default_limit() -> u32 {
    DEFAULT_LIMIT
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema, Serialize), schemars(inline))]
enum By {
    #[default]
    Auto,
    UserId,
    Email,
    EmailDomain,
    Phone,
    ThreedeyeUserId,
    Subject,
}

/// By which identifier users were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
enum MatchedBy {
    UserId,
    Email,
    EmailDomain,
    Phone,
    ThreedeyeUserId,
    Subject,
}

impl From<Index> for MatchedBy {
    fn from(index: Index) -> Self {
        match index {
            Index::DepartedId | Index::UserId => Self::UserId,
            Index::Email => Self::Email,
            Index::EmailDomain => Self::EmailDomain,
            Index::Phone => Self::Phone,
            Index::ThreedeyeUserId => Self::ThreedeyeUserId,
            Index::Subject => Self::Subject,
        }
    }
}

/// A page of what was found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "FoundUsers"))]
struct Body {
    /// By what they were found. Null: nothing was.
    matched_by: Option<MatchedBy>,
    #[cfg_attr(test, schemars(length(max = MAX_LIMIT)))]
    users: Vec<UserRow>,
    /// What to send as `after` for the next page; null: there is none. Sealed, because it holds the last e-mail.
    next: Option<String>,
}

/// Where a search goes on.
#[derive(Serialize, Deserialize)]
struct Cursor {
    lookup: Lookup,
    place: SearchPlace,
}

impl Request {
    /// How many users to list, and all that the text may be, the likeliest first.
    ///
    /// # Errors
    ///
    /// 400 that names the field.
    pub fn read(&self) -> Result<(Limit, Vec<Lookup>), ApiError> {
        let limit = Limit::new("limit", self.limit, MAX_LIMIT)?;
        let searched = Searched::parse(&self.query).map_err(ApiError::bad_request)?;
        let lookups = match self.by {
            By::Auto => searched.anything(),
            By::UserId => searched.user_id(),
            By::Email => searched.email(),
            By::EmailDomain => searched.email_domain(),
            By::Phone => searched.phone(),
            By::ThreedeyeUserId => searched.threedeye_user_id(),
            By::Subject => searched.subject(),
        };
        Ok((limit, lookups))
    }
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let request: Request = call.body()?;
    let (limit, lookups) = request.read()?;
    let database = call.services.database()?;
    let (lookup, after) = match &request.after {
        Some(after) => {
            let cursor = open(&call, after)?;
            if !lookups.contains(&cursor.lookup) {
                return Err(ApiError::bad_request("after: belongs to another search"));
            }
            (Some(cursor.lookup), Some(cursor.place))
        }
        None => (store::find_first(&database, lookups).await?, None),
    };
    let found = match &lookup {
        Some(lookup) => {
            store::search_users(&database, lookup, after.as_ref(), limit.to_read()).await?
        }
        None => Vec::new(),
    };
    let (found, next) = limit.cut(found, |user| user.place.clone());
    let index = lookup.as_ref().map(|lookup| lookup.index);
    let next = next
        .zip(lookup)
        .map(|(place, lookup)| seal(&call, &Cursor { lookup, place }));
    let data = PersonalData::for_caller(&call.caller);
    let body = Body {
        matched_by: index.filter(|_| !found.is_empty()).map(Into::into),
        next: next.transpose()?,
        users: found
            .into_iter()
            .map(|found| UserRow::new(found.user, data))
            .collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

/// Whose search it is: no other caller can go on with it.
fn owner(call: &CallWithBody<Admin>) -> UserId {
    UserId::new(call.caller.name())
}

fn seal(call: &CallWithBody<Admin>, cursor: &Cursor) -> Result<String, ApiError> {
    let services = &call.services;
    let plain = serde_json::to_string(cursor).map_err(|_| ApiError::internal("cursor"))?;
    let plain = Secret::new(plain);
    let random = &*services.random;
    let sealed = services
        .sealer()?
        .seal(Purpose::SearchPlace, &owner(call), &plain, random);
    let sealed = sealed.map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(sealed.as_str().to_owned())
}

fn open(call: &CallWithBody<Admin>, after: &str) -> Result<Cursor, ApiError> {
    let sealed = Sealed::from_stored(after);
    let opened = call
        .services
        .sealer()?
        .open(Purpose::SearchPlace, &owner(call), &sealed);
    let cursor = opened
        .ok()
        .and_then(|plain| serde_json::from_str(plain.expose()).ok());
    cursor.ok_or_else(|| ApiError::bad_request("after: must be `next` of the page before"))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User support",
        "Finds users by whatever a ticket holds",
        "By e-mail, domain, phone number, user id, account id at 3dEye or subject; e-mails, phone numbers and user ids \
         also by how they begin. Deleted users whose account is still there are found by their whole id and by that \
         of the account. In order of what they were found by, a page at a time; users that are added \
         meanwhile repeat or hide none.",
    )
    .body(
        spec.body::<Request>()
            .example("email", example!({ "query": "jane@example.com" }))
            .example("domain", example!({ "query": "@example.com", "by": "emailDomain", "limit": 100 })),
    )
    .answer(
        spec.json::<Body>(200, "The users, or none.")
            .no_store()
            .example("found", example!({
                "matchedBy": "email",
                "users": [{
                    "userId": "00000000-0000-4000-8000-000000000001",
                    "email": "j***@example.com",
                    "phoneNumber": "+49…12",
                    "createdAt": "2024-01-15T10:30:00.000Z",
                    "state": "quarantined",
                    "attempts": 1,
                    "reason": "orphan",
                    "lastError": "the e-mail belongs to an account outside our customer",
                    "nextAttemptAt": null,
                    "twoFactor": false
                }],
                "next": null
            }))
            .example("nobody", example!({ "matchedBy": null, "users": [], "next": null })),
    )
}
