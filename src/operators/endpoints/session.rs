//! `GET /console/session`: who is signed in, and for how long.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::operators::Role;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, Session, handler};

pub const ROUTE: Route = Route::get("/console/session", "getSession", handler!(handle: Session));

/// The session of the request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "OwnSession"))]
struct ResponseBody<'a> {
    operator: Own<'a>,
    /// When the person signed in at the identity provider.
    authenticated_at: Timestamp,
    /// When it ends at the latest.
    ends_at: Timestamp,
    /// When it ends without further requests.
    idle_ends_at: Timestamp,
    /// Of the service.
    #[cfg_attr(test, schemars(length(min = 1)))]
    version: &'static str,
}

/// The operator whose session it is.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Own<'a> {
    #[cfg_attr(test, schemars(length(min = 1)))]
    id: &'a str,
    /// Their own, and so not masked.
    #[cfg_attr(test, schemars(length(min = 1)))]
    email: &'a str,
    role: Role,
}

async fn handle(call: Call<Session>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let (session, operator) = (&call.caller, call.caller.operator());
    let body = ResponseBody {
        operator: Own {
            id: &operator.id,
            email: operator.email.as_str(),
            role: operator.role,
        },
        authenticated_at: session.authenticated_at(),
        ends_at: session.ends_at(),
        idle_ends_at: session.idle_ends_at(),
        version: env!("CARGO_PKG_VERSION"),
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Console",
        "Tells who is signed in",
        "401 without a session, 503 where sign-in is not configured.",
    )
    .answer(
        spec.json::<ResponseBody>(200, "The session.")
            .no_store()
            .example(
                "session",
                example!({
                    "operator": {
                        "id": "op_01JZX0000000000000000000EX",
                        "email": "support@smartphonekey.com",
                        "role": "support"
                    },
                    "authenticatedAt": "2026-11-21T10:30:00.000Z",
                    "endsAt": "2026-11-21T18:30:00.000Z",
                    "idleEndsAt": "2026-11-21T11:30:00.000Z",
                    "version": "1.0.0"
                }),
            ),
    )
}
