use serde::Deserialize;

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::store::InstanceRow;

const LIST: &str = "SELECT name, created_at FROM instances ORDER BY name";

#[derive(Deserialize)]
struct Columns {
    name: String,
    created_at: i64,
}

/// Lists the instances by name.
pub async fn list_instances(database: &Database) -> Result<Vec<InstanceRow>, DatabaseError> {
    let mut batch = Batch::new();
    let instances = batch.push::<Columns>(Statement::new(LIST, []));
    let rows = database.run(batch).await?.rows(instances)?;
    let row = |columns: Columns| InstanceRow {
        name: InstanceName::from_stored(columns.name),
        created_at: Timestamp::from_millis(columns.created_at),
    };
    Ok(rows.into_iter().map(row).collect())
}
