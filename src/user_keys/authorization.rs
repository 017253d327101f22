//! Who may do what in an instance, decided on what one read has found.
//!
//! Published clients rely on the order of the checks: the instance, the keys, the permission. That
//! an instance is unknown is told to those who hold a key of another one.
//! Whether the user in the path exists comes last, so that only a caller with permission
//! learns it.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db;
use crate::kernel::Timestamp;
use crate::kernel::audit::Actor;
use crate::user_keys::credentials::Presented;
use crate::user_keys::{Credentials, InstanceName, InstanceUserId, Key};

/// What a request asks of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "AccountRole"))]
pub enum Role {
    /// Everything.
    Full,
    /// Reading and changing.
    Write,
    /// Reading.
    Read,
}

db::named_columns!(Role);

impl Role {
    pub const ALL: [Self; 3] = [Self::Full, Self::Write, Self::Read];

    /// The role's name in requests, answers and the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Write => "write",
            Self::Read => "read",
        }
    }

    /// `None`: no role has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

db::row! {
    /// What an instance API key may do without a user key.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema))]
    pub struct Flags {
        /// Acts on every user of the instance.
        pub ignore_acl: bool = or_default,
        /// May make users. Kept for clients that ask for it.
        pub allow_user_create: bool = or_default,
        /// May make groups. Kept for clients that ask for it.
        pub allow_group_create: bool = or_default,
        /// May read what is open to everyone.
        pub allow_anonymous_read: bool = or_default,
    }
}

/// What a client key permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    Account(Role),
    Instance(Flags),
}

/// An instance API key or an account key, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey {
    pub id: String,
    pub grant: Grant,
}

/// A user of an instance, without its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceUser {
    pub id: InstanceUserId,
    /// Unique within the instance.
    pub username: String,
    pub created_at: Timestamp,
}

/// What the database holds of an instance, the keys presented and the user in the path.
/// Keys and users of other instances are looked at only where the instance does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRecord {
    /// `None`: there is no such instance.
    pub instance_created_at: Option<Timestamp>,
    /// Where there is no such instance, whether one of the keys is good for another one.
    pub holds_a_key_elsewhere: bool,
    /// The client key that was presented as API key.
    pub client_key: Option<ClientKey>,
    /// Whether a user key was presented as API key.
    pub api_key_is_a_user_key: bool,
    /// The user whose user key was presented.
    pub key_owner: Option<InstanceUser>,
    pub path_user: Option<InstanceUser>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessDenied {
    UnknownInstance,
    /// A key does not exist, or is one of another instance.
    UnknownKey,
    /// No API key was presented.
    MissingKey,
    /// The keys are good, but do not permit the operation.
    NotPermitted,
}

impl AccessDenied {
    /// A stable name for logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownInstance => "instance_unknown",
            Self::UnknownKey => "instance_key_unknown",
            Self::MissingKey => "instance_key_missing",
            Self::NotPermitted => "instance_permission",
        }
    }

    /// Whether the caller could not be authenticated, or could but lacks the permission.
    pub const fn is_failed_authentication(self) -> bool {
        !matches!(self, Self::NotPermitted)
    }
}

/// A user on whose behalf a client acts, with the key that was presented for it.
#[derive(Debug, Clone)]
pub struct ActingUser {
    pub id: InstanceUserId,
    pub key: Key,
}

/// A client whose keys permit the operation.
#[derive(Debug, Clone)]
pub struct AuthorizedClient {
    pub instance: InstanceName,
    pub instance_created_at: Timestamp,
    pub key: ClientKey,
    /// The user whose key is what permits the operation; `None`: the client key alone does.
    pub acting_user: Option<ActingUser>,
    /// The user that the operation is about; `None`: it does not exist, or is out of the
    /// client's reach.
    pub user: Option<InstanceUser>,
}

