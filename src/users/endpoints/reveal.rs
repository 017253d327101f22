//! `POST /admin/users/{userId}/reveal`: a person's e-mail and phone number, unmasked, for a reason.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::SignIn;
use crate::kernel::audit::Action;
use crate::operators::Role;
use crate::users::store;
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, errors, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, fields, handler};

pub const ROUTE: Route = Route::post(
    "/admin/users/{userId}/reveal",
    "revealUser",
    handler!(handle: Admin, (Role::Support, SignIn::AnyTime)),
);

/// What to show, and why.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "RevealRequest"))]
struct Request {
    #[cfg_attr(test, schemars(length(min = 1)))]
    fields: Vec<Field>,
    /// For the audit trail, where it stays: no personal data.
    #[cfg_attr(test, schemars(length(min = 1), regex(pattern = fields::words_pattern(fields::MAX_REASON_CHARS))))]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
enum Field {
    Email,
    Phone,
}

/// What was asked for, unmasked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "RevealedUser"))]
struct Body {
    /// Null: not asked for, or there is none.
    email: Option<String>,
    /// Null: not asked for, or there is none.
    phone_number: Option<String>,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let request: Request = call.body()?;
    let reason = fields::reason(&request.reason)?;
    let shows = |field| request.fields.contains(&field);
    let outcome = match (shows(Field::Email), shows(Field::Phone)) {
        (true, true) => "email, phone",
        (true, false) => "email",
        (false, true) => "phone",
        (false, false) => return Err(ApiError::bad_request("fields: must not be empty")),
    };
    call.log_access(&call.caller.actor(), &user);
    let mut entry = call.entry(Action::RevealUser, user.as_str(), outcome);
    entry.origin = entry.origin.because(reason);
    let revealed = store::reveal(&call.services.database()?, &user, &entry).await?;
    let revealed = revealed.ok_or_else(ApiError::unknown_user)?;
    let body = Body {
        email: revealed.email.filter(|_| shows(Field::Email)),
        phone_number: revealed.phone_number.filter(|_| shows(Field::Phone)),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User support",
        "Shows a person's e-mail and phone number",
        "Unmasked. Who asked, for what and why is written into the audit trail as user.reveal. Of a deleted user whose \
         account is still there, the last e-mail.",
    )
    .parameter(spec.user_id())
    .body(
        spec.body::<Request>()
            .example("callBack", example!({ "fields": ["email", "phone"], "reason": "ticket 4711: call back" })),
    )
    .answer(
        spec.json::<Body>(200, "What was asked for.")
            .no_store()
            .example("person", example!({ "email": "jane@example.com", "phoneNumber": "+491701234512" })),
    )
    .error(errors::unknown_user())
}
