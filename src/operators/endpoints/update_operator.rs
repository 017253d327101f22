//! `PUT /admin/operators/{operatorId}`: gives an operator another role.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use super::list_operators::unknown;
#[cfg(test)]
use super::{list_operators, representation};
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
#[cfg(test)]
use crate::operators::store::OperatorRow;
use crate::operators::store::{Changed, change_role, operator_by_id};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::put(
    "/admin/operators/{operatorId}",
    "updateOperator",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "UpdateOperator"))]
struct RequestBody {
    role: Role,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let RequestBody { role } = call.body()?;
    let id = call.path("operatorId")?;
    let database = call.services.database()?;
    let entry = call.entry(
        Action::ChangeOperatorRole,
        id,
        format!("role {}", role.as_str()),
    );
    let domains = &call.services.config.admin_email_domains;
    match change_role(&database, domains, role, &entry).await? {
        Changed::Done => {}
        Changed::Unknown => return Err(unknown()),
        Changed::Disabled => return Err(disabled()),
        Changed::LastAdmin => return Err(last_admin()),
    }
    let row = operator_by_id(&database, id, call.now()).await?;
    Ok(Reply::json(StatusCode::OK, &row.ok_or_else(unknown)?))
}

fn disabled() -> ApiError {
    let message = "The operator is disabled. Make them anew with this role";
    ApiError::new(StatusCode::CONFLICT, message)
}

/// 409 of what would leave no one who can make operators.
pub fn last_admin() -> ApiError {
    let message = "This is the last admin. Make another operator an admin first";
    ApiError::new(StatusCode::CONFLICT, message)
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Operators",
        "Gives an operator another role",
        "Their sessions have it from the next request on. The last admin who could sign in, by ADMIN_EMAIL_DOMAINS, stays one.",
    )
    .parameter(representation::operator_id())
    .body(
        spec.body::<RequestBody>()
            .example("support", example!({ "role": "support" })),
    )
    .answer(
        spec.json::<OperatorRow>(200, "The operator.")
            .no_store()
            .example("operator", list_operators::operator()),
    )
    .error(representation::unknown_operator())
    .error(
        ErrorAnswer::new(
            "OperatorConflict",
            "The operator is disabled, or is the last admin and would not be one any more.",
            [("lastAdmin", last_admin()), ("disabled", disabled())],
        )
        .fixed(),
    )
}
