//! `GET /api/users/{uuid}`: the full user.

#[cfg(test)]
use crate::account::endpoints::{openapi, representation};
use crate::account::store::read_user;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{Access, PersonCaller};

pub const ROUTE: Route = Route::get(
    "/api/users/{uuid}",
    "getUser",
    handler!(handle: PersonCaller, Access::Read),
);

async fn handle(call: Call<PersonCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.path("uuid")?)?;
    let user = read_user(&call.services.database()?, &selector, call.now()).await?;
    let account = call.caller.authorize(user)?;
    Ok(full_user(&account.person, account.details))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "A user's profile",
        "`@me` shows the caller, to support any uuid that user.",
    )
    .parameter(openapi::uuid())
    .answer(
        spec.json::<representation::FullUserBody>(200, "The user, whole.")
            .link("updateUser", [("uuid", "$request.path.uuid")])
            .example("jane", representation::example_user()),
    )
}
