//! `GET /users/{userId}/3deye-credentials`: the user's 3dEye login; makes the
//! account on the first call.
//!
//! One D1 round trip authorises the caller and loads the user. Only a user
//! without an account costs more.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::store::touch_api_key;
use crate::auth::subject::is_subject_of;
use crate::auth::{ApiKey, Scope};
use crate::db::Database;
use crate::kernel::audit::Actor;
use crate::kernel::{Clock as _, UserId};
#[cfg(test)]
use crate::provisioning::endpoints::error_answers;
use crate::provisioning::record::ProvisioningRecord;
use crate::provisioning::store;
#[cfg(test)]
use crate::provisioning::{Failure, ProvisioningError};
#[cfg(test)]
use crate::threedeye::RemoteId;
use crate::web::caller::UserCaller;
#[cfg(test)]
use crate::web::openapi::{ErrorAnswer, OperationDoc, Spec, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/users/{userId}/3deye-credentials",
    "getThreeDeyeCredentials",
    handler!(handle: UserCaller),
);

/// A user's 3dEye login.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Credentials"))]
struct Body<'a> {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: &'a str,
    /// The e-mail that the password opens the account with; normalised, and still the earlier one
    /// after the e-mail of the user was changed.
    #[cfg_attr(test, schemars(length(min = 1)))]
    email: &'a str,
    #[cfg_attr(test, schemars(with = "RemoteId"))]
    three_deye_user_id: &'a str,
    /// The account's password.
    #[cfg_attr(
        test,
        schemars(length(equal = 20), regex(pattern = r"^[A-Za-z0-9._!\-]+$"))
    )]
    password: &'a str,
}

async fn handle(call: Call<UserCaller>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let database = call.services.database()?;
    let (record, actor) = load(&call, &database, &user).await?;
    match &record.user {
        None => return Err(ApiError::unknown_user()),
        Some(row) if row.email_key.is_none() => {
            return Err(ApiError::not_found("The user has no e-mail"));
        }
        Some(_) => {}
    }
    let remote = call.services.remote();
    let origin = call.origin(actor);
    let credentials = call
        .services
        .provisioning(&database, &origin)?
        .credentials(remote.as_ref(), &user, record)
        .await?;
    let body = Body {
        user_id: user.as_str(),
        email: credentials.email.as_str(),
        three_deye_user_id: &credentials.id.0,
        password: credentials.password.expose(),
    };
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

/// Loads the user and settles whether this caller may see it. A person or a
/// bound key learns nothing of other users, not even whether they exist.
async fn load(
    call: &Call<UserCaller>,
    database: &Database,
    user: &UserId,
) -> Result<(ProvisioningRecord, Actor), ApiError> {
    match &call.caller {
        UserCaller::Admin(admin) => {
            let (record, _) = store::load_with_key(database, user, None).await?;
            Ok((record, admin.actor()))
        }
        UserCaller::Person(identity) => {
            let (record, _) = store::load_with_key(database, user, None).await?;
            let subject = identity
                .subject
                .as_deref()
                .ok_or_else(|| ApiError::unauthorized("subject_missing"))?;
            let linked = record
                .user
                .as_ref()
                .and_then(|row| row.auth_subject.as_deref());
            if !is_subject_of(subject, user, linked) {
                return Err(ApiError::forbidden("another_user"));
            }
            Ok((record, Actor::person(user.as_str())))
        }
        UserCaller::Key(key) => load_by_key(call, database, user, key).await,
    }
}

async fn load_by_key(
    call: &Call<UserCaller>,
    database: &Database,
    user: &UserId,
    key: &ApiKey,
) -> Result<(ProvisioningRecord, Actor), ApiError> {
    let (record, row) = store::load_with_key(database, user, Some(&key.hash())).await?;
    let row = row.ok_or_else(|| ApiError::unauthorized("api_key_unknown"))?;
    if !row
        .scopes
        .iter()
        .any(|s| s == Scope::ThreedeyeRead.as_str())
    {
        return Err(ApiError::forbidden("api_key_scope"));
    }
    if row.user_id.as_ref().is_some_and(|bound| bound != user) {
        return Err(ApiError::forbidden("api_key_of_another_user"));
    }
    touch_api_key(database, &row, call.services.clock.now()).await?;
    Ok((record, Actor::api_key(&row.id)))
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "users",
        "A user's 3dEye login",
        "Makes the account on the first call. A person sees only their own (`sub` is the user's id \
         or `users.auth_subject`); an API key needs the scope threedeye:read and, if bound to a \
         user, that user; the admin pair sees every user's.",
    )
    .parameter(spec.user_id())
    .answer(spec.json::<Body>(200, "The login.").no_store().example(
        "credentials",
        example!({
            "userId": "00000000-0000-4000-8000-000000000001",
            "email": "jane@example.com",
            "threeDeyeUserId": "11111111-1111-4111-8111-111111111111",
            "password": "Example-Password-0.!"
        }),
    ))
    .error(ErrorAnswer::new(
        "UserNotFound",
        "No such user, or one without an e-mail.",
        [
            ("unknown", ProvisioningError::NoUser.into()),
            ("noEmail", ProvisioningError::NoEmail.into()),
        ],
    ))
    .error(ErrorAnswer::new(
        "Conflict",
        "The account cannot be made. With Retry-After: another actor is provisioning this user \
         right now. Without: it takes a human, as the message says.",
        [
            ("busy", ProvisioningError::Busy { retry_after_s: 1 }.into()),
            ("orphan", Failure::Orphan.into()),
            ("duplicate", Failure::Duplicate.into()),
        ],
    ))
    .error(error_answers::upstream())
    .error(error_answers::not_configured())
}
