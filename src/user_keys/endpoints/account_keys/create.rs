//! `POST /admin/account-keys`: makes a key and shows it once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::ids::prefixed_ulid;
use crate::user_keys::admission::Role;
use crate::user_keys::endpoints::account_keys::KeyPart;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{KeyRow, NewKey};
use crate::user_keys::{Key, Parity};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/account-keys",
    "createAccountKey",
    handler!(handle: Admin),
);

/// The body of the request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    instance: String,
    role: String,
    #[serde(default)]
    label: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    account_key: &'a str,
    #[serde(flatten)]
    rest: KeyPart,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let wish: Wish = call.body()?;
    let now = call.services.clock.now();
    let key = Key::generate(Parity::Even, &call.services.random);
    let kept = NewKey {
        hash: key.hash(),
        row: KeyRow {
            id: prefixed_ulid("akey", now, &call.services.random),
            instance: fields::instance("instance", &wish.instance)?,
            grant: role(&wish.role)?,
            label: fields::label(wish.label)?,
            created_at: now,
        },
    };
    let entry = Entry {
        at: now,
        origin: call.origin(call.caller.actor()),
        action: Action::CreateAccountKey,
        subject: kept.row.id.clone(),
        outcome: format!(
            "instance {}, role {}",
            kept.row.instance,
            kept.row.grant.as_str()
        ),
    };
    let database = call.services.database()?;
    if !database.insert_instance_key(&kept, &entry).await? {
        return Err(instances::unknown());
    }
    let body = Body {
        account_key: key.expose(),
        rest: kept.row.into(),
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

fn role(name: &str) -> Result<Role, ApiError> {
    Role::from_name(name).ok_or_else(|| ApiError::bad_request("role: must be full, write or read"))
}
