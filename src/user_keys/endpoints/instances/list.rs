//! `GET /admin/instances`: the instances, by name.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::operators::Role;
use crate::user_keys::store::{InstanceRow, list_instances};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/instances",
    "listInstances",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// All instances, by name.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Instances"))]
struct ResponseBody {
    /// The instances.
    instances: Vec<InstanceRow>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let instances = list_instances(&call.services.database()?).await?;
    Ok(Reply::json(StatusCode::OK, &ResponseBody { instances }).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new("Instances", "Lists the instances", "By name.").answer(
        spec.json::<ResponseBody>(200, "The instances.")
            .no_store()
            .example(
                "instances",
                example!({
                    "instances": [{"name": "rivia", "createdAt": "2026-11-21T10:30:00.000Z"}]
                }),
            ),
    )
}
