//! How operators' sessions are shown.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::operators::session::SESSION_IDLE;
use crate::operators::store::SessionRow;

/// Of a hash so much tells sessions apart, and is no way back to the cookie.
const ID_CHARS: usize = 16;

/// Open sessions, newest first.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ConsoleSessions"))]
pub struct Sessions {
    /// At most 10: a further sign-in ends the oldest.
    sessions: Vec<SessionItem>,
}

/// A session of the console.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "ConsoleSession"))]
struct SessionItem {
    /// Tells the session from others; no way to open it.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{16}$")))]
    id: String,
    created_at: Timestamp,
    /// When the person signed in at the identity provider.
    authenticated_at: Timestamp,
    /// The last request, to five minutes.
    last_seen_at: Timestamp,
    /// When it ends at the latest.
    ends_at: Timestamp,
    /// When it ends without further requests.
    idle_ends_at: Timestamp,
    /// From where it began; null: not known.
    address: Option<String>,
    /// The browser, as it calls itself; null: it did not.
    agent: Option<String>,
    /// Whether it is the session of this request.
    current: bool,
}

impl Sessions {
    /// `current`: the hash of the request's session.
    pub fn of(rows: Vec<SessionRow>, current: Option<&str>) -> Self {
        let items = rows.into_iter().map(|row| SessionItem {
            current: current == Some(row.id_hash.as_str()),
            id: row.id_hash.chars().take(ID_CHARS).collect(),
            created_at: row.created_at,
            authenticated_at: row.authenticated_at,
            last_seen_at: row.seen_at,
            ends_at: row.ends_at,
            idle_ends_at: row.seen_at.plus(SESSION_IDLE).min(row.ends_at),
            address: row.address,
            agent: row.agent,
        });
        Self {
            sessions: items.collect(),
        }
    }
}

/// One of them, for `openapi.json`.
#[cfg(test)]
pub fn example() -> crate::web::openapi::Json {
    crate::web::openapi::example!({
        "sessions": [
            {
                "id": "0123456789abcdef",
                "createdAt": "2026-11-21T10:30:00.000Z",
                "authenticatedAt": "2026-11-21T10:29:50.000Z",
                "lastSeenAt": "2026-11-21T10:45:00.000Z",
                "endsAt": "2026-11-21T18:30:00.000Z",
                "idleEndsAt": "2026-11-21T11:45:00.000Z",
                "address": "203.0.113.7",
                "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "current": true
            }
        ]
    })
}

/// The path's `{operatorId}`, for `openapi.json`.
#[cfg(test)]
pub fn operator_id() -> crate::web::openapi::Parameter {
    use crate::web::openapi::{Parameter, any_text};

    let schema = any_text("op_01JZX0000000000000000000EX");
    Parameter::path("OperatorId", "operatorId", "The id of an operator.", schema)
}

/// 404 of an operator.
#[cfg(test)]
pub fn unknown_operator() -> crate::web::openapi::ErrorAnswer {
    crate::web::openapi::ErrorAnswer::new(
        "UnknownOperator",
        "No such operator.",
        [("unknown", super::list_operators::unknown())],
    )
}
