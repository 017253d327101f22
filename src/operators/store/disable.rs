use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;

use super::{Changed, KnownOperator, find_operator};

const DISABLE: &str = concat!(
    "
UPDATE operators SET disabled_at = ?2
WHERE id = ?1 AND disabled_at IS NULL
  AND (role <> 'admin' OR ",
    another_admin!(),
    ")"
);

const END_SESSIONS: &str = "
DELETE FROM console_sessions
WHERE operator_id IN (SELECT id FROM operators WHERE id = ?1 AND disabled_at IS NOT NULL)";

/// Disables an operator, the entry's subject, at `entry.at`, and ends their sessions. The row stays, because
/// the audit trail names it. `domains`: of those who can sign in.
pub async fn disable_operator(
    database: &Database,
    domains: &[String],
    entry: &Entry,
) -> Result<Changed, DatabaseError> {
    let id = entry.subject.as_str();
    let mut batch = Batch::new();
    let disable = Statement::new(DISABLE, [id.into(), entry.at.into(), Arg::json(&domains)?]);
    batch.execute_audited(disable, entry)?;
    batch.execute(Statement::new(END_SESSIONS, [id.into()]));
    let now = batch.push::<KnownOperator>(find_operator::by_id(id));
    Ok(match database.run(batch).await?.first(now)? {
        None => Changed::Unknown,
        Some(operator) if operator.is_disabled => Changed::Done,
        Some(_) => Changed::LastAdmin,
    })
}
