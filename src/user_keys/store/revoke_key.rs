use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::user_keys::InstanceName;
use crate::user_keys::store::{Exists, instance_exists_statement};

const REVOKE_INSTANCE_KEY: &str = "
UPDATE instance_keys SET revoked_at = ?3
WHERE id = ?1 AND instance = ?2 AND role IS NULL AND revoked_at IS NULL";

const REVOKE_ACCOUNT_KEY: &str = "
UPDATE instance_keys SET revoked_at = ?2
WHERE id = ?1 AND role IS NOT NULL AND revoked_at IS NULL";

/// Revokes an instance API key at `entry.at`. A key that is revoked already, unknown, or one
/// of another instance stays as it is. False when there is no such instance.
pub async fn revoke_instance_key(
    database: &Database,
    instance: &InstanceName,
    id: &str,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    let revoke = Statement::new(
        REVOKE_INSTANCE_KEY,
        [id.into(), instance.into(), entry.at.into()],
    );
    batch.execute_audited(revoke, entry)?;
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    Ok(database.run(batch).await?.one(exists)?.found)
}

/// Revokes an account key at `entry.at`. A key that is revoked already, or unknown, stays as
/// it is.
pub async fn revoke_account_key(
    database: &Database,
    id: &str,
    entry: &Entry,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    let revoke = Statement::new(REVOKE_ACCOUNT_KEY, [id.into(), entry.at.into()]);
    batch.execute_audited(revoke, entry)?;
    database.run(batch).await.map(|_| ())
}
