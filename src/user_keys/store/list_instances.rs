use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::user_keys::store::InstanceRow;

const LIST: &str = "SELECT name, created_at FROM instances ORDER BY name";

/// Lists the instances by name.
pub async fn list_instances(database: &Database) -> Result<Vec<InstanceRow>, DatabaseError> {
    let mut batch = Batch::new();
    let instances = batch.push(Statement::new(LIST, []));
    database.run(batch).await?.rows(instances)
}
