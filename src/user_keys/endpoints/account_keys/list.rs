//! `GET /admin/account-keys`: the keys, newest first, a page at a time, without the keys themselves.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::{AccountKeyRow, KeyFilter, list_account_keys};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::page::{self, Limit};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/account-keys",
    "listAccountKeys",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// A page of keys, newest first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountKeys"))]
struct ResponseBody {
    /// The keys.
    account_keys: Vec<AccountKeyRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "after", "instance", "revoked"])?;
    let limit = Limit::of(&query)?;
    let filter = KeyFilter {
        with_revoked: query.flag("revoked")?,
        after: page::after_key(&query, "akey")?,
    };
    let instance = query
        .text("instance")
        .map(|name| instances::name_in_field("instance", name))
        .transpose()?;
    let database = call.services.database()?;
    let instance = instance.as_ref();
    let keys = list_account_keys(&database, instance, filter, limit.to_read()).await?;
    let keys = keys.ok_or_else(instances::unknown)?;
    let (mut account_keys, next) = limit.cut(keys, |key| key.id.clone());
    let data = PersonalData::for_caller(&call.caller);
    for key in &mut account_keys {
        key.label = key.label.take().map(|label| data.text(label));
    }
    Ok(Reply::json(
        StatusCode::OK,
        &ResponseBody { account_keys, next },
    ))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Lists account keys",
        "Newest first, a page at a time, without the keys themselves. Revoked keys are left out unless \
         asked for. To a session of the console e-mails and phone numbers in labels are masked.",
    )
    .parameter(Limit::openapi("Keys to list at most."))
    .parameter(page::openapi_after_key("akey"))
    .parameter(page::openapi_revoked())
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
