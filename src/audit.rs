//! The audit trail: who changed what, with which outcome.
//!
//! Rows are written in the same batch as the change they tell of, so there is
//! never one without the other.

use crate::kernel::{RequestId, Timestamp};

/// Who acts: a caller of the API, the cron trigger or a queue consumer. Holds nothing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// The cron trigger.
    pub fn cron() -> Self {
        Self("cron".to_owned())
    }

    /// A consumer of planned runs; the ledger knows who planned them.
    pub fn queue() -> Self {
        Self("queue".to_owned())
    }

    /// A holder of the admin pair.
    pub fn admin(key_fingerprint: &str, masked_email: &str) -> Self {
        Self(format!("admin-key:{key_fingerprint} {masked_email}"))
    }

    /// A signed-in person.
    pub fn person(user: &str) -> Self {
        Self(format!("user:{user}"))
    }

    /// A personal or service API key.
    pub fn api_key(key_id: &str) -> Self {
        Self(format!("api-key:{key_id}"))
    }

    /// The text that goes into the trail.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A 3dEye account was brought up for a user, or the attempt failed.
    Provision,
    /// A user's provisioning was reset.
    Reset,
    /// Roles of an account about to be replaced were saved.
    SaveRoles,
    /// An account is about to be deleted.
    DeleteAccount,
    /// An API key was made.
    CreateApiKey,
    /// An API key was revoked.
    RevokeApiKey,
}

impl Action {
    /// The stable name in the trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provision => "threedeye.provision",
            Self::Reset => "threedeye.reset",
            Self::SaveRoles => "threedeye.save_roles",
            Self::DeleteAccount => "threedeye.delete_account",
            Self::CreateApiKey => "api_key.create",
            Self::RevokeApiKey => "api_key.revoke",
        }
    }
}

/// On whose behalf, and in the course of which request, a change happens.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who acts.
    pub actor: Actor,
    /// The request or scheduled event.
    pub request_id: RequestId,
}

/// One row of the trail.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// On whose behalf.
    pub origin: Origin,
    /// What was changed.
    pub action: Action,
    /// Which user or key it was done to.
    pub subject: String,
    /// How it ended, in a word or a short sentence.
    pub outcome: String,
}
