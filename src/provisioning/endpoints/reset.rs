//! `POST /admin/threedeye/users/{userId}/reset`: puts a stuck user right.
//!
//! Safe to repeat. The order (probe, delete remotely, clear the rows, provision)
//! and its guards are those of `provisioning::reset`.

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::provisioning::reset::ResetOrder;
use crate::provisioning::single::Unavailable;
use crate::threedeye::RemoteId;
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::post(
    "/admin/threedeye/users/{userId}/reset",
    "resetUser",
    handler!(handle: Admin),
);

/// The body of the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Options {
    clear_mapping: bool,
    delete_remote: bool,
    reprovision: bool,
    preserve_roles: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clear_mapping: true,
            delete_remote: false,
            reprovision: false,
            preserve_roles: false,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    user_id: String,
    email: Option<String>,
    cleared_mapping: bool,
    cleared_recovery: bool,
    remote: RemotePart,
    reprovision: ReprovisionPart,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemotePart {
    attempted_delete: bool,
    deleted_threedeye_user_id: Option<String>,
    not_visible: bool,
    removed_role_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReprovisionPart {
    attempted: bool,
    threedeye_user_id: Option<String>,
    error: Option<String>,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let options: Options = call.optional_body()?;
    let database = call.services.database()?;
    let remote = call.services.remote();
    let origin = call.origin(call.caller.actor());
    let order = ResetOrder {
        clear_mapping: options.clear_mapping,
        delete_remote: options.delete_remote,
        reprovision: options.reprovision,
        preserve_roles: options.preserve_roles,
    };
    let done = call
        .services
        .provisioning(&database, &origin)?
        .reset(remote.as_ref(), &user, order)
        .await?;
    let body = Body {
        user_id: user.to_string(),
        reprovision: describe_reprovision(done.reprovisioned, done.user_found),
        email: done.email,
        cleared_mapping: done.cleared_mapping,
        cleared_recovery: done.cleared_recovery,
        remote: RemotePart {
            attempted_delete: done.removal.attempted,
            deleted_threedeye_user_id: done.removal.deleted.map(|id| id.0),
            not_visible: done.removal.not_visible,
            removed_role_ids: done.removal.roles.into_iter().map(|role| role.0).collect(),
        },
    };
    Ok(Reply::json(StatusCode::OK, &body))
}

/// A failed reprovisioning is part of the answer, never its status.
fn describe_reprovision(
    reprovisioned: Option<Result<RemoteId, Unavailable>>,
    user_found: bool,
) -> ReprovisionPart {
    let attempted = reprovisioned.is_some();
    let (threedeye_user_id, error) = match reprovisioned {
        _ if !user_found => (None, Some("User not found".to_owned())),
        Some(Ok(id)) => (Some(id.0), None),
        // The client's face that the same failure has everywhere else.
        Some(Err(failure)) => (None, Some(ApiError::from(failure).message.into_owned())),
        None => (None, None),
    };
    ReprovisionPart {
        attempted,
        threedeye_user_id,
        error,
    }
}
