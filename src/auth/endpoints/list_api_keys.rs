//! `GET /admin/api-keys`: the keys, newest first, a page at a time, without the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::auth::store::{ApiKeyRow, KeyFilter, list_api_keys};
#[cfg(test)]
use crate::kernel::UserId;
use crate::operators::Role;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::page::{self, Limit};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::get(
    "/admin/api-keys",
    "listApiKeys",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of keys, newest first.
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
    let query = call.query(&["limit", "after", "userId", "revoked"])?;
    let limit = Limit::of(&query)?;
    let user = fields::user_id(query.text("userId"))?;
    let filter = KeyFilter {
        user: user.as_ref(),
        with_revoked: query.flag("revoked")?,
        after: page::after_key(&query, "key")?,
    };
    let keys = list_api_keys(&call.services.database()?, filter, limit.to_read()).await?;
    let (mut api_keys, next) = limit.cut(keys, |key| key.id.clone());
    let data = PersonalData::for_caller(&call.caller);
    for key in &mut api_keys {
        key.label = key.label.take().map(|label| data.text(label));
    }
    Ok(Reply::json(
        StatusCode::OK,
        &ResponseBody { api_keys, next },
    ))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "API keys",
        "Lists API keys",
        "Newest first, a page at a time, without the keys themselves. Revoked keys are left out unless \
         asked for; expired ones are listed. To a session of the console e-mails and phone numbers in labels are masked.",
    )
    .parameter(Limit::openapi("Keys to list at most."))
    .parameter(page::openapi_after_key("key"))
    .parameter(spec.query::<UserId>("userId", "Only keys that are bound to this user."))
    .parameter(page::openapi_revoked())
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
                            "expiresAt": null,
                            "revokedAt": null
                        }
                    ],
                    "next": null
                }),
            ),
    )
}