impl AuthorizedClient {
    /// The instance whose limit of requests this one counts against. Account keys have only
    /// their own limit: API keys that use up the instance's cannot stop its operator from
    /// resetting a key.
    pub fn throttled_instance(&self) -> Option<&InstanceName> {
        match self.key.grant {
            Grant::Account(_) => None,
            Grant::Instance(_) => Some(&self.instance),
        }
    }

    /// Names the client in the audit trail and for the throttle.
    pub fn actor(&self) -> Actor {
        match self.key.grant {
            Grant::Account(_) => Actor::account_key(&self.key.id),
            Grant::Instance(_) => {
                let user = self.acting_user.as_ref().map(|user| user.id.get());
                Actor::instance_key(&self.key.id, user)
            }
        }
    }
}

/// Decides whether the keys permit the operation. `instance` is `None` when the path names none
/// that could exist.
///
/// # Errors
///
/// The first check that fails. Without a key of any instance, an unknown instance is refused as
/// a known one is, so that names of instances cannot be guessed.
pub fn authorize(
    operation: Operation,
    instance: Option<InstanceName>,
    credentials: &Credentials,
    record: AccessRecord,
) -> Result<AuthorizedClient, AccessDenied> {
    if record.instance_created_at.is_none() && record.holds_a_key_elsewhere {
        return Err(AccessDenied::UnknownInstance);
    }
    let key = match (&credentials.api_key, record.client_key) {
        (None, _) => Err(AccessDenied::MissingKey),
        (Some(_), Some(key)) => Ok(key),
        (Some(_), None) if record.api_key_is_a_user_key => Err(AccessDenied::NotPermitted),
        (Some(_), None) => return Err(AccessDenied::UnknownKey),
    };
    let is_account_key = matches!(&key, Ok(key) if matches!(key.grant, Grant::Account(_)));
    let owner = match (&credentials.user_key, record.key_owner) {
        // Published clients go on sending a user key that the account key has reset.
        _ if is_account_key => None,
        (None, _) => None,
        (Some(Presented::Key(key)), Some(owner)) => Some((owner, key)),
        (Some(_), _) => return Err(AccessDenied::UnknownKey),
    };
    // An unknown user key is reported before a missing API key.
    let key = key?;
    // Keys are found in an instance that exists, so there is one by now.
    let (Some(instance), Some(instance_created_at)) = (instance, record.instance_created_at) else {
        return Err(AccessDenied::UnknownInstance);
    };
    let (acting_user, user) = match (key.grant, owner) {
        (Grant::Account(role), _) if account_may(role, operation) => (None, record.path_user),
        (Grant::Instance(flags), None) if client_may(flags, operation) => (None, record.path_user),
        (Grant::Account(_), _) | (Grant::Instance(_), None) => {
            return Err(AccessDenied::NotPermitted);
        }
        (Grant::Instance(_), Some((owner, key))) => {
            let acting_user = ActingUser {
                id: owner.id,
                key: key.clone(),
            };
            let is_owner = |user: &InstanceUser| user.id == owner.id;
            let user = match operation {
                Operation::ReadOwnUser => Some(owner),
                _ => record.path_user.filter(is_owner),
            };
            (Some(acting_user), user)
        }
    };
    Ok(AuthorizedClient {
        instance,
        instance_created_at,
        key,
        acting_user,
        user,
    })
}

const fn account_may(role: Role, operation: Operation) -> bool {
    match operation {
        Operation::ResetKey => matches!(role, Role::Full | Role::Write),
        Operation::ReadUser | Operation::ReadProfileClass => true,
        // An account key belongs to no user.
        Operation::ReadOwnUser => false,
    }
}

const fn client_may(flags: Flags, operation: Operation) -> bool {
    match operation {
        Operation::ResetKey | Operation::ReadUser => flags.ignore_acl,
        Operation::ReadProfileClass => flags.ignore_acl || flags.allow_anonymous_read,
        Operation::ReadOwnUser => false,
    }
}

#[cfg(test)]
mod tests;
