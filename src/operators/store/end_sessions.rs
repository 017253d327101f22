use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;

const END: &str = "DELETE FROM console_sessions WHERE id_hash = ?1";

const END_ALL: &str = "DELETE FROM console_sessions WHERE operator_id = ?1";

/// Ends one session. One that is gone already stays so.
pub async fn end_session(
    database: &Database,
    id_hash: &str,
    entry: &Entry,
) -> Result<(), DatabaseError> {
    run(database, Statement::new(END, [id_hash.into()]), entry).await
}

/// Ends all sessions of an operator.
pub async fn end_sessions(
    database: &Database,
    operator_id: &str,
    entry: &Entry,
) -> Result<(), DatabaseError> {
    run(
        database,
        Statement::new(END_ALL, [operator_id.into()]),
        entry,
    )
    .await
}

async fn run(database: &Database, end: Statement, entry: &Entry) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute_audited(end, entry)?;
    database.run(batch).await.map(|_| ())
}
