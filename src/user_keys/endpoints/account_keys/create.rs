//! `POST /admin/account-keys`: creates a key and shows it once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::ids::prefixed_ulid;
use crate::user_keys::authorization::Role;
use crate::user_keys::endpoints::account_keys::KeyPart;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{KeyRow, NewKey, create_key};
use crate::user_keys::{Key, Parity};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/account-keys",
    "createAccountKey",
    handler!(handle: Admin),
);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestBody {
    instance: String,
    role: String,
    #[serde(default)]
    label: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody<'a> {
    account_key: &'a str,
    #[serde(flatten)]
    rest: KeyPart,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let body: RequestBody = call.body()?;
    let now = call.services.clock.now();
    let key = Key::generate(Parity::Even, &call.services.random);
    let new = NewKey {
        hash: key.hash(),
        row: KeyRow {
            id: prefixed_ulid("akey", now, &call.services.random),
            instance: instances::name_in_field("instance", &body.instance)?,
            grant: role(&body.role)?,
            label: fields::label(body.label)?,
            created_at: now,
        },
    };
    let entry = Entry {
        at: now,
        origin: call.origin(call.caller.actor()),
        action: Action::CreateAccountKey,
        subject: new.row.id.clone(),
        outcome: format!(
            "instance {}, role {}",
            new.row.instance,
            new.row.grant.as_str()
        ),
    };
    let database = call.services.database()?;
    if !create_key(&database, &new, &entry).await? {
        return Err(instances::unknown());
    }
    let body = ResponseBody {
        account_key: key.expose(),
        rest: new.row.into(),
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

fn role(name: &str) -> Result<Role, ApiError> {
    Role::from_name(name).ok_or_else(|| ApiError::bad_request("role: must be full, write or read"))
}
