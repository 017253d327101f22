//! Turns a second factor off, by an accepted code or without one.

use super::change::execute_notified;
use crate::account::{AuditContext, Notice};
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::UserId;
use crate::kernel::audit::Action;

/// The outcome in the audit trail where a person does it themselves.
pub const OFF: &str = "off";

const DISABLE: &str = "
DELETE FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL";

// ?2 the request whose code must have been accepted
const DISABLE_IF_ACCEPTED: &str = "
DELETE FROM second_factors
WHERE user_id = ?1 AND secret_sealed IS NOT NULL AND accepted_by = ?2";

const DELETE_CODES_IF_OFF: &str = "
DELETE FROM backup_codes
WHERE user_id = ?1 AND NOT EXISTS (
  SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL
)";

const DROP_PENDING: &str = "
DELETE FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NULL";

/// Turns the second factor off without a code, and ends a set-up that is under way. `outcome` is for the audit
/// trail, and `notice` tells the person.
pub async fn disable_two_factor(
    database: &Database,
    audit: &AuditContext,
    outcome: &str,
    notice: &Notice,
) -> Result<(), DatabaseError> {
    let user = &audit.user;
    let mut batch = Batch::new();
    let disable = Statement::new(DISABLE, [user.into()]);
    push_disable(&mut batch, disable, audit, outcome, notice)?;
    batch.execute(Statement::new(DROP_PENDING, [user.into()]));
    database.run(batch).await.map(|_| ())
}

/// Ends the set-up of a second factor that is off.
pub async fn drop_setup(database: &Database, user: &UserId) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(DROP_PENDING, [user.into()]));
    database.run(batch).await.map(|_| ())
}

/// Turns the second factor off if a code of this request was accepted, earlier in the batch.
pub(super) fn push_disable_if_accepted(
    batch: &mut Batch,
    audit: &AuditContext,
    notice: &Notice,
) -> Result<(), DatabaseError> {
    let args = [(&audit.user).into(), (&audit.origin.request_id).into()];
    push_disable(
        batch,
        Statement::new(DISABLE_IF_ACCEPTED, args),
        audit,
        OFF,
        notice,
    )
}

fn push_disable(
    batch: &mut Batch,
    disable: Statement,
    audit: &AuditContext,
    outcome: &str,
    notice: &Notice,
) -> Result<(), DatabaseError> {
    let entry = audit.entry(Action::DisableTwoFactor, outcome);
    execute_notified(batch, disable, &entry, [notice])?;
    batch.execute(Statement::new(DELETE_CODES_IF_OFF, [(&audit.user).into()]));
    Ok(())
}
