//! What was done to a user lately.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
use crate::users::store::HistoryRow;

/// A row of the audit trail.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "UserHistoryEntry"))]
pub struct Entry {
    id: u64,
    at: Timestamp,
    actor: Actor,
    action: String,
    /// The user.
    subject: String,
    outcome: String,
    /// What the administrator typed as the reason.
    reason: Option<String>,
    request_id: String,
    /// The client's address; null without a client.
    address: Option<String>,
}

/// Who did it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct Actor {
    /// cron, queue, admin-key, operator, user, staff, api-key, account-key or instance-key.
    kind: String,
    /// The key, operator or user.
    id: Option<String>,
    /// Masked.
    name: Option<String>,
}

impl Actor {
    fn parse(text: &str) -> Self {
        let (kind, rest) = match text.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (text, None),
        };
        let parts = rest.map(|rest| rest.split_once(' ').unwrap_or((rest, "")));
        let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            kind: kind.to_owned(),
            id: parts.and_then(|(id, _)| part(id)),
            name: parts.and_then(|(_, name)| part(name)),
        }
    }
}

impl From<HistoryRow> for Entry {
    fn from(row: HistoryRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor: Actor::parse(&row.actor),
            action: row.action,
            subject: row.subject,
            outcome: row.outcome,
            reason: row.reason,
            request_id: row.request_id,
            address: row.address,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_is_a_kind_with_an_id_and_a_name() {
        for (text, kind, id, name) in [
            ("cron", "cron", None, None),
            ("user:u1", "user", Some("u1"), None),
            (
                "operator:op_1 j***@x.example",
                "operator",
                Some("op_1"),
                Some("j***@x.example"),
            ),
            (
                "admin-key:ab12 j***@x.example (auth0|1)",
                "admin-key",
                Some("ab12"),
                Some("j***@x.example (auth0|1)"),
            ),
        ] {
            let actor = Actor::parse(text);
            let parts = (
                actor.kind.as_str(),
                actor.id.as_deref(),
                actor.name.as_deref(),
            );
            assert_eq!(parts, (kind, id, name));
        }
    }
}
