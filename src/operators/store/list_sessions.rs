use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::operators::session::SESSION_IDLE;

const LIST: &str = "
SELECT id_hash, created_at, authenticated_at, seen_at, ends_at, address, agent
FROM console_sessions
WHERE operator_id = ?1 AND ends_at > ?2 AND seen_at > ?3
ORDER BY created_at DESC";

db::row! {
    /// A session that is open.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SessionRow {
        pub id_hash: String,
        pub created_at: Timestamp,
        pub authenticated_at: Timestamp,
        pub seen_at: Timestamp,
        pub ends_at: Timestamp,
        pub address: Option<String>,
        pub agent: Option<String>,
    }
}

/// The open sessions of an operator, newest first; beginning one keeps them few.
pub async fn list_sessions(
    database: &Database,
    operator_id: &str,
    now: Timestamp,
) -> Result<Vec<SessionRow>, DatabaseError> {
    let args = [
        operator_id.into(),
        now.into(),
        now.minus(SESSION_IDLE).into(),
    ];
    let mut batch = Batch::new();
    let rows = batch.push(Statement::new(LIST, args));
    database.run(batch).await?.rows(rows)
}
