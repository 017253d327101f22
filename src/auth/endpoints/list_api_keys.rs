//! `GET /admin/api-keys`: the keys that are not revoked, newest first, without the keys themselves.

use http::StatusCode;
use serde::Serialize;

use crate::auth::endpoints::KeyPart;
use crate::auth::store::list_api_keys;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get("/admin/api-keys", "listApiKeys", handler!(handle: Admin));

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody {
    api_keys: Vec<KeyPart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let rows = list_api_keys(&call.services.database()?).await?;
    let body = ResponseBody {
        api_keys: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
