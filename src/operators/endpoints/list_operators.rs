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
use crate::web::openapi::{Json, OperationDoc, Parameter, Spec, example};
use crate::web::query::Query;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/operators",
    "listOperators",
    handler!(handle: Admin, (Role::Admin, SignIn::AnyTime)),
);

const DEFAULT_LIMIT: u32 = 50;
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
    let limit = query.count("limit", DEFAULT_LIMIT, MAX_LIMIT)?;
    let after = after(&query)?;
    let database = call.services.database()?;
    // One more than is shown, to know whether there is a next page.
    let mut operators = list_operators(&database, after, limit + 1, call.now()).await?;
    let has_more = operators.len() > limit as usize;
    operators.truncate(limit as usize);
    let last = operators.last().map(|operator| operator.id.clone());
    let body = ResponseBody {
        operators,
        next: last.filter(|_| has_more),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

fn after(query: &Query) -> Result<Option<&str>, ApiError> {
    let Some(text) = query.text("after") else {
        return Ok(None);
    };
    let is_id = text.strip_prefix("op_").is_some_and(|ulid| {
        ulid::Ulid::from_string(ulid).is_ok_and(|parsed| parsed.to_string() == ulid)
    });
    if is_id {
        Ok(Some(text))
    } else {
        Err(ApiError::bad_request(
            "after: must be the id of an operator",
        ))
    }
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
    use serde_json::json;

    OperationDoc::new(
        "Operators",
        "Lists the operators of the console",
        "Newest first, disabled ones too: the audit trail names them.",
    )
    .parameter(Parameter::count(
        "limit",
        "Operators to list at most.",
        DEFAULT_LIMIT,
        MAX_LIMIT,
    ))
    .parameter(Parameter::query(
        "after",
        "Only operators made before this one: `next` of the page before.",
        json!({ "type": "string", "pattern": "^op_[0-7][0-9A-HJKMNP-TV-Z]{25}$" }),
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
