//! `DELETE /admin/operators/{operatorId}`: lets a person use the console no more.

use http::StatusCode;

use super::list_operators::unknown;
#[cfg(test)]
use super::representation;
use super::update_operator::last_admin;
use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::operators::store::{Changed, disable_operator};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Answer, ErrorAnswer, OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::delete(
    "/admin/operators/{operatorId}",
    "disableOperator",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let entry = call.entry(
        Action::DisableOperator,
        call.path("operatorId")?,
        "disabled",
    );
    let domains = &call.services.config.admin_email_domains;
    match disable_operator(&call.services.database()?, domains, &entry).await? {
        Changed::Done | Changed::Disabled => Ok(Reply::empty(StatusCode::NO_CONTENT)),
        Changed::Unknown => Err(unknown()),
        Changed::LastAdmin => Err(last_admin()),
    }
}

#[cfg(test)]
fn openapi(_: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Operators",
        "Disables an operator",
        "At once: their sessions end. The operator stays in the list, because the audit trail names them. Also \
         204 when they are disabled already.",
    )
    .parameter(representation::operator_id())
    .answer(Answer::empty(204, "The operator may not sign in (any more)."))
    .error(representation::unknown_operator())
    .error(
        ErrorAnswer::new(
            "LastAdmin",
            "The last admin cannot be disabled.",
            [("lastAdmin", last_admin())],
        )
        .fixed(),
    )
}
