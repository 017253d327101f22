use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;

const REVOKE: &str = "
UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";

/// Revokes a key at `entry.at`. A key that is revoked already, or unknown, stays as it is.
pub async fn revoke_api_key(
    database: &Database,
    id: &str,
    entry: &Entry,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    let revoke = Statement::new(REVOKE, [id.into(), entry.at.into()]);
    batch.execute_audited(revoke, entry)?;
    database.run(batch).await.map(|_| ())
}
