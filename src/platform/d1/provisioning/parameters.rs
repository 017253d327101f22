//! What the statements are given and what they answer, besides whole records.

use serde::{Deserialize, Serialize};

use crate::audit;
use crate::kernel::Timestamp;
use crate::platform::d1::{Arg, json};
use crate::provisioning::StoreError;
use crate::provisioning::store::{Settlement, Verdict};

#[derive(Deserialize)]
pub struct WaitingRow {
    pub waiting: u64,
}

#[derive(Deserialize)]
pub struct WrittenRow {
    pub written: u8,
}

#[derive(Deserialize)]
pub struct UserIdRow {
    pub user_id: String,
}

#[derive(Deserialize)]
pub struct AccountRow {
    pub threedeye_id: String,
}

/// An account of 3dEye.
#[derive(Serialize)]
pub struct AccountParameter<'a> {
    pub id: &'a str,
    pub email: Option<&'a str>,
}

#[derive(Serialize)]
pub struct BidParameter<'a> {
    pub u: &'a str,
    pub p: &'a str,
}

/// One verdict as `SETTLE`, `DROP_RECOVERIES` and `MOVE_IN_QUEUE` read it.
#[derive(Serialize, Default)]
pub struct VerdictParameter<'a> {
    pub user: &'a str,
    pub state: Option<&'static str>,
    pub id: Option<&'a str>,
    pub email: Option<&'a str>,
    pub error: Option<&'a str>,
    pub next: Option<i64>,
    pub due: Option<i64>,
    pub success: u8,
    pub attempt: u8,
    pub forget: u8,
    pub closes: u8,
}

impl<'a> From<&'a Settlement> for VerdictParameter<'a> {
    fn from(settlement: &'a Settlement) -> Self {
        let base = Self {
            user: settlement.user.as_str(),
            ..Self::default()
        };
        match &settlement.verdict {
            Verdict::Complete { id } => Self {
                state: Some("complete"),
                id: Some(&id.0),
                success: 1,
                ..base
            },
            Verdict::Attaching {
                id,
                next_attempt_at,
                error,
            } => Self {
                state: Some("attaching"),
                id: Some(&id.0),
                next: Some(next_attempt_at.as_millis()),
                error: Some(error),
                attempt: 1,
                ..base
            },
            Verdict::Failed {
                next_attempt_at,
                error,
            } => Self {
                next: Some(next_attempt_at.as_millis()),
                error: Some(error),
                attempt: 1,
                ..base
            },
            Verdict::Quarantined { error } => Self {
                state: Some("quarantined"),
                error: Some(error),
                attempt: 1,
                closes: 1,
                ..base
            },
            Verdict::SetAside { email, error } => Self {
                state: Some("set_aside"),
                email: Some(email.as_str()),
                error: Some(error),
                attempt: 1,
                forget: 1,
                closes: 1,
                ..base
            },
            Verdict::Released { due_at } => Self {
                due: due_at.map(Timestamp::as_millis),
                ..base
            },
        }
    }
}

#[derive(Serialize)]
pub struct AuditParameter<'a> {
    pub at: i64,
    pub actor: &'a str,
    pub action: &'static str,
    pub subject: &'a str,
    pub outcome: &'a str,
    pub request: &'a str,
}

pub fn audit_json<'a>(
    entries: impl IntoIterator<Item = &'a audit::Entry>,
) -> Result<Arg, StoreError> {
    let entries: Vec<AuditParameter> = entries
        .into_iter()
        .map(|entry| AuditParameter {
            at: entry.at.as_millis(),
            actor: entry.origin.actor.as_str(),
            action: entry.action.as_str(),
            subject: &entry.subject,
            outcome: &entry.outcome,
            request: entry.origin.request_id.as_str(),
        })
        .collect();
    json(&entries)
}
