//! `POST /admin/instances/{name}/users`: creates a user and shows its key once.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::kernel::{Timestamp, UserId};
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{NewUser, UserNotCreated, create_user};
use crate::user_keys::{InstanceName, InstanceUserId, Key, Parity, Username};
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances/{name}/users",
    "createInstanceUser",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// The user to make.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateInstanceUser"))]
struct RequestBody {
    #[cfg_attr(test, schemars(with = "Username"))]
    username: String,
    /// Ties the user to a person, who must exist.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<UserId>"))]
    user_id: Option<String>,
}

/// A new user. Its key is shown this once and cannot be read back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreatedInstanceUser"))]
struct ResponseBody<'a> {
    id: InstanceUserId,
    username: &'a Username,
    /// The key's text: 40 hex digits, the last of them even.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{39}[02468ace]$")))]
    user_key: &'a str,
    instance: &'a InstanceName,
    /// The person that the user is tied to.
    user_id: Option<&'a UserId>,
    created_at: Timestamp,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let body: RequestBody = call.body()?;
    let key = Key::generate(Parity::Even, &*call.services.random);
    let user = NewUser {
        instance,
        username: Username::parse(&body.username).map_err(ApiError::bad_request)?,
        user_id: fields::user_id(body.user_id.as_deref())?,
        key_hash: key.hash(),
    };
    let outcome = match &user.user_id {
        None => format!("instance {}", user.instance),
        Some(account) => format!("instance {}, tied to {account}", user.instance),
    };
    // The database completes the subject with the id that it gives.
    let entry = call.entry(Action::CreateInstanceUser, "instance-user:", outcome);
    let database = call.services.database()?;
    let created = create_user(&database, &user, &entry).await?;
    let id = created.map_err(|cause| match cause {
        UserNotCreated::UnknownInstance => instances::unknown(),
        UserNotCreated::UnknownAccount => ApiError::unknown_user(),
        UserNotCreated::UsernameTaken => username_taken(),
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

fn username_taken() -> ApiError {
    let message = "The instance has a user of this name already";
    ApiError::new(StatusCode::CONFLICT, message)
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Makes a user of an instance",
        "The answer shows the user key; only a reset shows another. A userId that is not in the \
         database is a 404.",
    )
    .parameter(instances::openapi_name())
    .body(
        spec.body::<RequestBody>()
            .example("plain", example!({ "username": "geralt" }))
            .example(
                "tied",
                example!({
                    "username": "yennefer",
                    "userId": "00000000-0000-4000-8000-000000000001"
                }),
            ),
    )
    .answer(
        spec.json::<ResponseBody>(201, "The new user.")
            .link(
                "deleteInstanceUser",
                [("name", "$request.path.name"), ("id", "$response.body#/id")],
            )
            .link(
                "getInstanceUser",
                [
                    ("instance", "$request.path.name"),
                    ("id", "$response.body#/id"),
                ],
            )
            .link(
                "resetUserKey",
                [
                    ("instance", "$request.path.name"),
                    ("id", "$response.body#/id"),
                ],
            )
            .no_store()
            .example(
                "created",
                example!({
                    "id": 9,
                    "username": "geralt",
                    "userKey": "000000000000000000000000000000000000000e",
                    "instance": "rivia",
                    "userId": null,
                    "createdAt": "2026-11-21T10:30:00.000Z"
                }),
            ),
    )
    .error(ErrorAnswer::new(
        "InstanceOrPersonNotFound",
        "No such instance; or no such user as the body names.",
        [
            ("instance", instances::unknown()),
            ("user", ApiError::unknown_user()),
        ],
    ))
    .error(ErrorAnswer::new(
        "NameTaken",
        "The instance has a user of this name.",
        [("taken", username_taken())],
    ))
}
