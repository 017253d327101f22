//! Rows of D1 as the domain's values. Bad stored data is an error of its own
//! that names table, column and row.

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::listing::{Candidate, Listed, ListedRow};
use crate::provisioning::policy::SETTLING;
use crate::provisioning::record::{Claimed, Dossier, Forgotten, Mapping, Recovery, State, User};
use crate::threedeye::{RemoteId, RoleId};

/// What the dossier query answers: three tables side by side.
#[derive(Deserialize)]
pub struct DossierRow {
    requested: String,
    uuid: Option<String>,
    email: Option<String>,
    user_email_key: Option<String>,
    auth_subject: Option<String>,
    #[serde(flatten)]
    mapping: MappingColumns,
    role_ids: Option<String>,
    contested: u8,
}

/// The columns of `threedeye_users`; all NULL when there is no row.
#[derive(Deserialize)]
pub struct MappingColumns {
    state: Option<String>,
    intent_email: Option<String>,
    threedeye_id: Option<String>,
    password_sealed: Option<String>,
    attempts: Option<u32>,
    last_error: Option<String>,
    next_attempt_at: Option<i64>,
    lease_until: Option<i64>,
    mapped_at: Option<i64>,
    settled_at: Option<i64>,
    #[serde(flatten)]
    forgotten: ForgottenColumns,
}

/// The account of a cleared mapping; all NULL when there is none.
#[derive(Deserialize)]
pub struct ForgottenColumns {
    forgotten_email: Option<String>,
    forgotten_threedeye_id: Option<String>,
    forgotten_password: Option<String>,
}

impl ForgottenColumns {
    fn into_forgotten(self) -> Option<Forgotten> {
        Some(Forgotten {
            email: EmailKey::of(&self.forgotten_email?)?,
            id: self.forgotten_threedeye_id.map(RemoteId),
            password: Sealed::from_stored(self.forgotten_password?),
        })
    }
}

impl MappingColumns {
    pub fn into_mapping(self, user: &str) -> Result<Option<Mapping>, DatabaseError> {
        let Some(name) = self.state else {
            return Ok(None);
        };
        Ok(Some(Mapping {
            state: state(&name, user)?,
            email_key: self.intent_email.as_deref().and_then(EmailKey::of),
            threedeye_id: self.threedeye_id.map(RemoteId),
            password: self.password_sealed.map(Sealed::from_stored),
            attempts: self.attempts.unwrap_or(0),
            last_error: self.last_error,
            next_attempt_at: self.next_attempt_at.map(Timestamp::from_millis),
            lease_until: Timestamp::from_millis(self.lease_until.unwrap_or(0)),
            created_at: Timestamp::from_millis(self.mapped_at.unwrap_or(0)),
            settled_at: Timestamp::from_millis(self.settled_at.unwrap_or(0)),
            forgotten: self.forgotten.into_forgotten(),
        }))
    }
}

impl DossierRow {
    pub fn into_dossier(self) -> Result<Dossier, DatabaseError> {
        let user = self.uuid.map(|uuid| User {
            id: UserId::new(uuid),
            email: self.email,
            email_key: self.user_email_key.as_deref().and_then(EmailKey::of),
            auth_subject: self.auth_subject,
        });
        Ok(Dossier {
            user,
            mapping: self.mapping.into_mapping(&self.requested)?,
            recovery: recovery(self.role_ids, &self.requested)?,
            contested: self.contested != 0,
        })
    }
}

#[derive(Deserialize)]
pub struct CandidateRow {
    user_id: String,
    email_key: String,
    contested: u8,
    #[serde(flatten)]
    row: ListedColumns,
    role_ids: Option<String>,
    removed_at: Option<i64>,
}

/// The columns of `threedeye_users`; all NULL when there is no row.
#[derive(Deserialize)]
struct ListedColumns {
    state: Option<String>,
    intent_email: Option<String>,
    password_sealed: Option<String>,
    threedeye_id: Option<String>,
    attempts: Option<u32>,
    settled_at: Option<i64>,
    /// When the lease ended that nobody gave back.
    abandoned_at: Option<i64>,
    #[serde(flatten)]
    forgotten: ForgottenColumns,
}

