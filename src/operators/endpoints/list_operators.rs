//! `GET /admin/operators`: who may use the console.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::operators::Role;
use crate::operators::store::{OperatorRow, list_operators};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{Json, OperationDoc, Spec, example};
use crate::web::page::{self, Limit};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/operators",
    "listOperators",
    handler!(handle: Admin, (Role::Admin, SignIn::AnyTime)),
);

const MAX_LIMIT: u32 = 200;

/// A page of the operators, disabled ones too, newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Operators"))]
struct ResponseBody {
    operators: Vec<OperatorRow>,
    /// What to send as `after` for the next page; null: there is none.
    next: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let query = call.query(&["limit", "after"])?;
    let limit = Limit::up_to(&query, MAX_LIMIT)?;
    let after = page::after(&query, "op", "an operator")?;
    let database = call.services.database()?;
    let rows = list_operators(&database, after, limit.to_read(), call.now()).await?;
    let (operators, next) = limit.cut(rows, |row| row.id.clone());
    Ok(Reply::json(
        StatusCode::OK,
        &ResponseBody { operators, next },
    ))
}

/// 404 of the path's operator.
pub fn unknown() -> ApiError {
    ApiError::not_found("Operator not found")
}

/// An operator, for `openapi.json`.
#[cfg(test)]
pub fn operator() -> Json {
    example!({
        "id": "op_01JZX0000000000000000000EX",
        "email": "support@smartphonekey.com",
        "role": "support",
        "createdAt": "2026-11-21T10:30:00.000Z",
        "createdBy": "admin-key:0a1b2c3d a***@smartphonekey.com (auth0|65f0a2)",
        "lastSeenAt": null,
        "disabledAt": null,
        "sessions": 0
    })
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Operators",
        "Lists the operators of the console",
        "Newest first, disabled ones too: the audit trail names them.",
    )
    .parameter(Limit::openapi_up_to(
        "Operators to list at most.",
        MAX_LIMIT,
    ))
    .parameter(page::openapi_after(
        "op",
        "Only operators made before this one: `next` of the page before.",
    ))
    .answer(
        spec.json::<ResponseBody>(200, "The operators.")
            .no_store()
            .example(
                "operators",
                Json::object([
                    ("operators", Json::array([operator()])),
                    ("next", example!(null)),
                ]),
            ),
    )
}
