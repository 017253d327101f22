use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::user_keys::Key;
use crate::user_keys::store::{AccountKeyRow, InstanceKeyRow};

const INSERT_INSTANCE_KEY: &str = "
INSERT INTO instance_keys (id, key_hash, instance, label, created_at, ignore_acl,
                           allow_user_create, allow_group_create, allow_anonymous_read)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
WHERE EXISTS (SELECT 1 FROM instances WHERE name = ?3)
RETURNING id";

const INSERT_ACCOUNT_KEY: &str = "
INSERT INTO instance_keys (id, key_hash, instance, label, created_at, role)
SELECT ?1, ?2, ?3, ?4, ?5, ?6
WHERE EXISTS (SELECT 1 FROM instances WHERE name = ?3)
RETURNING id";

/// Stores a new API key of an instance; false when there is no such instance.
pub async fn create_instance_key(
    database: &Database,
    row: &InstanceKeyRow,
    key: &Key,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let insert = Statement::new(
        INSERT_INSTANCE_KEY,
        [
            row.id.as_str().into(),
            key.hash().into(),
            (&row.instance).into(),
            row.label.as_deref().into(),
            row.created_at.into(),
            row.flags.ignore_acl.into(),
            row.flags.allow_user_create.into(),
            row.flags.allow_group_create.into(),
            row.flags.allow_anonymous_read.into(),
        ],
    );
    has_inserted(database, insert, entry).await
}

/// Stores a new account key; false when there is no such instance.
pub async fn create_account_key(
    database: &Database,
    row: &AccountKeyRow,
    key: &Key,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let insert = Statement::new(
        INSERT_ACCOUNT_KEY,
        [
            row.id.as_str().into(),
            key.hash().into(),
            (&row.instance).into(),
            row.label.as_deref().into(),
            row.created_at.into(),
            row.role.as_str().into(),
        ],
    );
    has_inserted(database, insert, entry).await
}

async fn has_inserted(
    database: &Database,
    insert: Statement,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    let inserted = batch.push_audited::<()>(insert, entry)?;
    Ok(database.run(batch).await?.count(inserted)? > 0)
}
