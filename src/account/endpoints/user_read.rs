//! `GET /api/users/{uuid}`: the full user.

#[cfg(test)]
use crate::account::endpoints::{self, representation};
use crate::account::store::read_user;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec};
use crate::web::{ApiError, Call, Reply, Route, handler};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{AccountCaller, Requirements};

pub const ROUTE: Route = Route::get(
    "/api/users/{uuid}",
    "getUser",
    handler!(handle: AccountCaller, Requirements::NONE),
);

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let selector = call.caller.select(call.uuid()?)?;
    let now = call.now();
    let lookup = read_user(&call.services.database()?, &selector, now).await?;
    let account = call.caller.authorize(&selector, lookup, now)?;
    Ok(full_user(&account.person, account.details))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Account security",
        "A user's profile",
        "`@me` shows the caller, to support any uuid that user.",
    )
    .parameter(endpoints::openapi_uuid())
    .answer(
        spec.json::<representation::FullUserBody>(200, "The user, whole.")
            .link("updateUser", [("uuid", "$request.path.uuid")])
            .example("jane", representation::example_user()),
    )
}
