//! The one read of a request with keys: it authenticates, and loads the user in the path.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::user_keys::authorization::{AccessRecord, ClientKey, Flags, Grant, InstanceUser, Role};
use crate::user_keys::credentials::Presented;
use crate::user_keys::{Credentials, InstanceName, InstanceUserId, Key};

// ?1 instance, ?2 hash of the API key, ?3 hash of the user key, ?4 user in the path. Always one row.
const FIND: &str = "
SELECT i.created_at,
       k.id AS key_id, k.role, k.ignore_acl, k.allow_user_create, k.allow_group_create,
       k.allow_anonymous_read,
       k.id IS NULL AND EXISTS (
         SELECT 1 FROM instance_users m WHERE m.key_hash = ?2 AND m.instance = i.name
       ) AS api_key_is_a_user_key,
       o.id AS owner_id, o.username AS owner_username, o.created_at AS owner_created_at,
       u.id AS user_id, u.username, u.created_at AS user_created_at,
       i.name IS NULL AND (
         EXISTS (SELECT 1 FROM instance_keys e WHERE e.key_hash = ?2 AND e.revoked_at IS NULL)
         OR EXISTS (SELECT 1 FROM instance_users e WHERE e.key_hash IN (?2, ?3))
       ) AS holds_a_key_elsewhere
FROM (SELECT ?1 AS name) q
LEFT JOIN instances i ON i.name = q.name
LEFT JOIN instance_keys k ON k.key_hash = ?2 AND k.instance = i.name AND k.revoked_at IS NULL
LEFT JOIN instance_users o ON o.key_hash = ?3 AND o.instance = i.name
LEFT JOIN instance_users u ON u.id = ?4 AND u.instance = i.name";

db::row! {
    struct Columns {
        created_at: Option<Timestamp>,
        holds_a_key_elsewhere: bool,
        key_id: Option<String>,
        role: Option<Role>,
        flags: Flags = flatten,
        api_key_is_a_user_key: bool,
        owner_id: Option<InstanceUserId>,
        owner_username: Option<String>,
        owner_created_at: Option<Timestamp>,
        user_id: Option<InstanceUserId>,
        username: Option<String>,
        user_created_at: Option<Timestamp>,
    }
}

impl From<Columns> for AccessRecord {
    fn from(columns: Columns) -> Self {
        let grant = match columns.role {
            None => Grant::Instance(columns.flags),
            Some(role) => Grant::Account(role),
        };
        Self {
            instance_created_at: columns.created_at,
            holds_a_key_elsewhere: columns.holds_a_key_elsewhere,
            client_key: columns.key_id.map(|id| ClientKey { id, grant }),
            api_key_is_a_user_key: columns.api_key_is_a_user_key,
            key_owner: user(
                columns.owner_id,
                columns.owner_username,
                columns.owner_created_at,
            ),
            path_user: user(columns.user_id, columns.username, columns.user_created_at),
        }
    }
}

fn user(
    id: Option<InstanceUserId>,
    username: Option<String>,
    created_at: Option<Timestamp>,
) -> Option<InstanceUser> {
    Some(InstanceUser {
        id: id?,
        username: username?,
        created_at: created_at?,
    })
}

/// Reads what the keys presented stand for and, where the path names one, the user.
pub async fn find_access(
    database: &Database,
    instance: Option<&InstanceName>,
    credentials: &Credentials,
    user: Option<InstanceUserId>,
) -> Result<AccessRecord, DatabaseError> {
    let hash = |presented: &Option<Presented>| {
        let key = presented.as_ref().and_then(Presented::key);
        key.map(Key::hash)
    };
    let find = Statement::new(
        FIND,
        [
            instance.map(InstanceName::as_str).into(),
            hash(&credentials.api_key).into(),
            hash(&credentials.user_key).into(),
            user.into(),
        ],
    );
    let mut batch = Batch::new();
    let access = batch.push::<Columns>(find);
    let found = database.run(batch).await?.one(access)?;
    Ok(found.into())
}
