//! `POST /admin/api-keys`: creates a key and shows it once.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::auth::store::{ApiKeyRow, insert_api_key};
use crate::auth::{ApiKey, Scope, SignIn};
use crate::kernel::audit::Action;
use crate::kernel::ids::prefixed_ulid;
use crate::kernel::{Timestamp, UserId};
use crate::web::caller::Admin;
use crate::web::fields;
#[cfg(test)]
use crate::web::openapi::{NO_CONTROL, OperationDoc, Spec, errors, example};
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/api-keys",
    "createApiKey",
    handler!(handle: Admin, SignIn::Recently),
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
    /// A name for humans, without control characters.
    #[serde(default)]
    #[cfg_attr(test, schemars(length(max = 100), regex(pattern = NO_CONTROL)))]
    label: Option<String>,
}

/// A valid body.
pub struct NewKey {
    /// At least one, each once.
    pub scopes: Vec<String>,
    /// The user it is bound to.
    pub user_id: Option<UserId>,
    pub label: Option<String>,
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
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let requested = validate(call.body()?)?;
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
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

/// Checks what serde cannot.
///
/// # Errors
///
/// 400 that names the field.
pub fn validate(body: RequestBody) -> Result<NewKey, ApiError> {
    if body.scopes.is_empty() {
        return Err(ApiError::bad_request("scopes: must not be empty"));
    }
    let mut scopes = body.scopes;
    scopes.sort();
    scopes.dedup();
    Ok(NewKey {
        scopes: scopes.iter().map(ToString::to_string).collect(),
        user_id: fields::user_id(body.user_id.as_deref())?,
        label: fields::label(body.label)?,
    })
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "API keys",
        "Makes an API key",
        "The answer is the only place where the key's text is ever shown. A userId that is not in \
         the database is a 404.",
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
                    "createdAt": "2026-11-21T10:30:00.000Z"
                }),
            ),
    )
    .error(errors::unknown_user())
}
