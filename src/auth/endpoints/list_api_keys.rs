//! `GET /admin/api-keys`: the keys in force, newest first, without the keys.

use http::StatusCode;
use serde::Serialize;

use crate::auth::endpoints::KeyPart;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get("/admin/api-keys", "listApiKeys", handler!(handle: Admin));

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    api_keys: Vec<KeyPart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let rows = call.services.database()?.api_keys().await?;
    let body = Body {
        api_keys: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
