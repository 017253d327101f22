//! `GET /admin/instances/{name}/users`: the users by id, a page at a time,
//! without their keys.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
#[cfg(test)]
use crate::kernel::UserId;
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{UserFilter, UserRow, list_users};
use crate::user_keys::{InstanceUserId, Username};
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::page::Limit;
use crate::web::personal_data::PersonalData;
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/instances/{name}/users",
    "listInstanceUsers",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
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
    let limit = Limit::of(&query)?;
    let filter = filter(&query)?;
    let data = PersonalData::for_caller(&call.caller);
    data.keep_out_of_address(&query, &["username", "userId"])?;
    let instance = instances::in_path(&call)?;
    let database = call.services.database()?;
    let users = list_users(&database, &instance, &filter, limit.to_read()).await?;
    let users = users.ok_or_else(instances::unknown)?;
    let (mut users, next) = limit.cut(users, |user| user.id);
    for user in &mut users {
        user.username = data.text(std::mem::take(&mut user.username));
    }
    Ok(Reply::json(StatusCode::OK, &ResponseBody { users, next }))
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

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Lists users of an instance",
        "By id, a page at a time, without their keys. To a session of the console e-mails and phone numbers in \
         usernames are masked, and it cannot look for one here: no address may hold it.",
    )
    .parameter(instances::openapi_name())
    .parameter(Limit::openapi("Users to list at most."))
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
    use super::*;

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
                filtered(bad).unwrap_err().message.clone().starts_with(name),
                "{bad}"
            );
        }
    }
}
