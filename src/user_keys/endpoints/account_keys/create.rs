//! `POST /admin/account-keys`: creates a key and shows it once.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
use crate::operators;
use crate::user_keys::authorization::Role;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{AccountKeyRow, create_account_key};
use crate::user_keys::{Key, Parity};
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{NO_CONTROL, OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/account-keys",
    "createAccountKey",
    handler!(handle: Admin, (operators::Role::Admin, SignIn::Recently)),
);

/// The key to make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateAccountKey"))]
struct RequestBody {
    #[cfg_attr(test, schemars(with = "instances::GivenInstanceName"))]
    instance: String,
    #[cfg_attr(test, schemars(with = "Role"))]
    role: String,
    /// A name for humans, without control or invisible characters.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = 100), regex(pattern = NO_CONTROL)))]
    label: Option<String>,
}

/// A new key. Its text is shown this once and cannot be read back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreatedAccountKey"))]
struct ResponseBody<'a> {
    /// The key's text: 40 hex digits, the last of them even.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{39}[02468ace]$")))]
    account_key: &'a str,
    #[serde(flatten)]
    row: AccountKeyRow,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let body: RequestBody = call.body()?;
    let random = &*call.services.random;
    let row = AccountKeyRow {
        id: prefixed_ulid("akey", call.now(), random),
        instance: instances::name_in_field("instance", &body.instance)?,
        role: role(&body.role)?,
        label: fields::label(body.label)?,
        created_at: call.now(),
        revoked_at: None,
    };
    let key = Key::generate(Parity::Even, random);
    let outcome = format!("instance {}, role {}", row.instance, row.role.as_str());
    let entry = call.entry(Action::CreateAccountKey, row.id.as_str(), outcome);
    let database = call.services.database()?;
    if !create_account_key(&database, &row, &key, &entry).await? {
        return Err(instances::unknown());
    }
    let body = ResponseBody {
        account_key: key.expose(),
        row,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

fn role(name: &str) -> Result<Role, ApiError> {
    Role::from_name(name).ok_or_else(|| ApiError::bad_request("role: must be full, write or read"))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Makes an account key",
        "The answer is the only place where the key's text is ever shown.",
    )
    .body(spec.body::<RequestBody>().example(
        "support",
        example!({ "instance": "rivia", "role": "write", "label": "support desk" }),
    ))
    .answer(
        spec.json::<ResponseBody>(201, "The new key.")
            .link("revokeAccountKey", [("keyId", "$response.body#/id")])
            .no_store()
            .example(
                "created",
                example!({
                    "accountKey": "000000000000000000000000000000000000000e",
                    "id": "akey_01JZX0000000000000000000EX",
                    "instance": "rivia",
                    "role": "write",
                    "label": "support desk",
                    "createdAt": "2026-11-21T10:30:00.000Z",
                    "revokedAt": null
                }),
            ),
    )
    .error(instances::openapi_not_found())
}
