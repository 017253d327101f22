use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::user_keys::store::{Exists, instance_exists_statement};
use crate::user_keys::{InstanceName, InstanceUserId};

const DELETE: &str = "DELETE FROM instance_users WHERE id = ?1 AND instance = ?2";

/// Deletes a user and with it its key. If there is no user of this id, `None` included, nothing
/// changes. False when there is no such instance.
pub async fn delete_user(
    database: &Database,
    instance: &InstanceName,
    id: Option<InstanceUserId>,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    batch.execute_audited(Statement::new(DELETE, [id.into(), instance.into()]), entry)?;
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    Ok(database.run(batch).await?.one(exists)?.found)
}
