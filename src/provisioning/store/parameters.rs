//! What the statements are given and what they answer, besides whole records.

use serde::{Deserialize, Serialize};

use crate::db::AuditParameter;
use crate::db::DatabaseError;
use crate::db::json_text;
use crate::kernel::Timestamp;
use crate::provisioning::listing::Listed;
use crate::provisioning::record::Claimed;
use crate::provisioning::store::{Bid, Settlement, Verdict};
use crate::threedeye::RoleId;

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

#[derive(Deserialize)]
pub struct RemovalRow {
    pub removed_at: i64,
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

impl<'a> From<&'a Bid> for BidParameter<'a> {
    fn from(bid: &'a Bid) -> Self {
        Self {
            u: bid.user.as_str(),
            p: bid.password.as_str(),
        }
    }
}

/// What a claim finds of a user that is still as listed, as `CLAIM_LISTED` reads it.
#[derive(Serialize)]
pub struct ListedParameter<'a> {
    user: &'a str,
    email: &'a str,
    /// Of the row; `None` where there is none.
    state: Option<&'static str>,
    password: &'a str,
    id: Option<&'a str>,
    attempts: u32,
    settled: i64,
    forgotten_email: Option<&'a str>,
    forgotten_id: Option<&'a str>,
    forgotten_password: Option<&'a str>,
    /// As the text that is stored.
    roles: Option<String>,
    removed: Option<i64>,
}

impl<'a> ListedParameter<'a> {
    pub fn new(listed: &'a Listed, claimed: &'a Claimed) -> Result<Self, DatabaseError> {
        let forgotten = claimed.forgotten.as_ref();
        let id = forgotten.and_then(|account| account.id.as_ref());
        let recovery = claimed.recovery.as_ref();
        Ok(Self {
            user: claimed.user.as_str(),
            email: claimed.email.as_str(),
            state: listed.row.as_ref().map(|row| row.state.as_str()),
            password: claimed.password.as_str(),
            id: claimed.threedeye_id.as_ref().map(|id| id.0.as_str()),
            attempts: claimed.attempts,
            settled: claimed.settled_at.as_millis(),
            forgotten_email: forgotten.map(|account| account.email.as_str()),
            forgotten_id: id.map(|id| id.0.as_str()),
            forgotten_password: forgotten.map(|account| account.password.as_str()),
            roles: recovery.map(|kept| role_list(&kept.roles)).transpose()?,
            removed: claimed.removed_at.map(Timestamp::as_millis),
        })
    }
}

/// Roles as `threedeye_recovery.role_ids` holds them.
pub fn role_list(roles: &[RoleId]) -> Result<String, DatabaseError> {
    let ids: Vec<&str> = roles.iter().map(|role| role.0.as_str()).collect();
    json_text(&ids)
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
