//! `POST /admin/instances/{name}/users`: makes a user and shows its key once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock as _, Timestamp, UserId};
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{NewInstanceUser, NotMade};
use crate::user_keys::{InstanceName, InstanceUserId, Key, Parity, Username};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances/{name}/users",
    "createInstanceUser",
    handler!(handle: Admin),
);

/// The body of the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wish {
    username: String,
    #[serde(default)]
    user_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: InstanceUserId,
    username: &'a Username,
    user_key: &'a str,
    instance: &'a InstanceName,
    user_id: Option<&'a UserId>,
    created_at: Timestamp,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let wish: Wish = call.body()?;
    let key = Key::generate(Parity::Even, &call.services.random);
    let user = NewInstanceUser {
        instance,
        username: Username::parse(&wish.username).map_err(ApiError::bad_request)?,
        user_id: fields::user_id(wish.user_id.as_deref())?,
        key_hash: key.hash(),
    };
    let entry = Entry {
        at: call.services.clock.now(),
        origin: call.origin(call.caller.actor()),
        action: Action::CreateInstanceUser,
        // The database completes it with the id that it gives.
        subject: "instance-user:".to_owned(),
        outcome: match &user.user_id {
            None => format!("instance {}", user.instance),
            Some(person) => format!("instance {}, tied to {person}", user.instance),
        },
    };
    let database = call.services.database()?;
    let made = database.insert_instance_user(&user, &entry).await?;
    let id = made.map_err(|why| match why {
        NotMade::NoSuchInstance => instances::unknown(),
        NotMade::NoSuchPerson => ApiError::bad_request("userId: no such user"),
        NotMade::NameTaken => ApiError::new(
            StatusCode::CONFLICT,
            "The instance has a user of this name already",
        ),
    })?;
    let body = Body {
        id,
        username: &user.username,
        user_key: key.expose(),
        instance: &user.instance,
        user_id: user.user_id.as_ref(),
        created_at: entry.at,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}
