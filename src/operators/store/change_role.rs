use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::operators::Role;

use super::{Changed, KnownOperator, find_operator};

// The last one who can make others stays one, whatever is asked at the same time.
const CHANGE: &str = concat!(
    "
UPDATE operators SET role = ?2
WHERE id = ?1 AND disabled_at IS NULL AND role <> ?2
  AND (role <> 'admin' OR ",
    another_admin!(),
    ")"
);

/// Gives an operator, the entry's subject, another role, which their sessions have from the next request on.
/// `domains`: of those who can sign in.
pub async fn change_role(
    database: &Database,
    domains: &[String],
    role: Role,
    entry: &Entry,
) -> Result<Changed, DatabaseError> {
    let id = entry.subject.as_str();
    let change = Statement::new(
        CHANGE,
        [id.into(), role.as_str().into(), Arg::json(&domains)?],
    );
    let mut batch = Batch::new();
    batch.execute_audited(change, entry)?;
    let now = batch.push::<KnownOperator>(find_operator::by_id(id));
    Ok(match database.run(batch).await?.first(now)? {
        None => Changed::Unknown,
        Some(operator) if operator.is_disabled => Changed::Disabled,
        Some(operator) if operator.role == role => Changed::Done,
        Some(_) => Changed::LastAdmin,
    })
}
