//! What the statements are given and what they answer, besides whole records.

use serde::{Deserialize, Serialize};

use crate::audit;
use crate::kernel::{EmailKey, Timestamp};
use crate::platform::d1::{Arg, json};
use crate::provisioning::StoreError;
use crate::provisioning::store::{Bid, Settlement, Verdict};

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
    pub e: Option<&'a str>,
}

impl<'a> From<&'a Bid> for BidParameter<'a> {
    fn from(bid: &'a Bid) -> Self {
        Self {
            u: bid.user.as_str(),
            p: bid.password.as_str(),
            e: bid.newcomer.as_ref().map(EmailKey::as_str),
        }
    }
}

/// A settlement as `SETTLE` reads it.
#[derive(Serialize)]
pub struct SettlementParameter<'a> {
    #[serde(flatten)]
    verdict: VerdictParameter<'a>,
    #[serde(flatten)]
    audit: Option<AuditParameter<'a>>,
}

impl<'a> From<&'a Settlement> for SettlementParameter<'a> {
    fn from(settlement: &'a Settlement) -> Self {
        Self {
            verdict: settlement.into(),
            audit: settlement.entry.as_ref().map(Into::into),
        }
    }
}

#[derive(Serialize, Default)]
struct VerdictParameter<'a> {
    user: &'a str,
    state: Option<&'static str>,
    id: Option<&'a str>,
    email: Option<&'a str>,
    error: Option<&'a str>,
    next: Option<i64>,
    settled: Option<i64>,
    due: Option<i64>,
    success: u8,
    attempt: u8,
    forget: u8,
    closes: u8,
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
                settled_at,
            } => Self {
                settled: settled_at.map(Timestamp::as_millis),
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
struct AuditParameter<'a> {
    at: i64,
    actor: &'a str,
    action: &'static str,
    subject: &'a str,
    outcome: &'a str,
    request: &'a str,
}

impl<'a> From<&'a audit::Entry> for AuditParameter<'a> {
    fn from(entry: &'a audit::Entry) -> Self {
        Self {
            at: entry.at.as_millis(),
            actor: entry.origin.actor.as_str(),
            action: entry.action.as_str(),
            subject: &entry.subject,
            outcome: &entry.outcome,
            request: entry.origin.request_id.as_str(),
        }
    }
}

pub fn audit_json<'a>(
    entries: impl IntoIterator<Item = &'a audit::Entry>,
) -> Result<Arg, StoreError> {
    let entries: Vec<AuditParameter> = entries.into_iter().map(Into::into).collect();
    json(&entries)
}
