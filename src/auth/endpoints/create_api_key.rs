//! `POST /admin/api-keys`: makes a key and shows it once.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::auth::store::{ApiKeyRow, NewApiKey};
use crate::auth::{ApiKey, ApiKeyId, Scope};
use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock as _, Timestamp, UserId};
use crate::web::caller::Admin;
use crate::web::fields;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post("/admin/api-keys", "createApiKey", handler!(handle: Admin));

/// The body of the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wish {
    scopes: Vec<Scope>,
    #[serde(default)]
    user_id: Option<String>,
    #[serde(default)]
    label: Option<String>,
}

/// A key that may be made, if its user exists.
pub struct Checked {
    /// At least one, each once.
    pub scopes: Vec<String>,
    /// The user it is bound to.
    pub user_id: Option<UserId>,
    /// At most 100 characters, none of them a control character.
    pub label: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    id: &'a str,
    key: &'a str,
    scopes: &'a [String],
    user_id: Option<&'a UserId>,
    label: Option<&'a str>,
    created_at: Timestamp,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    call.query(&[])?;
    let checked = check(call.body()?)?;
    let now = call.services.clock.now();
    let key = ApiKey::generate(&call.services.random);
    let id = ApiKeyId::mint(now, &call.services.random);
    let kept = NewApiKey {
        hash: key.hash(),
        row: ApiKeyRow {
            id: id.as_str().to_owned(),
            scopes: checked.scopes,
            user_id: checked.user_id,
            label: checked.label,
            created_at: now,
            last_used_at: None,
        },
    };
    let entry = Entry {
        at: now,
        origin: call.origin(call.caller.actor()),
        action: Action::CreateApiKey,
        subject: kept.row.id.clone(),
        outcome: format!("scopes {}", kept.row.scopes.join(" ")),
    };
    if !call
        .services
        .database()?
        .insert_api_key(&kept, &entry)
        .await?
    {
        return Err(ApiError::bad_request("userId: no such user"));
    }
    let body = Body {
        id: &kept.row.id,
        key: key.expose(),
        scopes: &kept.row.scopes,
        user_id: kept.row.user_id.as_ref(),
        label: kept.row.label.as_deref(),
        created_at: now,
    };
    Ok(Reply::json(StatusCode::CREATED, &body).no_store())
}

/// Holds a wish to what serde cannot say.
///
/// # Errors
///
/// 400 that names the field.
pub fn check(wish: Wish) -> Result<Checked, ApiError> {
    if wish.scopes.is_empty() {
        return Err(ApiError::bad_request("scopes: must not be empty"));
    }
    let mut scopes = wish.scopes;
    scopes.sort();
    scopes.dedup();
    let scopes = scopes
        .into_iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    Ok(Checked {
        scopes,
        user_id: fields::user_id(wish.user_id.as_deref())?,
        label: fields::label(wish.label)?,
    })
}
