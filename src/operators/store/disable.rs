use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;

use super::{Changed, KnownOperator, find_operator};

const DISABLE: &str = "
UPDATE operators SET disabled_at = ?2
WHERE id = ?1 AND disabled_at IS NULL
  AND (role <> 'admin' OR EXISTS (
    SELECT 1 FROM operators o WHERE o.role = 'admin' AND o.disabled_at IS NULL AND o.id <> ?1))";

const END_SESSIONS: &str = "
DELETE FROM console_sessions
WHERE operator_id IN (SELECT id FROM operators WHERE id = ?1 AND disabled_at IS NOT NULL)";

/// Disables an operator, the entry's subject, at `entry.at`, and ends their sessions. The row stays, because
/// the audit trail names it.
pub async fn disable_operator(
    database: &Database,
    entry: &Entry,
) -> Result<Changed, DatabaseError> {
    let id = entry.subject.as_str();
    let mut batch = Batch::new();
    batch.execute_audited(Statement::new(DISABLE, [id.into(), entry.at.into()]), entry)?;
    batch.execute(Statement::new(END_SESSIONS, [id.into()]));
    let now = batch.push::<KnownOperator>(find_operator::by_id(id));
    Ok(match database.run(batch).await?.first(now)? {
        None => Changed::Unknown,
        Some(operator) if operator.is_disabled => Changed::Done,
        Some(_) => Changed::LastAdmin,
    })
}
