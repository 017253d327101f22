//! `GET /admin/instances`: the instances, by name.

use http::StatusCode;
use serde::Serialize;

use crate::user_keys::endpoints::instances::InstancePart;
use crate::user_keys::store::list_instances;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get("/admin/instances", "listInstances", handler!(handle: Admin));

#[derive(Serialize)]
struct ResponseBody {
    instances: Vec<InstancePart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let rows = list_instances(&call.services.database()?).await?;
    let body = ResponseBody {
        instances: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
