//! `GET /admin/api-keys`: the keys that are not revoked, newest first, without the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::auth::store::{ApiKeyRow, list_api_keys};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/api-keys",
    "listApiKeys",
    handler!(handle: Admin, SignIn::AnyTime),
);

/// The keys in force, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ApiKeys"))]
struct ResponseBody {
    /// The keys.
    api_keys: Vec<ApiKeyRow>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let api_keys = list_api_keys(&call.services.database()?).await?;
    Ok(Reply::json(StatusCode::OK, &ResponseBody { api_keys }).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "API keys",
        "Lists the API keys in force",
        "Newest first, without the keys themselves. Revoked keys are left out.",
    )
    .answer(
        spec.json::<ResponseBody>(200, "The keys.")
            .no_store()
            .example(
                "keys",
                example!({
                    "apiKeys": [
                        {
                            "id": "key_01JZX0000000000000000000EX",
                            "scopes": ["threedeye:read"],
                            "userId": null,
                            "label": "video gateway",
                            "createdAt": "2026-11-21T10:30:00.000Z",
                            "lastUsedAt": null
                        }
                    ]
                }),
            ),
    )
}
