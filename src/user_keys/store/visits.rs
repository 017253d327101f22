//! One read that authenticates and loads, one batch that resets.

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Database, Statement};
use crate::kernel::Timestamp;
use crate::kernel::audit;
use crate::user_keys::admission::{Flags, Found, Grant, InstanceUser, KeyHolder, Role};
use crate::user_keys::credentials::Presented;
use crate::user_keys::{Credentials, InstanceName, InstanceUserId, Key};

// ?1 instance, ?2 hash of the API key, ?3 hash of the user key, ?4 user in the path
const VISIT: &str = "
SELECT i.created_at,
       k.id AS key_id, k.role, k.ignore_acl, k.allow_user_create, k.allow_group_create,
       k.allow_anonymous_read,
       k.id IS NULL AND EXISTS (
         SELECT 1 FROM instance_users m WHERE m.key_hash = ?2 AND m.instance = i.name
       ) AS key_is_a_users,
       o.id AS owner_id, o.username AS owner_username, o.created_at AS owner_created_at,
       t.id AS target_id, t.username AS target_username, t.created_at AS target_created_at
FROM instances i
LEFT JOIN instance_keys k ON k.key_hash = ?2 AND k.instance = i.name AND k.revoked_at IS NULL
LEFT JOIN instance_users o ON o.key_hash = ?3 AND o.instance = i.name
LEFT JOIN instance_users t ON t.id = ?4 AND t.instance = i.name
WHERE i.name = ?1";

// The keys that permitted it must still be good when it is written: whoever
// shows a key that is reset at this very moment has lost.
// ?1 user, ?2 hash of the new key, ?3 now, ?4 id of the program's key, ?5 hash
// of the user key, or NULL where it is not what permits this
const RESET: &str = "
UPDATE instance_users SET key_hash = ?2, key_changed_at = ?3
WHERE id = ?1
  AND EXISTS (SELECT 1 FROM instance_keys WHERE id = ?4 AND revoked_at IS NULL)
  AND (?5 IS NULL OR key_hash = ?5)
RETURNING id";

const KEY_IN_FORCE: &str = "SELECT id FROM instance_keys WHERE id = ?1 AND revoked_at IS NULL";

#[derive(Deserialize)]
struct VisitColumns {
    created_at: i64,
    key_id: Option<String>,
    role: Option<String>,
    ignore_acl: Option<u8>,
    allow_user_create: Option<u8>,
    allow_group_create: Option<u8>,
    allow_anonymous_read: Option<u8>,
    key_is_a_users: u8,
    owner_id: Option<InstanceUserId>,
    owner_username: Option<String>,
    owner_created_at: Option<i64>,
    target_id: Option<InstanceUserId>,
    target_username: Option<String>,
    target_created_at: Option<i64>,
}

impl VisitColumns {
    fn into_found(self) -> Result<Found, DatabaseError> {
        let set = |flag: Option<u8>| flag == Some(1);
        let flags = Flags {
            ignore_acl: set(self.ignore_acl),
            allow_user_create: set(self.allow_user_create),
            allow_group_create: set(self.allow_group_create),
            allow_anonymous_read: set(self.allow_anonymous_read),
        };
        let key = match self.key_id {
            None => None,
            Some(id) => Some(KeyHolder {
                grant: grant(self.role.as_deref(), flags)
                    .ok_or_else(|| DatabaseError::bad_value("instance_keys", "role", &id))?,
                id,
            }),
        };
        Ok(Found {
            created_at: Timestamp::from_millis(self.created_at),
            key,
            key_is_a_users: self.key_is_a_users == 1,
            owner: user(self.owner_id, self.owner_username, self.owner_created_at),
            target: user(self.target_id, self.target_username, self.target_created_at),
        })
    }
}

/// `None`: the role is none that there is.
fn grant(role: Option<&str>, flags: Flags) -> Option<Grant> {
    match role {
        None => Some(Grant::Instance(flags)),
        Some(name) => Role::from_name(name).map(Grant::Account),
    }
}

fn user(
    id: Option<InstanceUserId>,
    username: Option<String>,
    created_at: Option<i64>,
) -> Option<InstanceUser> {
    Some(InstanceUser {
        id: id?,
        username: username?,
        created_at: Timestamp::from_millis(created_at?),
    })
}

/// A new key for a user, and what permits it.
#[derive(Debug)]
pub struct KeyReset<'a> {
    /// Whose key.
    pub user: InstanceUserId,
    /// The new one.
    pub key: &'a Key,
    /// The id of the program's key that was presented.
    pub by: &'a str,
    /// The user key that was presented, where the user in person asks.
    pub in_person: Option<&'a Key>,
}

/// How a reset went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetOutcome {
    /// The user has the new key, and no other.
    Done,
    /// A key that was presented was revoked or reset in the meantime.
    KeyGone,
    /// The user was deleted in the meantime.
    UserGone,
}

impl Database {
    /// Reads whose the keys are and, where the path names one, the user;
    /// `None`: there is no such instance.
    pub async fn visit(
        &self,
        instance: &InstanceName,
        credentials: &Credentials,
        user: Option<InstanceUserId>,
    ) -> Result<Option<Found>, DatabaseError> {
        let hash = |presented: &Option<Presented>| {
            let key = presented.as_ref().and_then(Presented::key);
            key.map(Key::hash)
        };
        let visit = Statement::new(
            VISIT,
            [
                instance.as_str().into(),
                hash(&credentials.api_key).into(),
                hash(&credentials.user_key).into(),
                user.into(),
            ],
        );
        let row: Option<VisitColumns> = self.batch(vec![visit]).await?.first()?;
        row.map(VisitColumns::into_found).transpose()
    }

    /// Gives a user a new key; the old one is dead from the same moment. Of
    /// several at once the last one to be written counts.
    pub async fn reset_user_key(
        &self,
        reset: &KeyReset<'_>,
        entry: &audit::Entry,
    ) -> Result<ResetOutcome, DatabaseError> {
        let write = Statement::new(
            RESET,
            [
                reset.user.into(),
                reset.key.hash().into(),
                entry.at.into(),
                reset.by.into(),
                reset.in_person.map(Key::hash).into(),
            ],
        );
        let batch = vec![write, audit_change(entry)?];
        if self.batch(batch).await?.count()? > 0 {
            return Ok(ResetOutcome::Done);
        }
        if reset.in_person.is_some() {
            // Also where the user was deleted: the key is nobody's now.
            return Ok(ResetOutcome::KeyGone);
        }
        let look = Statement::new(KEY_IN_FORCE, [reset.by.into()]);
        let in_force = self.batch(vec![look]).await?.count()? > 0;
        Ok(if in_force {
            ResetOutcome::UserGone
        } else {
            ResetOutcome::KeyGone
        })
    }
}
