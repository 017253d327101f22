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
    Complete,
    /// The e-mail is taken outside our customer, or in another spelling by an account of ours.
    Quarantined,
    /// Another user holds the same e-mail.
    SetAside,
    /// The user was deleted; its account is to be, once the wait is over.
    Leaving,
    /// The user was deleted; its account is protected, and left for a person to decide about.
    LeftInPlace,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Idle,
        Self::Pending,
        Self::Attaching,
        Self::Complete,
        Self::Quarantined,
        Self::SetAside,
        Self::Leaving,
        Self::LeftInPlace,
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
            Self::Leaving => "leaving",
            Self::LeftInPlace => "left_in_place",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A row of `users`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
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
    pub state: State,
    /// The e-mail that the account is, or is to be, made for.
    pub email_key: Option<EmailKey>,
    /// The account's id, once known.
    pub threedeye_id: Option<RemoteId>,
    pub password: Option<Sealed>,
    /// Failed attempts since the last success or reset.
    pub attempts: u32,
    /// Why the last attempt failed, for human eyes.
    pub last_error: Option<String>,
    pub next_attempt_at: Option<Timestamp>,
    /// Until when an actor holds this user; in the past if it is free.
    pub lease_until: Timestamp,
    pub created_at: Timestamp,
    /// When anything but a lease's end was last written.
    pub updated_at: Timestamp,
    /// Calls to 3dEye that were given up may still take effect until then.
    pub settled_at: Timestamp,
    /// The account that the last reset let go of.
    pub forgotten: Option<ForgottenAccount>,
    /// The e-mail of the account that this user's took the place of, although we had not made it. Empty:
    /// of more than one.
    pub taken_over: Option<String>,
    /// The account of our customer whose e-mail is this user's in another spelling; if quarantined for
    /// that.
    pub respelled: Option<RemoteId>,
}

/// An account that a reset let go of and that may still exist. A scan for its e-mail finds it; but if
/// the user's e-mail has changed by then, only this record tells that it was the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgottenAccount {
    /// The e-mail that it was, or was to be, made for.
    pub email: EmailKey,
    /// Its id, where it was known.
    pub id: Option<RemoteId>,
    /// Its password: proves whether it exists while the list does not show it.
    pub password: Sealed,
}

impl Mapping {
    /// Whether the row tells anything beyond a lease.
    pub fn is_recorded(&self) -> bool {
        self.state != State::Idle
    }

    /// Whether the user was deleted and has not returned.
    pub const fn has_left(&self) -> bool {
        matches!(self.state, State::Leaving | State::LeftInPlace)
    }

    /// Id and password, when both are there for good.
    pub fn credentials(&self) -> Option<(&RemoteId, &Sealed)> {
        match self.state {
            State::Complete | State::Attaching => {
                Some((self.threedeye_id.as_ref()?, self.password.as_ref()?))
            }
            State::Idle
            | State::Pending
            | State::Quarantined
            | State::SetAside
            | State::Leaving
            | State::LeftInPlace => None,
        }
    }
}

/// A row of `threedeye_recovery`: roles that wait to be attached again. Its mere existence tells that
/// we deleted, or were about to delete, an account of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    pub roles: Vec<RoleId>,
}

/// The roles, and those of `more` that are not among them.
pub fn union<'a>(
    mut roles: Vec<RoleId>,
    more: impl IntoIterator<Item = &'a RoleId>,
) -> Vec<RoleId> {
    for role in more {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}

/// All three rows of one user, read at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProvisioningRecord {
    pub user: Option<User>,
    pub mapping: Option<Mapping>,
    pub recovery: Option<Recovery>,
    /// Whether another user's row holds this user's e-mail.
    pub contested: bool,
}

impl ProvisioningRecord {
    /// The roles that wait to be attached again.
    pub fn saved_roles(&self) -> Vec<RoleId> {
        let saved = self.recovery.as_ref();
        saved.map_or(Vec::new(), |saved| saved.roles.clone())
    }
}

/// A user whose lease we hold, as the claim found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub user: UserId,
    /// The user's e-mail now.
    pub email: EmailKey,
    /// The e-mail of the recorded intent; differs from `email` when the user's
    /// e-mail was changed since.
    pub intent_email: EmailKey,
    pub password: Sealed,
    /// Whether `password` was recorded by this very claim, so that 3dEye cannot know it yet.
    pub fresh: bool,
    /// The account's id, once known.
    pub threedeye_id: Option<RemoteId>,
    pub state: State,
    /// Failed attempts so far.
    pub attempts: u32,
    pub recovery: Option<Recovery>,
    /// When we last deleted, or let go of, an account with `email` or `intent_email`.
    pub removed_at: Option<Timestamp>,
    /// Calls to 3dEye that were given up, or whose sender died, may still take effect until then.
    pub settled_at: Timestamp,
    /// The account that the last reset let go of.
    pub forgotten: Option<ForgottenAccount>,
    /// Since when the user waits for its account.
    pub entered_at: Option<Timestamp>,
}
