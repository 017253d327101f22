//! `GET /admin/users`: users by where they stand, a page at a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
#[cfg(test)]
use serde_json::json;

use crate::auth::SignIn;
use crate::operators::Role;
use crate::provisioning::Reason;
use crate::users::endpoints::row::{MAX_LIMIT, UserRow};
use crate::users::store::{self, ListPlace, Listing, UserFilter};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::page::Limit;
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/users",
    "listUsers",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// The words of the parameter `state`.
const STATES: [(&str, Option<UserFilter>); 8] = [
    ("waiting", Some(UserFilter::Waiting)),
    ("failing", Some(UserFilter::Failing)),
    ("attaching", Some(UserFilter::Attaching)),
    ("quarantined", Some(UserFilter::Quarantined)),
    ("set_aside", Some(UserFilter::SetAside)),
    ("leaving", Some(UserFilter::Leaving)),
    ("left_in_place", Some(UserFilter::LeftInPlace)),
    ("locked_out", Some(UserFilter::LockedOut)),
];

/// A page of users.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Users"))]
struct Body {
    #[cfg_attr(test, schemars(length(max = MAX_LIMIT)))]
    users: Vec<UserRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["state", "reason", "limit", "after"])?;
    let limit = Limit::up_to(&query, MAX_LIMIT)?;
    let filter = query.choice("state", None, &STATES)?;
    let reasons = Reason::ALL.map(|reason| (reason.as_str(), Some(reason)));
    let reason = query.choice("reason", None, &reasons)?.map(Reason::as_str);
    if reason.is_some() && filter.is_some_and(|filter| filter.state().is_none()) {
        let message = "reason: goes with state=failing or state=attaching, not with state=waiting or state=locked_out";
        return Err(ApiError::bad_request(message));
    }
    let after = query.text("after").map(decode).transpose()?;
    let database = call.services.database()?;
    let listing = Listing {
        filter,
        reason,
        after: after.as_ref(),
    };
    let users = store::list_users(&database, listing, limit.to_read(), call.now()).await?;
    let (users, next) = limit.cut(users, |user| encode(&user.place));
    let data = PersonalData::for_caller(&call.caller);
    let users = users.into_iter().filter(|one| !one.is_passed_over);
    let body = Body {
        users: users.map(|one| UserRow::new(one.user, data)).collect(),
        next,
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

/// It names no more of a user than the id.
fn encode(place: &ListPlace) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

fn decode(after: &str) -> Result<ListPlace, ApiError> {
    let json = URL_SAFE_NO_PAD.decode(after).ok();
    let place: Option<ListPlace> = json.and_then(|json| serde_json::from_slice(&json).ok());
    place
        .filter(ListPlace::is_sound)
        .ok_or_else(|| ApiError::bad_request("after: must be `next` of the page before"))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    let words = STATES.map(|(word, _)| word);
    OperationDoc::new(
        "User support",
        "Lists users by where they stand",
        "A page at a time; users that are added meanwhile repeat or hide none. Without a state and a reason all users, \
         by id. waiting: all in the queue, the first due first. failing: those of them whose last attempt failed. \
         leaving: the first to go first. locked_out: whose authenticator's or backup codes are locked at the moment, by \
         id; a page looks through `limit` users who entered too many wrong codes, so where locks are over it may be \
         short, or empty, and still have a `next`. All others: those changed last first.",
    )
    .parameter(Parameter::query("state", "Only users in this state.", json!({ "enum": words })))
    .parameter(spec.query::<Reason>("reason", "Only users whose last attempt failed for this. Not with state=waiting or state=locked_out."))
    .parameter(Limit::openapi_up_to("Users to list at most.", MAX_LIMIT))
    .parameter(Parameter::query("after", "`next` of the page before.", json!({ "type": "string" })))
    .answer(
        spec.json::<Body>(200, "The users.")
            .no_store()
            .link("showUser", [("userId", "$response.body#/users/0/userId")])
            .example("quarantined", example!({
                "users": [{
                    "userId": "00000000-0000-4000-8000-000000000001",
                    "email": "j***@example.com",
                    "phoneNumber": null,
                    "createdAt": "2024-01-15T10:30:00.000Z",
                    "state": "quarantined",
                    "attempts": 1,
                    "reason": "orphan",
                    "lastError": "the e-mail belongs to an account outside our customer",
                    "nextAttemptAt": null,
                    "twoFactor": false
                }],
                "next": null
            })),
    )
}
