//! `GET /admin/instances/{name}/api-keys`: the keys that are not revoked, newest
//! first, without the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{InstanceKeyRow, list_instance_keys};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/instances/{name}/api-keys",
    "listInstanceApiKeys",
    handler!(handle: Admin, SignIn::AnyTime),
);

/// The keys in force, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceApiKeys"))]
struct ResponseBody {
    /// The keys.
    api_keys: Vec<InstanceKeyRow>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let database = call.services.database()?;
    let keys = list_instance_keys(&database, &instance).await?;
    let api_keys = keys.ok_or_else(instances::unknown)?;
    Ok(Reply::json(StatusCode::OK, &ResponseBody { api_keys }).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Lists the API keys of an instance that are in force",
        "Newest first, without the keys themselves. Revoked keys are left out.",
    )
    .parameter(instances::openapi_name())
    .answer(
        spec.json::<ResponseBody>(200, "The keys.")
            .no_store()
            .example(
                "keys",
                example!({
                    "apiKeys": [
                        {
                            "id": "ikey_01JZX0000000000000000000EX",
                            "instance": "rivia",
                            "ignoreAcl": true,
                            "allowUserCreate": false,
                            "allowGroupCreate": false,
                            "allowAnonymousRead": false,
                            "label": "door bell",
                            "createdAt": "2026-11-21T10:30:00.000Z"
                        }
                    ]
                }),
            ),
    )
    .error(instances::openapi_not_found())
}
