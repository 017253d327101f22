//! `POST /admin/instances`: creates an instance. Safe to repeat.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::user_keys::endpoints::instances;
#[cfg(test)]
use crate::user_keys::store::InstanceRow;
use crate::user_keys::store::create_instance;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/instances",
    "createInstance",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// The instance to make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateInstance"))]
struct RequestBody {
    #[cfg_attr(test, schemars(with = "instances::GivenInstanceName"))]
    name: String,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let body: RequestBody = call.body()?;
    let name = instances::name_in_field("name", &body.name)?;
    let subject = format!("instance:{name}");
    let entry = call.entry(Action::CreateInstance, subject, "created");
    let database = call.services.database()?;
    let created = create_instance(&database, name, &entry).await?;
    let status = if created.existed {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    Ok(Reply::json(status, &created.row).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Instances",
        "Makes an instance",
        "Safe to repeat. The name is put into lower case.",
    )
    .body(
        spec.body::<RequestBody>()
            .example("rivia", example!({ "name": "Rivia" })),
    )
    .answer(
        spec.json::<InstanceRow>(200, "The instance was there already; nothing was changed.")
            .link("createInstanceApiKey", [("name", "$response.body#/name")])
            .link("createInstanceUser", [("name", "$response.body#/name")])
            .link("listInstanceUsers", [("name", "$response.body#/name")])
            .no_store()
            .example(
                "existing",
                example!({ "name": "rivia", "createdAt": "2026-11-21T10:30:00.000Z" }),
            ),
    )
    .answer(
        spec.json::<InstanceRow>(201, "The new instance.")
            .link("createInstanceApiKey", [("name", "$response.body#/name")])
            .link("createInstanceUser", [("name", "$response.body#/name")])
            .link("listInstanceUsers", [("name", "$response.body#/name")])
            .no_store()
            .example(
                "created",
                example!({ "name": "rivia", "createdAt": "2026-11-21T10:30:00.000Z" }),
            ),
    )
}
