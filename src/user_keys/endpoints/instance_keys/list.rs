//! `GET /admin/instances/{name}/api-keys`: the keys, newest first, a page at a
//! time, without the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{InstanceKeyRow, KeyFilter, list_instance_keys};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::page::{self, Limit};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/instances/{name}/api-keys",
    "listInstanceApiKeys",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of an instance's keys, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "InstanceApiKeys"))]
struct ResponseBody {
    /// The keys.
    api_keys: Vec<InstanceKeyRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "after", "revoked"])?;
    let limit = Limit::of(&query)?;
    let filter = KeyFilter {
        with_revoked: query.flag("revoked")?,
        after: page::after_key(&query, "ikey")?,
    };
    let instance = instances::in_path(&call)?;
    let database = call.services.database()?;
    let keys = list_instance_keys(&database, &instance, filter, limit.to_read()).await?;
    let keys = keys.ok_or_else(instances::unknown)?;
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
        "Instances",
        "Lists the API keys of an instance",
        "Newest first, a page at a time, without the keys themselves. Revoked keys are left out unless \
         asked for. To a session of the console e-mails and phone numbers in labels are masked.",
    )
    .parameter(instances::openapi_name())
    .parameter(Limit::openapi("Keys to list at most."))
    .parameter(page::openapi_after_key("ikey"))
    .parameter(page::openapi_revoked())
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
                            "createdAt": "2026-11-21T10:30:00.000Z",
                            "revokedAt": null
                        }
                    ],
                    "next": null
                }),
            ),
    )
    .error(instances::openapi_not_found())
}
