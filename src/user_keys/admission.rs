//! Who may do what in an instance, decided on what one read has found.
//!
//! The checks come in a fixed order, which clients see: the instance, the keys,
//! the permission. Whether there is the user that the path names comes last of
//! all, so that nobody without permission learns it.

use crate::kernel::Timestamp;
use crate::kernel::audit::Actor;

use crate::user_keys::{Credentials, InstanceName, InstanceUserId};

/// What a request wants of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// A new key for the user in the path.
    ResetKey,
    /// The user in the path.
    ReadUser,
    /// The user that the user key belongs to.
    ReadOwnUser,
    /// The class of the users' profiles.
    ReadProfileClass,
}

/// What an account key may do in its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Full,
    /// Reading and changing.
    Write,
    /// Reading.
    Read,
}

impl Role {
    /// All roles there are.
    pub const ALL: [Self; 3] = [Self::Full, Self::Write, Self::Read];

    /// The role's name, in requests, answers and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Write => "write",
            Self::Read => "read",
        }
    }

    /// Reads a role's name; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// What an instance API key may do without a user key. The two that allow
/// users and groups to be made are kept for clients that ask for them; nothing
/// here makes either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// Acts on every user of the instance.
    pub ignore_acl: bool,
    /// May make users.
    pub allow_user_create: bool,
    /// May make groups.
    pub allow_group_create: bool,
    /// May read what is open to anybody.
    pub allow_anonymous_read: bool,
}

/// What a key of a program is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// An account key.
    Account(Role),
    /// An instance API key.
    Instance(Flags),
}

impl From<Role> for Grant {
    fn from(role: Role) -> Self {
        Self::Account(role)
    }
}

impl From<Flags> for Grant {
    fn from(flags: Flags) -> Self {
        Self::Instance(flags)
    }
}

/// A key of a program, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyHolder {
    /// The key's id.
    pub id: String,
    /// What it is good for.
    pub grant: Grant,
}

/// A user of an instance, without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceUser {
    /// The id.
    pub id: InstanceUserId,
    /// The name, unique within the instance.
    pub username: String,
    /// When the user was made.
    pub created_at: Timestamp,
}

/// What one read has found of an instance that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When the instance was made.
    pub created_at: Timestamp,
    /// Whose the API key is, in this instance.
    pub key: Option<KeyHolder>,
    /// Whether what came as API key is the key of one of the instance's users.
    pub key_is_a_users: bool,
    /// Whose the user key is, in this instance.
    pub owner: Option<InstanceUser>,
    /// The user in the path, in this instance.
    pub target: Option<InstanceUser>,
}

/// Why a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no instance of this name.
    NoSuchInstance,
    /// A key is nobody's, or opens another instance.
    NoSuchKey,
    /// There is no key of a program.
    NoKey,
    /// The keys are good, but not for this.
    NotPermitted,
}

impl Refusal {
    /// A stable name for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSuchInstance => "instance_unknown",
            Self::NoSuchKey => "instance_key_unknown",
            Self::NoKey => "instance_key_missing",
            Self::NotPermitted => "instance_permission",
        }
    }

    /// Whether nobody was recognised. Who was, and may not, has authenticated.
    pub const fn is_failed_authentication(self) -> bool {
        !matches!(self, Self::NotPermitted)
    }
}

/// Somebody who may do what they came for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    /// The instance.
    pub instance: InstanceName,
    /// When it was made.
    pub instance_created_at: Timestamp,
    /// The program's key.
    pub key: KeyHolder,
    /// The user on whose behalf it acts, where that is what permits it.
    pub acts_for: Option<InstanceUserId>,
    /// The user that the request is about; `None`: there is none that this
    /// visitor could reach.
    pub user: Option<InstanceUser>,
}

impl Visitor {
    /// The instance whose limit of requests this visitor counts against. An
    /// account is braked by its own alone: whatever programs do, they cannot keep
    /// whoever runs the instance from resetting a key.
    pub fn counts_against(&self) -> Option<&InstanceName> {
        let is_account = matches!(self.key.grant, Grant::Account(_));
        (!is_account).then_some(&self.instance)
    }

    /// Names the caller in the audit trail and for the throttle.
    pub fn actor(&self) -> Actor {
        match self.key.grant {
            Grant::Account(_) => Actor::account_key(&self.key.id),
            Grant::Instance(_) => {
                Actor::instance_key(&self.key.id, self.acts_for.map(InstanceUserId::get))
            }
        }
    }
}

/// Settles who may come in. `found` is `None` when there is no such instance.
///
/// # Errors
///
/// The first check that fails, in the order of [`Refusal`]'s variants.
pub fn admit(
    errand: Errand,
    instance: InstanceName,
    credentials: &Credentials,
    found: Option<Found>,
) -> Result<Visitor, Refusal> {
    let found = found.ok_or(Refusal::NoSuchInstance)?;
    let key = match (&credentials.api_key, found.key) {
        (None, _) => Err(Refusal::NoKey),
        (Some(_), Some(key)) => Ok(key),
        (Some(_), None) if found.key_is_a_users => Err(Refusal::NotPermitted),
        (Some(_), None) => return Err(Refusal::NoSuchKey),
    };
    if credentials.user_key.is_some() && found.owner.is_none() {
        return Err(Refusal::NoSuchKey);
    }
    let key = key?;
    let (acts_for, user) = match key.grant {
        Grant::Account(role) if account_may(role, errand) => (None, found.target),
        Grant::Account(_) => return Err(Refusal::NotPermitted),
        Grant::Instance(flags) => match found.owner {
            None if program_may(flags, errand) => (None, found.target),
            None => return Err(Refusal::NotPermitted),
            Some(owner) => {
                let id = owner.id;
                let in_path = found.target.filter(|target| target.id == id);
                let user = match errand {
                    Errand::ReadOwnUser => Some(owner),
                    _ => in_path,
                };
                (Some(id), user)
            }
        },
    };
    Ok(Visitor {
        instance,
        instance_created_at: found.created_at,
        key,
        acts_for,
        user,
    })
}

const fn account_may(role: Role, errand: Errand) -> bool {
    match errand {
        Errand::ResetKey => matches!(role, Role::Full | Role::Write),
        Errand::ReadUser | Errand::ReadProfileClass => true,
        // An account has no user of its own.
        Errand::ReadOwnUser => false,
    }
}

const fn program_may(flags: Flags, errand: Errand) -> bool {
    match errand {
        Errand::ResetKey | Errand::ReadUser => flags.ignore_acl,
        Errand::ReadProfileClass => flags.ignore_acl || flags.allow_anonymous_read,
        Errand::ReadOwnUser => false,
    }
}

#[cfg(test)]
mod tests;
