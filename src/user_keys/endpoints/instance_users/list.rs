//! `GET /admin/instances/{name}/users`: the users by id, a page at a time,
//! without their keys.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
#[cfg(test)]
use crate::kernel::UserId;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{UserFilter, UserRow, list_users};
use crate::user_keys::{InstanceUserId, Username};
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, example};
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;

pub const ROUTE: Route = Route::get(
    "/admin/instances/{name}/users",
    "listInstanceUsers",
    handler!(handle: Admin, SignIn::AnyTime),
);

/// A page of an instance's users, by id.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceUsers"))]
struct ResponseBody {
    /// The users.
    users: Vec<UserRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<InstanceUserId>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "after", "username", "userId"])?;
    let limit = query.count("limit", DEFAULT_LIMIT, MAX_LIMIT)?;
    let filter = filter(&query)?;
    let instance = instances::in_path(&call)?;
    let database = call.services.database()?;
    // One more than is shown, to know whether there is a next page.
    let users = list_users(&database, &instance, &filter, limit + 1).await?;
    let users = users.ok_or_else(instances::unknown)?;
    Ok(Reply::json(StatusCode::OK, &page(users, limit as usize)).no_store())
}

fn filter(query: &Query) -> Result<UserFilter, ApiError> {
    let after = query.text("after").map(|text| {
        InstanceUserId::parse(text)
            .ok_or_else(|| ApiError::bad_request("after: must be the id of a user"))
    });
    let username = query.text("username").map(Username::parse).transpose();
    Ok(UserFilter {
        after: after.transpose()?,
        username: username.map_err(ApiError::bad_request)?,
        user_id: fields::user_id(query.text("userId"))?,
    })
}

/// The first `limit` users, and the last id if more follow.
fn page(mut users: Vec<UserRow>, limit: usize) -> ResponseBody {
    let has_more = users.len() > limit;
    users.truncate(limit);
    let last = users.last().map(|user| user.id);
    ResponseBody {
        users,
        next: last.filter(|_| has_more),
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Lists users of an instance",
        "By id, a page at a time, without their keys.",
    )
    .parameter(instances::openapi_name())
    .parameter(Parameter::count(
        "limit",
        "Users to list at most.",
        DEFAULT_LIMIT,
        MAX_LIMIT,
    ))
    .parameter(spec.query::<InstanceUserId>(
        "after",
        "Only users whose id comes after this one: `next` of the page before.",
    ))
    .parameter(spec.query::<Username>("username", "Only the user of this name, to the letter."))
    .parameter(spec.query::<UserId>("userId", "Only users tied to this person."))
    .answer(
        spec.json::<ResponseBody>(200, "The users.")
            .no_store()
            .example(
                "users",
                example!({
                    "users": [
                        {
                            "id": 9,
                            "username": "geralt",
                            "userId": null,
                            "createdAt": "2026-11-21T10:30:00.000Z",
                            "keyChangedAt": "2026-11-21T10:30:00.000Z"
                        }
                    ],
                    "next": null
                }),
            ),
    )
    .error(instances::openapi_not_found())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::Timestamp;

    fn rows(count: usize) -> Vec<UserRow> {
        let row = |number: usize| UserRow {
            id: InstanceUserId::parse(&number.to_string()).unwrap(),
            username: format!("user {number}"),
            user_id: None,
            created_at: Timestamp::from_millis(0),
            key_changed_at: Timestamp::from_millis(0),
        };
        (1..=count).map(row).collect()
    }

    fn filtered(query: &str) -> Result<UserFilter, ApiError> {
        let query = Query::parse(Some(query), &["after", "username", "userId"])?;
        filter(&query)
    }

    #[test]
    fn what_to_list_is_read_or_refused_by_name() {
        let read = filtered("after=7&username=J%C3%BCrgen&userId=x").unwrap();
        assert_eq!(read.after, InstanceUserId::parse("7"));
        assert_eq!(read.username, Username::parse("Jürgen").ok());
        assert_eq!(read.user_id, Some(UserId::new("x")));
        for (bad, name) in [
            ("after=", "after: "),
            ("after=0", "after: "),
            ("after=07", "after: "),
            ("after=9007199254740992", "after: "),
            ("username=", "username: "),
            ("username=%00", "username: "),
            ("userId=", "userId: "),
        ] {
            assert!(
                filtered(bad).unwrap_err().message.starts_with(name),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn pages_end_to_end_are_the_list(count in 0usize..40, limit in 1usize..10) {
            let mut seen = Vec::new();
            loop {
                let rest = rows(count).split_off(seen.len());
                let page = page(rest.into_iter().take(limit + 1).collect(), limit);
                prop_assert!(page.users.len() <= limit);
                seen.extend(page.users.iter().map(|user| user.id.get()));
                let Some(next) = page.next else { break };
                prop_assert_eq!(seen.last(), Some(&next.get()));
            }
            prop_assert_eq!(seen, (1..=count as u64).collect::<Vec<_>>());
        }
    }
}
