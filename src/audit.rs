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

    /// An account key of the user-key API.
    pub fn account_key(key_id: &str) -> Self {
        Self(format!("account-key:{key_id}"))
    }

    /// An instance API key, alone or together with the key of one of the instance's users.
    pub fn instance_key(key_id: &str, user: Option<u64>) -> Self {
        match user {
            Some(user) => Self(format!("instance-key:{key_id} instance-user:{user}")),
            None => Self(format!("instance-key:{key_id}")),
        }
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
    /// An instance was made.
    CreateInstance,
    /// An API key of an instance was made.
    CreateInstanceApiKey,
    /// An API key of an instance was revoked.
    RevokeInstanceApiKey,
    /// An account key was made.
    CreateAccountKey,
    /// An account key was revoked.
    RevokeAccountKey,
    /// A user of an instance was made.
    CreateInstanceUser,
    /// A user of an instance was deleted, and with it its key.
    DeleteInstanceUser,
    /// A user of an instance got a new key.
    ResetUserKey,
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
            Self::CreateInstance => "instance.create",
            Self::CreateInstanceApiKey => "instance_api_key.create",
            Self::RevokeInstanceApiKey => "instance_api_key.revoke",
            Self::CreateAccountKey => "account_key.create",
            Self::RevokeAccountKey => "account_key.revoke",
            Self::CreateInstanceUser => "instance_user.create",
            Self::DeleteInstanceUser => "instance_user.delete",
            Self::ResetUserKey => "user_key.reset",
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
    /// The client's address; `None` where nobody called, as with cron.
    pub address: Option<String>,
}

impl Origin {
    /// Something that happens without a call.
    pub const fn event(actor: Actor, request_id: RequestId) -> Self {
        Self {
            actor,
            request_id,
            address: None,
        }
    }
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
