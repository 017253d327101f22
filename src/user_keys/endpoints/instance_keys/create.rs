//! `POST /admin/instances/{name}/api-keys`: creates a key and shows it once.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
use crate::operators::Role;
use crate::user_keys::authorization::Flags;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{InstanceKeyRow, create_instance_key};
use crate::user_keys::{Key, Parity};
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{NO_CONTROL, OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances/{name}/api-keys",
    "createInstanceApiKey",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// The key to make.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateInstanceApiKey"))]
struct RequestBody {
    /// Acts on every user of the instance.
    ignore_acl: bool,
    /// May make users. Kept for clients that ask for it.
    allow_user_create: bool,
    /// May make groups. Kept for clients that ask for it.
    allow_group_create: bool,
    /// May read what is open to everyone.
    allow_anonymous_read: bool,
    /// A name for humans, without control or invisible characters.
    #[cfg_attr(test, schemars(length(max = 100), regex(pattern = NO_CONTROL)))]
    label: Option<String>,
}

/// A new key. Its text is shown this once and cannot be read back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreatedInstanceApiKey"))]
struct ResponseBody<'a> {
    /// The key's text: 40 hex digits, the last of them odd.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{39}[13579bdf]$")))]
    api_key: &'a str,
    #[serde(flatten)]
    row: InstanceKeyRow,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let body: RequestBody = call.optional_body()?;
    let flags = Flags {
        ignore_acl: body.ignore_acl,
        allow_user_create: body.allow_user_create,
        allow_group_create: body.allow_group_create,
        allow_anonymous_read: body.allow_anonymous_read,
    };
    let random = &*call.services.random;
    let row = InstanceKeyRow {
        id: prefixed_ulid("ikey", call.now(), random),
        instance,
        flags,
        label: fields::label(body.label)?,
        created_at: call.now(),
        revoked_at: None,
    };
    let key = Key::generate(Parity::Odd, random);
    let outcome = format!("instance {}, flags {}", row.instance, names(flags));
    let entry = call.entry(Action::CreateInstanceApiKey, row.id.as_str(), outcome);
    let database = call.services.database()?;
    if !create_instance_key(&database, &row, &key, &entry).await? {
        return Err(instances::unknown());
    }
    let body = ResponseBody {
        api_key: key.expose(),
        row,
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

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Makes an API key of an instance",
        "The answer is the only place where the key's text is ever shown. Without a body the key \
         has no flag and no label.",
    )
    .parameter(instances::openapi_name())
    .body(
        spec.optional_body::<RequestBody>()
            .example(
                "anyUser",
                example!({ "ignoreAcl": true, "label": "door bell" }),
            )
            .example("noFlags", example!({})),
    )
    .answer(
        spec.json::<ResponseBody>(201, "The new key.")
            .link(
                "revokeInstanceApiKey",
                [
                    ("name", "$request.path.name"),
                    ("keyId", "$response.body#/id"),
                ],
            )
            .link("listInstanceApiKeys", [("name", "$request.path.name")])
            .no_store()
            .example(
                "created",
                example!({
                    "apiKey": "000000000000000000000000000000000000000f",
                    "id": "ikey_01JZX0000000000000000000EX",
                    "instance": "rivia",
                    "ignoreAcl": true,
                    "allowUserCreate": false,
                    "allowGroupCreate": false,
                    "allowAnonymousRead": false,
                    "label": "door bell",
                    "createdAt": "2026-11-21T10:30:00.000Z",
                    "revokedAt": null
                }),
            ),
    )
    .error(instances::openapi_not_found())
}
