//! `GET /admin/account-keys`: the keys that are not revoked, newest first, without
//! the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{AccountKeyRow, list_account_keys};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/account-keys",
    "listAccountKeys",
    handler!(handle: Admin, SignIn::AnyTime),
);

/// The keys in force, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountKeys"))]
struct ResponseBody {
    /// The keys.
    account_keys: Vec<AccountKeyRow>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["instance"])?;
    let instance = query
        .text("instance")
        .map(|name| instances::name_in_field("instance", name))
        .transpose()?;
    let database = call.services.database()?;
    let keys = list_account_keys(&database, instance.as_ref()).await?;
    let account_keys = keys.ok_or_else(instances::unknown)?;
    Ok(Reply::json(StatusCode::OK, &ResponseBody { account_keys }).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Lists the account keys in force",
        "Newest first, without the keys themselves. Revoked keys are left out.",
    )
    .parameter(
        spec.query::<instances::GivenInstanceName>("instance", "Only the keys of this instance."),
    )
    .answer(
        spec.json::<ResponseBody>(200, "The keys.")
            .no_store()
            .example(
                "keys",
                example!({
                    "accountKeys": [
                        {
                            "id": "akey_01JZX0000000000000000000EX",
                            "instance": "rivia",
                            "role": "write",
                            "label": "support desk",
                            "createdAt": "2026-11-21T10:30:00.000Z"
                        }
                    ]
                }),
            ),
    )
    .error(instances::openapi_not_found())
}
