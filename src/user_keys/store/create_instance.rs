use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::kernel::audit::Entry;
use crate::user_keys::InstanceName;
use crate::user_keys::store::InstanceRow;

const INSERT: &str = "
INSERT INTO instances (name, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING
RETURNING name";

const CREATED_AT: &str = "SELECT created_at FROM instances WHERE name = ?1";

db::row! {
    struct CreatedAt {
        created_at: Timestamp,
    }
}

#[derive(Debug, Clone)]
pub struct CreatedInstance {
    pub row: InstanceRow,
    /// Whether there was one of this name already; then it is as it was.
    pub existed: bool,
}

/// Creates an instance at `entry.at`, unless there is one of this name.
pub async fn create_instance(
    database: &Database,
    name: InstanceName,
    entry: &Entry,
) -> Result<CreatedInstance, DatabaseError> {
    let mut batch = Batch::new();
    let insert = Statement::new(INSERT, [(&name).into(), entry.at.into()]);
    let inserted = batch.push_audited::<()>(insert, entry)?;
    let created_at = batch.push::<CreatedAt>(Statement::new(CREATED_AT, [(&name).into()]));
    let results = database.run(batch).await?;
    let created_at = results.one(created_at)?.created_at;
    Ok(CreatedInstance {
        row: InstanceRow { name, created_at },
        existed: results.count(inserted)? == 0,
    })
}
