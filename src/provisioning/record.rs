//! What is known of one user's provisioning, as values.

use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::threedeye::{RemoteId, RoleId};

/// Where a user's provisioning stands: `threedeye_users.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The row holds a lease and nothing else.
    Idle,
    /// An intent (e-mail and password) is recorded; the account may exist or not.
    Pending,
    /// The account exists; saved roles wait to be attached.
    Attaching,
    /// Done.
    Complete,
    /// The e-mail is taken outside our customer; only a reset lifts this.
    Quarantined,
    /// Another user holds the same e-mail.
    SetAside,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Pending,
        Self::Attaching,
        Self::Complete,
        Self::Quarantined,
        Self::SetAside,
    ];

    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Pending => "pending",
            Self::Attaching => "attaching",
            Self::Complete => "complete",
            Self::Quarantined => "quarantined",
            Self::SetAside => "set_aside",
        }
    }

    /// Reads the database's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A row of `users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// `users.uuid`.
    pub id: UserId,
    /// The e-mail as it was entered.
    pub email: Option<String>,
    /// The e-mail in the normal form.
    pub email_key: Option<EmailKey>,
    /// The identity provider's subject.
    pub auth_subject: Option<String>,
}

/// A row of `threedeye_users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Where provisioning stands.
    pub state: State,
    /// The e-mail that the account is, or is to be, made for.
    pub email_key: Option<EmailKey>,
    /// The account's id, once known.
    pub threedeye_id: Option<RemoteId>,
    /// The account's password.
    pub password: Option<Sealed>,
    /// Failed attempts since the last success or reset.
    pub attempts: u32,
    /// Why the last attempt failed, for human eyes.
    pub last_error: Option<String>,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// Until when an actor holds this user; in the past when nobody does.
    pub lease_until: Timestamp,
    /// When the row was made.
    pub created_at: Timestamp,
    /// Calls to 3dEye that were given up may still take effect until then.
    pub settled_at: Timestamp,
    /// The account of a mapping that was cleared.
    pub forgotten: Option<Forgotten>,
}

/// An account that a reset has let go of and that may still be there. It comes
/// back into sight with its e-mail; but if the user's e-mail has changed by
/// then, only this tells that it was the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The e-mail that it was, or was to be, made for.
    pub email: EmailKey,
    /// Its id, where it was known.
    pub id: Option<RemoteId>,
    /// Its password: proves whether it is there while the list does not show it.
    pub password: Sealed,
}

impl Mapping {
    /// Whether the row tells anything beyond a lease.
    pub fn is_recorded(&self) -> bool {
        self.state != State::Idle
    }

    /// Id and password, when both are there for good.
    pub fn credentials(&self) -> Option<(&RemoteId, &Sealed)> {
        match self.state {
            State::Complete | State::Attaching => {
                Some((self.threedeye_id.as_ref()?, self.password.as_ref()?))
            }
            State::Idle | State::Pending | State::Quarantined | State::SetAside => None,
        }
    }
}

/// A row of `threedeye_recovery`: roles that wait to be attached again. Its
/// mere existence tells that an account of this user was (or was about to be)
/// deleted by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The roles.
    pub roles: Vec<RoleId>,
}

/// All three rows of one user, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dossier {
    /// The `users` row.
    pub user: Option<User>,
    /// The `threedeye_users` row.
    pub mapping: Option<Mapping>,
    /// The `threedeye_recovery` row.
    pub recovery: Option<Recovery>,
    /// Whether another user's row holds this user's e-mail.
    pub contested: bool,
}

/// A user whose lease we hold, as the claim found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The user.
    pub user: UserId,
    /// The user's e-mail now.
    pub email: EmailKey,
    /// The e-mail of the recorded intent; differs from `email` when the user's
    /// e-mail was changed since.
    pub intent_email: EmailKey,
    /// The recorded password.
    pub password: Sealed,
    /// Whether `password` was recorded by this very claim, so that 3dEye cannot know it yet.
    pub fresh: bool,
    /// The account's id, once known.
    pub threedeye_id: Option<RemoteId>,
    /// Where provisioning stands.
    pub state: State,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Roles that wait.
    pub recovery: Option<Recovery>,
    /// When we last deleted, or let go of, an account with `email` or `intent_email`.
    pub removed_at: Option<Timestamp>,
    /// Calls to 3dEye that were given up, or died with whoever had sent them,
    /// may still take effect until then.
    pub settled_at: Timestamp,
    /// The account of a mapping that was cleared.
    pub forgotten: Option<Forgotten>,
}
