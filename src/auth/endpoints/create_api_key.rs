//! `POST /admin/api-keys`: creates a key and shows it once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::auth::store::{ApiKeyRow, NewApiKey, insert_api_key};
use crate::auth::{ApiKey, Scope};
use crate::kernel::audit::{Action, Entry};
use crate::kernel::ids::prefixed_ulid;
use crate::kernel::{Clock as _, Timestamp, UserId};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post("/admin/api-keys", "createApiKey", handler!(handle: Admin));

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestBody {
    scopes: Vec<Scope>,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseBody<'a> {
    id: &'a str,
    key: &'a str,
    scopes: &'a [String],
    user_id: Option<&'a UserId>,
    label: Option<&'a str>,
    created_at: Timestamp,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let requested = validate(call.body()?)?;
    let now = call.services.clock.now();
    let key = ApiKey::generate(&call.services.random);
    let new = NewApiKey {
        hash: key.hash(),
        row: ApiKeyRow {
            id: prefixed_ulid("key", now, &call.services.random),
            scopes: requested.scopes,
            user_id: requested.user_id,
            label: requested.label,
            created_at: now,
            last_used_at: None,
        },
    };
    let entry = Entry {
        at: now,
        origin: call.origin(call.caller.actor()),
        action: Action::CreateApiKey,
        subject: new.row.id.clone(),
        outcome: format!("scopes {}", new.row.scopes.join(" ")),
    };
    if !insert_api_key(&call.services.database()?, &new, &entry).await? {
        return Err(ApiError::bad_request("userId: no such user"));
    }
    let body = ResponseBody {
        id: &new.row.id,
        key: key.expose(),
        scopes: &new.row.scopes,
        user_id: new.row.user_id.as_ref(),
        label: new.row.label.as_deref(),
        created_at: now,
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
