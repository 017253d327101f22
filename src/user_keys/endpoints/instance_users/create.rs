//! `POST /admin/instances/{name}/users`: creates a user and shows its key once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock as _, Timestamp, UserId};
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{NewUser, UserNotCreated, create_user};
use crate::user_keys::{InstanceName, InstanceUserId, Key, Parity, Username};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances/{name}/users",
    "createInstanceUser",
    handler!(handle: Admin),
);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RequestBody {
    username: String,
    #[serde(default)]
    user_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody<'a> {
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
    let body: RequestBody = call.body()?;
    let key = Key::generate(Parity::Even, &call.services.random);
    let user = NewUser {
        instance,
        username: Username::parse(&body.username).map_err(ApiError::bad_request)?,
        user_id: fields::user_id(body.user_id.as_deref())?,
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
            Some(account) => format!("instance {}, tied to {account}", user.instance),
        },
    };
    let database = call.services.database()?;
    let created = create_user(&database, &user, &entry).await?;
    let id = created.map_err(|cause| match cause {
        UserNotCreated::UnknownInstance => instances::unknown(),
        UserNotCreated::UnknownAccount => ApiError::bad_request("userId: no such user"),
        UserNotCreated::UsernameTaken => ApiError::new(
            StatusCode::CONFLICT,
            "The instance has a user of this name already",
        ),
    })?;
    let body = ResponseBody {
        id,
        username: &user.username,
        user_key: key.expose(),
        instance: &user.instance,
        user_id: user.user_id.as_ref(),
        created_at: entry.at,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}
