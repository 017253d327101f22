//! `GET /admin/users/{userId}/export`: all that is stored about a person, without secrets.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
#[cfg(test)]
use serde_json::json;

use crate::auth::SignIn;
#[cfg(test)]
use crate::kernel::UserId;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::provisioning::store::{self, Exported};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Parameter, Spec, errors, example};
use crate::web::page::Limit;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// Rows of the audit trail when the caller does not say.
const DEFAULT_LIMIT: u32 = 200;
const MAX_LIMIT: u32 = 1000;

pub const ROUTE: Route = Route::get_only(
    "/admin/users/{userId}/export",
    "exportUser",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// All that is stored about a person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "UserExport"))]
struct Body {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    #[serde(flatten)]
    exported: Exported,
    /// `auditBefore` for older rows of the trail. Null: there are none.
    next_audit_before: Option<u32>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    let query = call.query(&["auditLimit", "auditBefore"])?;
    let limit = query.count("auditLimit", DEFAULT_LIMIT, MAX_LIMIT)?;
    let limit = Limit::new("auditLimit", limit, MAX_LIMIT)?;
    let before = query.count("auditBefore", u32::MAX, u32::MAX)?;
    let entry = call.entry(Action::ExportUser, user.as_str(), "read");
    let database = call.services.database()?;
    let read = limit.to_read();
    let mut exported = store::export_user(&database, &user, before, read, &entry).await?;
    if exported.is_empty() && query.text("auditBefore").is_none() {
        return Err(ApiError::unknown_user());
    }
    let (audit, next_audit_before) = limit.cut(std::mem::take(&mut exported.audit), |row| row.id);
    exported.audit = audit;
    let body = Body {
        user_id: user.to_string(),
        next_audit_before,
        exported,
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Off-boarding",
        "All that is stored about a person",
        "For a person who asks what is stored about them. Passwords, tokens, keys, secrets and codes \
         are left out. The audit trail comes in pages, newest first, and is there after the user was \
         deleted, too. The read is written into the trail.",
    )
    .parameter(spec.user_id())
    .parameter(Parameter::count("auditLimit", "Rows of the audit trail at most.", DEFAULT_LIMIT, MAX_LIMIT))
    .parameter(Parameter::query(
        "auditBefore",
        "Only rows of the trail before this one: `nextAuditBefore` of the page before.",
        json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX }),
    ))
    .answer(
        spec.json::<Body>(200, "What is stored.")
            .no_store()
            .example("person", example!({
                "userId": "00000000-0000-4000-8000-000000000001",
                "user": {
                    "email": "jane@example.com",
                    "phoneNumber": null,
                    "createdAt": "2024-01-15T10:30:00.000Z",
                    "authSubject": "auth0|jane"
                },
                "threedeyeAccount": {
                    "state": "complete",
                    "email": "jane@example.com",
                    "threedeyeUserId": "11111111-1111-4111-8111-111111111111",
                    "hasPassword": true,
                    "attempts": 0,
                    "lastError": null,
                    "nextAttemptAt": null,
                    "createdAt": "2026-11-21T10:30:00.000Z",
                    "updatedAt": "2026-11-21T10:30:00.000Z",
                    "leftAt": null,
                    "forgottenEmail": null,
                    "forgottenThreedeyeId": null,
                    "takenOverEmail": null,
                    "roleIds": []
                },
                "profile": null,
                "secondFactor": null,
                "pushTokens": [],
                "scenes": [],
                "apiKeys": [],
                "instanceUsers": [],
                "notices": [],
                "lists": [{
                    "runId": "run_01JZX0000000000000000000EX",
                    "action": "reset",
                    "state": "done",
                    "outcome": "reset",
                    "endedAt": "2026-11-21T10:30:01.250Z"
                }],
                "audit": [{
                    "id": 7,
                    "at": "2026-11-21T10:30:00.000Z",
                    "actor": "cron",
                    "action": "threedeye.provision",
                    "outcome": "created",
                    "requestId": "req_01JZX0000000000000000000EX",
                    "address": null
                }],
                "nextAuditBefore": null
            })),
    )
    .error(errors::unknown_user())
}
