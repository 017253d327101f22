//! `GET /admin/account-keys`: the keys that are not revoked, newest first, without
//! the keys themselves.

use http::StatusCode;
use serde::Serialize;

use crate::user_keys::endpoints::account_keys::KeyPart;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::list_account_keys;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/account-keys",
    "listAccountKeys",
    handler!(handle: Admin),
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody {
    account_keys: Vec<KeyPart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["instance"])?;
    let instance = query
        .text("instance")
        .map(|name| instances::name_in_field("instance", name))
        .transpose()?;
    let database = call.services.database()?;
    let rows = list_account_keys(&database, instance.as_ref()).await?;
    let rows = rows.ok_or_else(instances::unknown)?;
    let body = ResponseBody {
        account_keys: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
