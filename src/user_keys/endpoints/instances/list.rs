//! `GET /admin/instances`: the instances, by name.

use futures_util::FutureExt as _;
use http::{Method, StatusCode};
use serde::Serialize;

use crate::user_keys::endpoints::instances::InstancePart;
use crate::web::caller::Admin;
use crate::web::route::Handler;
use crate::web::surface::Surface;
use crate::web::{ApiError, Call, Reply, Route};

/// The route.
pub const ROUTE: Route = Route {
    method: Method::GET,
    path: "/admin/instances",
    operation: "listInstances",
    surface: Surface::Admin,
    handler: Handler::Admin(|call| handle(call).boxed_local()),
};

#[derive(Serialize)]
struct Body {
    instances: Vec<InstancePart>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let rows = call.services.database()?.instances().await?;
    let body = Body {
        instances: rows.into_iter().map(Into::into).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}
