//! `GET /admin/api-keys`: the keys that are not revoked, newest first, a page at a
//! time, without the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::auth::store::{ApiKeyRow, list_api_keys};
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::page::{self, Limit};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/api-keys",
    "listApiKeys",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of the keys that are not revoked, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ApiKeys"))]
struct ResponseBody {
    /// The keys.
    api_keys: Vec<ApiKeyRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "after"])?;
    let limit = Limit::of(&query)?;
    let after = page::after_key(&query, "key")?;
    let keys = list_api_keys(&call.services.database()?, after, limit.to_read()).await?;
    let (api_keys, next) = limit.cut(keys, |key| key.id.clone());
    Ok(Reply::json(
        StatusCode::OK,
        &ResponseBody { api_keys, next },
    ))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "API keys",
        "Lists the API keys that are not revoked",
        "Newest first, a page at a time, without the keys themselves. Expired keys are listed until \
         they are revoked.",
    )
    .parameter(Limit::openapi("Keys to list at most."))
    .parameter(page::openapi_after_key("key"))
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
                            "lastUsedAt": null,
                            "expiresAt": null
                        }
                    ],
                    "next": null
                }),
            ),
    )
}
