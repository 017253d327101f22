use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::user_keys::InstanceName;
use crate::user_keys::store::{AccountKeyRow, Exists, InstanceKeyRow, instance_exists_statement};

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

/// Lists an instance's API keys that are not revoked, newest first; `None`: there is no such
/// instance.
pub async fn list_instance_keys(
    database: &Database,
    instance: &InstanceName,
) -> Result<Option<Vec<InstanceKeyRow>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    let list = Statement::new(INSTANCE_KEYS, [instance.into()]);
    let keys = batch.push::<InstanceKeyRow>(list);
    let results = database.run(batch).await?;
    if !results.one(exists)?.found {
        return Ok(None);
    }
    results.rows(keys).map(Some)
}

/// Lists the account keys that are not revoked, of all instances or of one, newest first;
/// `None`: there is no such instance.
pub async fn list_account_keys(
    database: &Database,
    instance: Option<&InstanceName>,
) -> Result<Option<Vec<AccountKeyRow>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = instance.map(|name| batch.push::<Exists>(instance_exists_statement(name)));
    let list = match instance {
        None => Statement::new(ACCOUNT_KEYS, []),
        Some(name) => Statement::new(ACCOUNT_KEYS_OF_INSTANCE, [name.into()]),
    };
    let keys = batch.push::<AccountKeyRow>(list);
    let results = database.run(batch).await?;
    if let Some(exists) = exists
        && !results.one(exists)?.found
    {
        return Ok(None);
    }
    results.rows(keys).map(Some)
}
