//! `POST /admin/operators`: lets a person use the console.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

#[cfg(test)]
use super::list_operators::operator;
use crate::auth::SignIn;
use crate::kernel::EmailKey;
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
use crate::operators::Role;
#[cfg(test)]
use crate::operators::store::OperatorRow;
use crate::operators::store::{
    Created, create_operator, enable_operator, find_by_email, operator_by_id,
};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/operators",
    "createOperator",
    handler!(handle: Admin, (Role::Admin, SignIn::RecentlyAsOperator)),
);

/// The most characters an e-mail may have (RFC 5321, 4.5.3.1.3).
const MAX_EMAIL_CHARS: usize = 254;

/// The person.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateOperator"))]
struct RequestBody {
    /// As the identity provider knows it, of one of the domains of `ADMIN_EMAIL_DOMAINS`.
    #[cfg_attr(
        test,
        schemars(length(min = 3, max = 254), regex(pattern = "^[^@]+@[^@]+$"))
    )]
    email: String,
    role: Role,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let body: RequestBody = call.body()?;
    let email = email(&body.email, &call.services.config.admin_email_domains)?;
    let only_first = is_only_for_the_first(&call, body.role)?;
    let database = call.services.database()?;
    let known = find_by_email(&database, &email).await?;
    let (status, created, id) = match known {
        Some(known) => {
            let outcome = format!("role {}", body.role.as_str());
            let entry = call.entry(Action::EnableOperator, known.id.as_str(), outcome);
            let created = enable_operator(&database, body.role, only_first, &entry).await?;
            (StatusCode::OK, created, known.id)
        }
        None => {
            let id = prefixed_ulid("op", call.now(), &*call.services.random);
            let outcome = format!("role {}", body.role.as_str());
            let entry = call.entry(Action::CreateOperator, id.as_str(), outcome);
            let created = create_operator(&database, &email, body.role, only_first, &entry).await?;
            (StatusCode::CREATED, created, id)
        }
    };
    match created {
        Created::Done => {}
        Created::Exists => return Err(exists()),
        Created::HasAdmin => {
            call.require(Role::Admin, SignIn::Recently)?;
        }
    }
    let row = operator_by_id(&database, &id, call.now()).await?;
    let row = row.ok_or_else(|| ApiError::internal("an operator that was just made is gone"))?;
    Ok(Reply::json(status, &row))
}

/// Whether the call is good only while there is no enabled admin: the person who sets the service up holds the
/// admin pair, and may have signed in long ago.
fn is_only_for_the_first(call: &CallWithBody<Admin>, role: Role) -> Result<bool, ApiError> {
    match (call.require(Role::Admin, SignIn::Recently), &call.caller) {
        (Ok(()), _) => Ok(false),
        (Err(_), Admin::Pair(_)) if role == Role::Admin => Ok(true),
        (Err(error), _) => Err(error),
    }
}

/// An e-mail with which a sign-in can succeed.
fn email(text: &str, domains: &[String]) -> Result<EmailKey, ApiError> {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
    let email = EmailKey::of(text).filter(|email| {
        text.chars().count() <= MAX_EMAIL_CHARS
            && email.is_of(domains)
            && !email.as_str().starts_with('@')
            && email.as_str().chars().all(is_plain)
    });
    email.ok_or_else(|| {
        let message = "email: must be an e-mail of one of the domains of ADMIN_EMAIL_DOMAINS";
        ApiError::bad_request(message)
    })
}

fn exists() -> ApiError {
    let message = "There is an operator with this e-mail. Change their role instead";
    ApiError::new(StatusCode::CONFLICT, message)
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "Operators",
        "Lets a person use the console",
        "They sign in at the identity provider with this e-mail; at the first sign-in the provider's subject is \
         bound, and from then on no one else with the e-mail is let in. A disabled operator is enabled anew with \
         the role, and the subject is bound anew. Takes a recent sign-in: with a session one of the last 15 \
         minutes, with the admin pair one of the last 2 h, except for an admin while there is none.",
    )
    .body(spec.body::<RequestBody>().example(
        "admin",
        example!({ "email": "you@smartphonekey.com", "role": "admin" }),
    ))
    .answer(
        spec.json::<OperatorRow>(201, "The new operator.")
            .no_store()
            .link("disableOperator", [("operatorId", "$response.body#/id")])
            .example("created", operator()),
    )
    .answer(
        spec.json::<OperatorRow>(200, "The operator was disabled, and may sign in again.")
            .no_store()
            .example("enabled", operator()),
    )
    .error(
        ErrorAnswer::new(
            "OperatorExists",
            "There is an operator with this e-mail, who is not disabled.",
            [("exists", exists())],
        )
        .fixed(),
    )
}
