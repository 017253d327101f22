use crate::db::{Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;

const RECORD: &str = audit_rows!("");

/// Records that a person who signed in at the identity provider got no session.
pub async fn refuse_session(database: &Database, entry: &Entry) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(RECORD, [audit_json([entry])?]));
    database.run(batch).await.map(|_| ())
}
