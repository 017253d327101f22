//! `POST /admin/instances/{name}/api-keys`: creates a key and shows it once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::kernel::Clock as _;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::ids::prefixed_ulid;
use crate::user_keys::authorization::Flags;
use crate::user_keys::endpoints::instance_keys::KeyPart;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{KeyRow, NewKey, create_key};
use crate::user_keys::{Key, Parity};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances/{name}/api-keys",
    "createInstanceApiKey",
    handler!(handle: Admin),
);

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct RequestBody {
    ignore_acl: bool,
    allow_user_create: bool,
    allow_group_create: bool,
    allow_anonymous_read: bool,
    label: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody<'a> {
    api_key: &'a str,
    #[serde(flatten)]
    rest: KeyPart,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let body: RequestBody = call.optional_body()?;
    let flags = Flags {
        ignore_acl: body.ignore_acl,
        allow_user_create: body.allow_user_create,
        allow_group_create: body.allow_group_create,
        allow_anonymous_read: body.allow_anonymous_read,
    };
    let now = call.services.clock.now();
    let key = Key::generate(Parity::Odd, &call.services.random);
    let new = NewKey {
        hash: key.hash(),
        row: KeyRow {
            id: prefixed_ulid("ikey", now, &call.services.random),
            instance,
            grant: flags,
            label: fields::label(body.label)?,
            created_at: now,
        },
    };
    let entry = Entry {
        at: now,
        origin: call.origin(call.caller.actor()),
        action: Action::CreateInstanceApiKey,
        subject: new.row.id.clone(),
        outcome: format!("instance {}, flags {}", new.row.instance, names(flags)),
    };
    let database = call.services.database()?;
    if !create_key(&database, &new, &entry).await? {
        return Err(instances::unknown());
    }
    let body = ResponseBody {
        api_key: key.expose(),
        rest: new.row.into(),
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

/// The flags that are set, for the audit trail.
fn names(flags: Flags) -> String {
    let all = [
        (flags.ignore_acl, "ignoreAcl"),
        (flags.allow_user_create, "allowUserCreate"),
        (flags.allow_group_create, "allowGroupCreate"),
        (flags.allow_anonymous_read, "allowAnonymousRead"),
    ];
    let set: Vec<&str> = all
        .into_iter()
        .filter_map(|(is_set, name)| is_set.then_some(name))
        .collect();
    if set.is_empty() {
        "none".to_owned()
    } else {
        set.join(" ")
    }
}
