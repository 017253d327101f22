//! Columns that several statements read, as the domain's values. A stored state or list of roles that cannot
//! be read is an error that names table, column and row.

use crate::db::{self, DatabaseError, json_text};
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::record::{ForgottenAccount, Mapping, Recovery, State};
use crate::threedeye::{RemoteId, RoleId};

db::row! {
    pub(super) struct UserIdRow {
        pub user_id: String,
    }
}

pub(super) fn user_ids(rows: Vec<UserIdRow>) -> Vec<UserId> {
    rows.into_iter()
        .map(|row| UserId::new(row.user_id))
        .collect()
}

db::row! {
    /// The columns of `threedeye_users`; all NULL if there is no row.
    pub(super) struct MappingColumns {
        state: Option<String>,
        intent_email: Option<String>,
        threedeye_id: Option<String>,
        password_sealed: Option<String>,
        attempts: Option<u32>,
        last_error: Option<String>,
        next_attempt_at: Option<Timestamp>,
        lease_until: Option<Timestamp>,
        mapped_at: Option<Timestamp>,
        changed_at: Option<Timestamp>,
        settled_at: Option<Timestamp>,
        taken_over_email: Option<String>,
        respelled_id: Option<String>,
        // The account that a reset let go of; all NULL if there is none.
        forgotten_email: Option<String>,
        forgotten_threedeye_id: Option<String>,
        forgotten_password: Option<String>,
    }
}

impl MappingColumns {
    pub(super) fn into_mapping(self, user: &str) -> Result<Option<Mapping>, DatabaseError> {
        let Some(name) = self.state else {
            return Ok(None);
        };
        Ok(Some(Mapping {
            state: State::parse(&name)
                .ok_or_else(|| DatabaseError::bad_value("threedeye_users", "state", user))?,
            email_key: self.intent_email.as_deref().and_then(EmailKey::of),
            threedeye_id: self.threedeye_id.map(RemoteId),
            password: self.password_sealed.map(Sealed::from_stored),
            attempts: self.attempts.unwrap_or(0),
            last_error: self.last_error,
            next_attempt_at: self.next_attempt_at,
            lease_until: self.lease_until.unwrap_or_default(),
            created_at: self.mapped_at.unwrap_or_default(),
            updated_at: self.changed_at.unwrap_or_default(),
            settled_at: self.settled_at.unwrap_or_default(),
            forgotten: forgotten(
                self.forgotten_email,
                self.forgotten_threedeye_id,
                self.forgotten_password,
            ),
            taken_over: self.taken_over_email,
            respelled: self.respelled_id.map(RemoteId),
        }))
    }
}

fn forgotten(
    email: Option<String>,
    id: Option<String>,
    password: Option<String>,
) -> Option<ForgottenAccount> {
    Some(ForgottenAccount {
        email: EmailKey::of(&email?)?,
        id: id.map(RemoteId),
        password: Sealed::from_stored(password?),
    })
}

/// `threedeye_recovery.role_ids`, read.
pub(super) fn recovery(
    role_ids: Option<String>,
    user: &str,
) -> Result<Option<Recovery>, DatabaseError> {
    let Some(json) = role_ids else {
        return Ok(None);
    };
    let ids: Vec<String> = serde_json::from_str(&json)
        .map_err(|_| DatabaseError::bad_value("threedeye_recovery", "role_ids", user))?;
    let roles = ids.into_iter().map(RoleId).collect();
    Ok(Some(Recovery { roles }))
}

/// `threedeye_recovery.role_ids`, as it is written.
pub(super) fn role_list(roles: &[RoleId]) -> Result<String, DatabaseError> {
    let ids: Vec<&str> = roles.iter().map(|role| role.0.as_str()).collect();
    json_text(&ids)
}
