//! `GET /admin/instances/{name}/api-keys`: the keys that are not revoked, newest
//! first, without the keys themselves.

use http::StatusCode;
use serde::Serialize;

use crate::user_keys::endpoints::instance_keys::KeyPart;
use crate::user_keys::endpoints::instances;
use crate::user_keys::store::list_instance_keys;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/instances/{name}/api-keys",
    "listInstanceApiKeys",
    handler!(handle: Admin),
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody {
    api_keys: Vec<KeyPart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let database = call.services.database()?;
    let rows = list_instance_keys(&database, &instance).await?;
    let rows = rows.ok_or_else(instances::unknown)?;
    let body = ResponseBody {
        api_keys: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
