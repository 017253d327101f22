use crate::db::{Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;

// One an hour stands for those of the same person and reason, so that nothing fills the trail by trying.
const RECORD: &str = audit_rows!(
    "WHERE NOT EXISTS (
  SELECT 1 FROM audit_log a
  WHERE a.action = 'session.refuse' AND a.actor = (value ->> 'actor')
    AND a.outcome = (value ->> 'outcome') AND a.at > (value ->> 'at') - 3600000)"
);

/// Records that a person who signed in at the identity provider got no session; the first time an hour.
pub async fn refuse_session(database: &Database, entry: &Entry) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(RECORD, [audit_json([entry])?]));
    database.run(batch).await.map(|_| ())
}
