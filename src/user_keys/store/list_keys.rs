use serde::Deserialize;

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::authorization::{Flags, Role};
use crate::user_keys::store::{Exists, KeyRow, instance_exists_statement};

const INSTANCE_KEYS: &str = "
SELECT id, instance, label, created_at,
       ignore_acl, allow_user_create, allow_group_create, allow_anonymous_read
FROM instance_keys
WHERE instance = ?1 AND role IS NULL AND revoked_at IS NULL
ORDER BY created_at DESC, id DESC";

const ACCOUNT_KEYS: &str = "
SELECT id, instance, label, created_at, role
FROM instance_keys
WHERE role IS NOT NULL AND revoked_at IS NULL
ORDER BY created_at DESC, id DESC";

const ACCOUNT_KEYS_OF_INSTANCE: &str = "
SELECT id, instance, label, created_at, role
FROM instance_keys
WHERE instance = ?1 AND role IS NOT NULL AND revoked_at IS NULL
ORDER BY created_at DESC, id DESC";

#[derive(Deserialize)]
struct InstanceKeyColumns {
    id: String,
    instance: String,
    label: Option<String>,
    created_at: i64,
    ignore_acl: u8,
    allow_user_create: u8,
    allow_group_create: u8,
    allow_anonymous_read: u8,
}

impl From<InstanceKeyColumns> for KeyRow<Flags> {
    fn from(columns: InstanceKeyColumns) -> Self {
        Self {
            id: columns.id,
            instance: InstanceName::from_stored(columns.instance),
            grant: Flags {
                ignore_acl: columns.ignore_acl == 1,
                allow_user_create: columns.allow_user_create == 1,
                allow_group_create: columns.allow_group_create == 1,
                allow_anonymous_read: columns.allow_anonymous_read == 1,
            },
            label: columns.label,
            created_at: Timestamp::from_millis(columns.created_at),
        }
    }
}

#[derive(Deserialize)]
struct AccountKeyColumns {
    id: String,
    instance: String,
    label: Option<String>,
    created_at: i64,
    role: String,
}

impl TryFrom<AccountKeyColumns> for KeyRow<Role> {
    type Error = DatabaseError;

    fn try_from(columns: AccountKeyColumns) -> Result<Self, DatabaseError> {
        let grant = Role::from_name(&columns.role)
            .ok_or_else(|| DatabaseError::bad_value("instance_keys", "role", &columns.id))?;
        Ok(Self {
            id: columns.id,
            instance: InstanceName::from_stored(columns.instance),
            grant,
            label: columns.label,
            created_at: Timestamp::from_millis(columns.created_at),
        })
    }
}

/// Lists an instance's API keys that are not revoked, newest first; `None`: there is no such
/// instance.
pub async fn list_instance_keys(
    database: &Database,
    instance: &InstanceName,
) -> Result<Option<Vec<KeyRow<Flags>>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    let list = Statement::new(INSTANCE_KEYS, [instance.into()]);
    let keys = batch.push::<InstanceKeyColumns>(list);
    let results = database.run(batch).await?;
    if !results.one(exists)?.is_found() {
        return Ok(None);
    }
    let rows = results.rows(keys)?;
    Ok(Some(rows.into_iter().map(Into::into).collect()))
}

/// Lists the account keys that are not revoked, of all instances or of one, newest first;
/// `None`: there is no such instance.
pub async fn list_account_keys(
    database: &Database,
    instance: Option<&InstanceName>,
) -> Result<Option<Vec<KeyRow<Role>>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = instance.map(|name| batch.push::<Exists>(instance_exists_statement(name)));
    let list = match instance {
        None => Statement::new(ACCOUNT_KEYS, []),
        Some(name) => Statement::new(ACCOUNT_KEYS_OF_INSTANCE, [name.into()]),
    };
    let keys = batch.push::<AccountKeyColumns>(list);
    let results = database.run(batch).await?;
    if let Some(exists) = exists
        && !results.one(exists)?.is_found()
    {
        return Ok(None);
    }
    let rows = results.rows(keys)?;
    let rows: Result<_, _> = rows.into_iter().map(TryInto::try_into).collect();
    rows.map(Some)
}
