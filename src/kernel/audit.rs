//! The audit trail: who changed what, with which outcome. A row is written in the same batch as
//! its change, so there is never one without the other.

use crate::kernel::{RequestId, Timestamp};

/// A caller of the API, the cron trigger or a queue consumer, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    pub fn cron() -> Self {
        Self("cron".to_owned())
    }

    /// A consumer of planned runs; a run's row names the actor that started it.
    pub fn queue() -> Self {
        Self("queue".to_owned())
    }

    /// A holder of the admin pair.
    pub fn admin(key_fingerprint: &str, name: &str) -> Self {
        Self(format!("admin-key:{key_fingerprint} {name}"))
    }

    /// An operator of the console, by their id and masked e-mail.
    pub fn operator(id: &str, masked_email: &str) -> Self {
        Self(format!("operator:{id} {masked_email}"))
    }

    /// A signed-in person.
    pub fn person(user: &str) -> Self {
        Self(format!("user:{user}"))
    }

    /// A member of staff who acts on another person's account, by masked e-mail or subject.
    pub fn staff(name: &str) -> Self {
        Self(format!("staff:{name}"))
    }

    /// A person who signed in at the identity provider and is no operator, by masked e-mail and subject.
    pub fn signed_in(name: &str) -> Self {
        Self(format!("sign-in:{name}"))
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

    /// The one that a row names.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A 3dEye account was created for a user, or the attempt failed.
    Provision,
    Reset,
    /// Roles of an account about to be replaced were saved.
    SaveRoles,
    /// An account is about to be deleted.
    DeleteAccount,
    /// A quarantined user is due again.
    Requeue,
    /// A program or support asked for a user's 3dEye login; the first time an hour.
    ReadCredentials,
    /// A run was stopped before its end.
    StopRun,
    /// Runs were paused, or let go on.
    PauseRuns,
    /// A deleted user's account was removed or left in place, or the attempt failed.
    Offboard,
    /// An administrator deleted a user; the outcome is the reason.
    DeleteUser,
    /// All that is stored about a user was read.
    ExportUser,
    /// A user's e-mail or phone number was shown unmasked.
    RevealUser,
    CreateApiKey,
    RevokeApiKey,
    CreateInstance,
    CreateInstanceApiKey,
    RevokeInstanceApiKey,
    CreateAccountKey,
    RevokeAccountKey,
    CreateInstanceUser,
    DeleteInstanceUser,
    ResetUserKey,
    UpdateProfile,
    RequestEmailChange,
    CancelEmailChange,
    ConfirmEmailChange,
    /// A push token was registered, or came from another user.
    RegisterPushToken,
    UnregisterPushToken,
    /// A dashboard was chosen for a scene.
    PersonaliseScene,
    /// The set-up of a second factor began.
    StartTwoFactor,
    /// A second factor was turned on, or replaced the one there was.
    EnableTwoFactor,
    /// A second factor was turned off.
    DisableTwoFactor,
    /// Refused codes locked a kind of code.
    LockTwoFactor,
    /// Refused codes and locks were cleared by support.
    UnlockTwoFactor,
    /// New backup codes replaced the old ones.
    GenerateBackupCodes,
    UseBackupCode,
    CreateDashboard,
    AssignTeam,
    /// An operator signed in to the console.
    BeginSession,
    /// A person who signed in at the identity provider got no session; the outcome is the reason, and has a row
    /// the first time an hour.
    RefuseSession,
    /// A session of the console, or all of an operator's, were ended.
    EndSession,
    CreateOperator,
    /// A disabled operator may sign in again.
    EnableOperator,
    ChangeOperatorRole,
    DisableOperator,
    /// The audit trail was read as a file.
    ExportAudit,
    /// A notice was made due at once by support.
    DeliverNotice,
    /// A notice was deleted undelivered by support.
    DropNotice,
}

impl Action {
    /// The name in the trail; never changed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provision => "threedeye.provision",
            Self::Reset => "threedeye.reset",
            Self::SaveRoles => "threedeye.save_roles",
            Self::DeleteAccount => "threedeye.delete_account",
            Self::Requeue => "threedeye.requeue",
            Self::ReadCredentials => "threedeye.read_credentials",
            Self::StopRun => "run.stop",
            Self::PauseRuns => "runs.pause",
            Self::Offboard => "threedeye.offboard",
            Self::DeleteUser => "user.delete",
            Self::ExportUser => "user.export",
            Self::RevealUser => "user.reveal",
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
            Self::UpdateProfile => "profile.update",
            Self::RequestEmailChange => "email_change.request",
            Self::CancelEmailChange => "email_change.cancel",
            Self::ConfirmEmailChange => "email_change.confirm",
            Self::RegisterPushToken => "push_token.register",
            Self::UnregisterPushToken => "push_token.unregister",
            Self::PersonaliseScene => "scene.personalise",
            Self::StartTwoFactor => "two_factor.start",
            Self::EnableTwoFactor => "two_factor.enable",
            Self::DisableTwoFactor => "two_factor.disable",
            Self::LockTwoFactor => "two_factor.lock",
            Self::UnlockTwoFactor => "two_factor.unlock",
            Self::GenerateBackupCodes => "backup_codes.generate",
            Self::UseBackupCode => "backup_code.use",
            Self::CreateDashboard => "dashboard.create",
            Self::AssignTeam => "team.assign",
            Self::BeginSession => "session.begin",
            Self::RefuseSession => "session.refuse",
            Self::EndSession => "session.end",
            Self::CreateOperator => "operator.create",
            Self::EnableOperator => "operator.enable",
            Self::ChangeOperatorRole => "operator.change_role",
            Self::DisableOperator => "operator.disable",
            Self::ExportAudit => "audit.export",
            Self::DeliverNotice => "notice.deliver",
            Self::DropNotice => "notice.drop",
        }
    }
}

/// Where a change comes from.
#[derive(Debug, Clone)]
pub struct Origin {
    pub actor: Actor,
    /// The request or scheduled event.
    pub request_id: RequestId,
    /// The client's address; `None` where there is no client, as with cron.
    pub address: Option<String>,
    /// What the administrator typed as the reason.
    pub reason: Option<String>,
}

impl Origin {
    /// A change without a client.
    pub const fn event(actor: Actor, request_id: RequestId) -> Self {
        Self {
            actor,
            request_id,
            address: None,
            reason: None,
        }
    }

    /// The same for this reason, which every row of the change then tells.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }
}

/// One row of the trail.
#[derive(Debug, Clone)]
pub struct Entry {
    pub at: Timestamp,
    pub origin: Origin,
    pub action: Action,
    /// The user or key that was changed.
    pub subject: String,
    /// A word or a short sentence.
    pub outcome: String,
}

/// An entry for tests, written by the cron trigger.
#[cfg(test)]
pub fn sample_entry(action: Action, subject: &str) -> Entry {
    use crate::kernel::random::seeded::Seeded;

    let at = Timestamp::from_millis(1_700_000_000_000);
    Entry {
        at,
        origin: Origin::event(Actor::cron(), RequestId::mint(at, &Seeded::new(1))),
        action,
        subject: subject.to_owned(),
        outcome: "done".to_owned(),
    }
}
