//! An entry of the trail, as answers show it.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::AuditRow;
#[cfg(test)]
use crate::kernel::RequestId;
use crate::kernel::Timestamp;

/// What an actor of the trail begins with; `kernel::audit::Actor` writes them.
const KINDS: [&str; 10] = [
    "cron",
    "queue",
    "operator",
    "sign-in",
    "admin-key",
    "user",
    "staff",
    "api-key",
    "account-key",
    "instance-key",
];

/// Stands for what is not among them.
const OTHER: &str = "other";

/// One change, and who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AuditEntry"))]
pub struct AuditEntry {
    pub id: u64,
    pub at: Timestamp,
    pub actor: AuditActor,
    /// What was done, such as `threedeye.reset`.
    pub action: String,
    /// The user, key or other thing that was changed.
    pub subject: String,
    pub outcome: String,
    /// What the administrator gave as the reason.
    pub reason: Option<String>,
    #[cfg_attr(test, schemars(with = "RequestId"))]
    pub request_id: String,
    /// The client's address. Null where there is no client, and for the outcome of a provisioning.
    pub address: Option<String>,
}

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AuditActor"))]
pub struct AuditActor {
    /// cron: the scheduled run. queue: a consumer of planned runs. operator: of the console. sign-in: a person who
    /// signed in at the identity provider and got no session. admin-key: a holder of the admin pair. user: a signed-in person. staff: a member of staff, by their token. other: of a later version.
    #[cfg_attr(test, schemars(extend("enum" = KINDS.iter().chain(&[OTHER]).collect::<Vec<_>>())))]
    pub kind: &'static str,
    /// Of the operator, the person or the key; the key's fingerprint for an admin key.
    pub id: Option<String>,
    /// The masked e-mail, and whatever else tells two people apart.
    pub name: Option<String>,
}

impl AuditEntry {
    /// The row, with what people typed `shown` as its reader may see it. The trail itself names people by masks.
    pub fn of(row: AuditRow, shown: impl Fn(String) -> String) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor: AuditActor::parse(&row.actor),
            action: row.action,
            subject: row.subject,
            outcome: shown(row.outcome),
            reason: row.reason.map(shown),
            request_id: row.request_id,
            address: row.address,
        }
    }
}

impl AuditActor {
    /// Takes the name apart that `kernel::audit::Actor` puts together.
    fn parse(text: &str) -> Self {
        let (head, rest) = text.split_once(':').unwrap_or((text, ""));
        let Some(kind) = KINDS.into_iter().find(|kind| *kind == head) else {
            return Self {
                kind: OTHER,
                id: None,
                name: some(text),
            };
        };
        let (id, name) = match kind {
            // A person's id may have blanks in it.
            "user" => (rest, ""),
            "staff" | "sign-in" => ("", rest),
            _ => rest.split_once(' ').unwrap_or((rest, "")),
        };
        Self {
            kind,
            id: some(id),
            name: some(name),
        }
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::audit::Actor;

    #[test]
    fn an_actor_is_taken_apart_as_it_was_put_together() {
        for (actor, kind, id, name) in [
            (Actor::cron(), "cron", None, None),
            (Actor::queue(), "queue", None, None),
            (
                Actor::admin("0a1b", "a***@smartphonekey.com (auth0|65)"),
                "admin-key",
                Some("0a1b"),
                Some("a***@smartphonekey.com (auth0|65)"),
            ),
            (
                Actor::operator("op_1", "s***@smartphonekey.com"),
                "operator",
                Some("op_1"),
                Some("s***@smartphonekey.com"),
            ),
            (
                Actor::signed_in("s***@smartphonekey.com (auth0|65)"),
                "sign-in",
                None,
                Some("s***@smartphonekey.com (auth0|65)"),
            ),
            (Actor::person("a b:c"), "user", Some("a b:c"), None),
            (Actor::staff("auth0|7"), "staff", None, Some("auth0|7")),
            (Actor::api_key("key_1"), "api-key", Some("key_1"), None),
            (
                Actor::account_key("akey_1"),
                "account-key",
                Some("akey_1"),
                None,
            ),
            (
                Actor::instance_key("ikey_1", None),
                "instance-key",
                Some("ikey_1"),
                None,
            ),
            (
                Actor::instance_key("ikey_1", Some(7)),
                "instance-key",
                Some("ikey_1"),
                Some("instance-user:7"),
            ),
        ] {
            let parsed = AuditActor::parse(actor.as_str());
            assert_eq!(
                (parsed.kind, parsed.id.as_deref(), parsed.name.as_deref()),
                (kind, id, name)
            );
        }
        let unknown = AuditActor::parse("robot:1 x");
        assert_eq!(
            (unknown.kind, unknown.name.as_deref()),
            ("other", Some("robot:1 x"))
        );
    }
}
