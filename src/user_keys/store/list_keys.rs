use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::user_keys::InstanceName;
use crate::user_keys::store::{AccountKeyRow, Exists, InstanceKeyRow, instance_exists_statement};

// ?1 instance, ?2 the id before which the page begins, ?3 limit. Ids begin with the moment of their
// making, so the newest comes first.
const INSTANCE_KEYS: &str = "
SELECT id, instance, label, created_at,
       ignore_acl, allow_user_create, allow_group_create, allow_anonymous_read
FROM instance_keys
WHERE instance = ?1 AND role IS NULL AND revoked_at IS NULL AND (?2 IS NULL OR id < ?2)
ORDER BY id DESC LIMIT ?3";

// ?1 and ?2 as ?2 and ?3 above
const ACCOUNT_KEYS: &str = "
SELECT id, instance, label, created_at, role
FROM instance_keys
WHERE role IS NOT NULL AND revoked_at IS NULL AND (?1 IS NULL OR id < ?1)
ORDER BY id DESC LIMIT ?2";

const ACCOUNT_KEYS_OF_INSTANCE: &str = "
SELECT id, instance, label, created_at, role
FROM instance_keys
WHERE instance = ?1 AND role IS NOT NULL AND revoked_at IS NULL AND (?2 IS NULL OR id < ?2)
ORDER BY id DESC LIMIT ?3";

/// Lists an instance's API keys that are not revoked, newest first, at most `limit`: those made
/// before the key `after`, or the newest. `None`: there is no such instance.
pub async fn list_instance_keys(
    database: &Database,
    instance: &InstanceName,
    after: Option<&str>,
    limit: u32,
) -> Result<Option<Vec<InstanceKeyRow>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    let list = Statement::new(INSTANCE_KEYS, [instance.into(), after.into(), limit.into()]);
    let keys = batch.push::<InstanceKeyRow>(list);
    let results = database.run(batch).await?;
    if !results.one(exists)?.found {
        return Ok(None);
    }
    results.rows(keys).map(Some)
}

/// The same for account keys, of all instances or of one.
pub async fn list_account_keys(
    database: &Database,
    instance: Option<&InstanceName>,
    after: Option<&str>,
    limit: u32,
) -> Result<Option<Vec<AccountKeyRow>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = instance.map(|name| batch.push::<Exists>(instance_exists_statement(name)));
    let list = match instance {
        None => Statement::new(ACCOUNT_KEYS, [after.into(), limit.into()]),
        Some(name) => {
            let args = [name.into(), after.into(), limit.into()];
            Statement::new(ACCOUNT_KEYS_OF_INSTANCE, args)
        }
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
