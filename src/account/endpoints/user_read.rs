//! `GET /api/users/{uuid}`: the full user.

use futures_util::FutureExt as _;
use http::Method;

use crate::web::route::Handler;
use crate::web::surface::Surface;
use crate::web::{ApiError, Call, Reply, Route};

use crate::account::endpoints::representation::full_user;
use crate::account::endpoints::{AccountCaller, Door};

/// The route.
pub const ROUTE: Route = Route {
    method: Method::GET,
    path: "/api/users/{uuid}",
    operation: "getUser",
    surface: Surface::Account,
    handler: Handler::Person(Door::people(|call| handle(call).boxed_local())),
};

async fn handle(call: Call<AccountCaller>) -> Result<Reply, ApiError> {
    let whose = call.caller.whose(call.uuid()?)?;
    let now = call.now();
    let visit = call.services.database()?.full_user(&whose, now).await?;
    let admitted = call.caller.admit(&whose, visit, now)?;
    Ok(full_user(&admitted.account))
}