impl CandidateRow {
    pub fn into_candidate(self) -> Result<Candidate, DatabaseError> {
        let email = EmailKey::of(&self.email_key).ok_or_else(|| {
            DatabaseError::bad_value("provisioning_queue", "email_key", &self.user_id)
        })?;
        Ok(Candidate {
            contested: self.contested != 0,
            listed: Listed {
                email,
                row: self.row.into_row(&self.user_id)?,
                recovery: recovery(self.role_ids, &self.user_id)?,
                removed_at: self.removed_at.map(Timestamp::from_millis),
            },
            user: UserId::new(self.user_id),
        })
    }
}

impl ListedColumns {
    fn into_row(self, user: &str) -> Result<Option<ListedRow>, DatabaseError> {
        let Some(name) = self.state else {
            return Ok(None);
        };
        let settled_at = Timestamp::from_millis(self.settled_at.unwrap_or(0));
        let abandoned_at = self.abandoned_at.map(Timestamp::from_millis);
        let over_at = abandoned_at.map(|end| end.plus(SETTLING));
        Ok(Some(ListedRow {
            state: state(&name, user)?,
            intent_email: self.intent_email.as_deref().and_then(EmailKey::of),
            password: self.password_sealed.map(Sealed::from_stored),
            threedeye_id: self.threedeye_id.map(RemoteId),
            attempts: self.attempts.unwrap_or(0),
            settled_at: settled_at.max(over_at.unwrap_or_default()),
            forgotten: self.forgotten.into_forgotten(),
        }))
    }
}

#[derive(Deserialize)]
pub struct ClaimedRow {
    pub user_id: String,
    email: Option<String>,
    intent_email: Option<String>,
    password_sealed: Option<String>,
    threedeye_id: Option<String>,
    state: String,
    attempts: u32,
    role_ids: Option<String>,
    email_removed_at: Option<i64>,
    intent_removed_at: Option<i64>,
    settled_at: i64,
    #[serde(flatten)]
    forgotten: ForgottenColumns,
}

impl ClaimedRow {
    /// `offered` is the password of the bid: when the row holds that very
    /// value, the claim has recorded it.
    pub fn into_claimed(self, offered: Option<&Sealed>) -> Result<Claimed, DatabaseError> {
        let row = self.user_id.as_str();
        let bad = |column| DatabaseError::bad_value("threedeye_users", column, row);
        let email = self.email.as_deref().and_then(EmailKey::of);
        let intent = self.intent_email.as_deref().and_then(EmailKey::of);
        let password = self.password_sealed.map(Sealed::from_stored);
        let password = password.ok_or_else(|| bad("password_sealed"))?;
        Ok(Claimed {
            email: email.ok_or_else(|| DatabaseError::bad_value("users", "email_key", row))?,
            intent_email: intent.ok_or_else(|| bad("email_key"))?,
            fresh: offered == Some(&password),
            password,
            threedeye_id: self.threedeye_id.map(RemoteId),
            state: state(&self.state, row)?,
            attempts: self.attempts,
            recovery: recovery(self.role_ids, row)?,
            removed_at: self
                .email_removed_at
                .max(self.intent_removed_at)
                .map(Timestamp::from_millis),
            settled_at: Timestamp::from_millis(self.settled_at),
            forgotten: self.forgotten.into_forgotten(),
            user: UserId::new(self.user_id),
        })
    }
}

fn state(name: &str, row: &str) -> Result<State, DatabaseError> {
    State::parse(name).ok_or_else(|| DatabaseError::bad_value("threedeye_users", "state", row))
}

fn recovery(role_ids: Option<String>, row: &str) -> Result<Option<Recovery>, DatabaseError> {
    let Some(json) = role_ids else {
        return Ok(None);
    };
    let ids: Vec<String> = serde_json::from_str(&json)
        .map_err(|_| DatabaseError::bad_value("threedeye_recovery", "role_ids", row))?;
    let roles = ids.into_iter().map(RoleId).collect();
    Ok(Some(Recovery { roles }))
}
