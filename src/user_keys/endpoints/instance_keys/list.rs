//! `GET /admin/instances/{name}/api-keys`: the keys in force, newest first,
//! without the keys.

use http::StatusCode;
use serde::Serialize;

use crate::user_keys::endpoints::instance_keys::KeyPart;
use crate::user_keys::endpoints::instances;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/instances/{name}/api-keys",
    "listInstanceApiKeys",
    handler!(handle: Admin),
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    api_keys: Vec<KeyPart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instance = instances::in_path(&call)?;
    let database = call.services.database()?;
    let rows = database.instance_api_keys(&instance).await?;
    let rows = rows.ok_or_else(instances::unknown)?;
    let body = Body {
        api_keys: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
