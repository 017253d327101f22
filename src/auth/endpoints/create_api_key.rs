//! `POST /admin/api-keys`: creates a key and shows it once.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::store::{ApiKeyRow, insert_api_key};
use crate::auth::{ApiKey, Scope, SignIn};
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
use crate::kernel::ordered::set_of;
use crate::kernel::{Timestamp, UserId};
use crate::operators::Role;
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::fields::GivenMoment;
#[cfg(test)]
use crate::web::openapi::{NO_CONTROL, OperationDoc, Spec, errors, example};
use crate::web::{ApiError, CallWithBody, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/api-keys",
    "createApiKey",
    handler!(handle: Admin, (Role::Admin, SignIn::Recently)),
);

/// The key to make.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreateApiKey"))]
pub struct RequestBody {
    /// What it may do.
    #[cfg_attr(test, schemars(length(min = 1)))]
    scopes: Vec<Scope>,
    /// Binds the key to one user, who must exist.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<UserId>"))]
    user_id: Option<String>,
    /// A name for humans, without control or invisible characters.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = 100), regex(pattern = NO_CONTROL)))]
    label: Option<String>,
    /// From when on it is refused; a moment to come. Left out or null: never.
    #[serde(default)]
    #[cfg_attr(test, schemars(with = "Option<GivenMoment>"))]
    expires_at: Option<String>,
}

/// A valid body.
pub struct NewKey {
    /// At least one, each once.
    pub scopes: Vec<String>,
    /// The user it is bound to.
    pub user_id: Option<UserId>,
    pub label: Option<String>,
    pub expires_at: Option<Timestamp>,
}

/// A new key. Its text is shown this once and cannot be read back.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "CreatedApiKey"))]
struct ResponseBody<'a> {
    /// `key_` and a ULID.
    #[cfg_attr(test, schemars(extend(
        "pattern" = "^key_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
        "examples" = ["key_01JZX0000000000000000000EX"],
    )))]
    id: &'a str,
    /// The key's text, to be sent as X-API-Key, and to the account API as Authorization: Bearer.
    #[cfg_attr(test, schemars(regex(pattern = r"^spk_[A-Za-z0-9_\-]{43}$")))]
    key: &'a str,
    /// What it may do.
    #[cfg_attr(test, schemars(with = "Vec<Scope>", extend("minItems" = 1, "uniqueItems" = true)))]
    scopes: &'a [String],
    /// The one user it is good for; null: every user.
    user_id: Option<&'a UserId>,
    /// What its maker called it.
    #[cfg_attr(test, schemars(length(max = 100)))]
    label: Option<&'a str>,
    created_at: Timestamp,
    /// From when on it is refused; null: never.
    expires_at: Option<Timestamp>,
}

async fn handle(call: CallWithBody<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let requested = validate(call.body()?, call.now())?;
    let random = &*call.services.random;
    let key = ApiKey::generate(random);
    let id = prefixed_ulid("key", call.now(), random);
    let outcome = format!("scopes {}", requested.scopes.join(" "));
    let entry = call.entry(Action::CreateApiKey, id.as_str(), outcome);
    let row = ApiKeyRow {
        id,
        scopes: requested.scopes,
        user_id: requested.user_id,
        label: requested.label,
        created_at: entry.at,
        last_used_at: None,
        expires_at: requested.expires_at,
        revoked_at: None,
    };
    if !insert_api_key(&call.services.database()?, &row, &key.hash(), &entry).await? {
        return Err(ApiError::unknown_user());
    }
    let body = ResponseBody {
        id: &row.id,
        key: key.expose(),
        scopes: &row.scopes,
        user_id: row.user_id.as_ref(),
        label: row.label.as_deref(),
        created_at: row.created_at,
        expires_at: row.expires_at,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

/// Checks what serde cannot.
///
/// # Errors
///
/// 400 that names the field.
pub fn validate(body: RequestBody, now: Timestamp) -> Result<NewKey, ApiError> {
    if body.scopes.is_empty() {
        return Err(ApiError::bad_request("scopes: must not be empty"));
    }
    let scopes = set_of(body.scopes);
    Ok(NewKey {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        user_id: fields::user_id(body.user_id.as_deref())?,
        label: fields::label(body.label)?,
        expires_at: fields::expires_at(body.expires_at.as_deref(), now)?,
    })
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "API keys",
        "Makes an API key",
        "The answer is the only place where the key's text is ever shown. A userId that is not in \
         the database is a 404. An expired key is refused as an unknown one is.",
    )
    .body(
        spec.body::<RequestBody>()
            .example(
                "service",
                example!({ "scopes": ["threedeye:read"], "label": "video gateway" }),
            )
            .example(
                "oneUser",
                example!({
                    "scopes": ["threedeye:read"],
                    "userId": "00000000-0000-4000-8000-000000000001"
                }),
            ),
    )
    .answer(
        spec.json::<ResponseBody>(201, "The new key.")
            .link("revokeApiKey", [("keyId", "$response.body#/id")])
            .no_store()
            .example(
                "created",
                example!({
                    "id": "key_01JZX0000000000000000000EX",
                    "key": "spk_EXAMPLE-ONLY-not-a-real-key-000000000000000",
                    "scopes": ["threedeye:read"],
                    "userId": null,
                    "label": "video gateway",
                    "createdAt": "2026-11-21T10:30:00.000Z",
                    "expiresAt": null
                }),
            ),
    )
    .error(errors::unknown_user())
}
