//! Turns a second factor off, by an accepted code or without one.

use super::change::execute_notified;
use crate::account::Notice;
use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::{RequestId, UserId, audit};

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

/// The audit row and the notice of a second factor that is turned off.
#[derive(Debug)]
pub struct Disable {
    pub entry: audit::Entry,
    pub notice: Notice,
}

/// Turns the second factor off without a code, and ends a set-up that is under way.
pub async fn disable_two_factor(
    database: &Database,
    user: &UserId,
    disable: &Disable,
) -> Result<(), DatabaseError> {
    let statement = Statement::new(DISABLE, [user.into()]);
    let mut batch = Batch::new();
    push_disable(&mut batch, user, statement, disable)?;
    batch.execute(Statement::new(DROP_PENDING, [user.into()]));
    database.run(batch).await.map(|_| ())
}

/// Ends the set-up of a second factor that is off.
pub async fn drop_setup(database: &Database, user: &UserId) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(DROP_PENDING, [user.into()]));
    database.run(batch).await.map(|_| ())
}

/// Turns the second factor off if a code of `request` was accepted, earlier in the batch.
pub(super) fn push_disable_if_accepted(
    batch: &mut Batch,
    user: &UserId,
    request: &RequestId,
    disable: &Disable,
) -> Result<(), DatabaseError> {
    let statement = Statement::new(DISABLE_IF_ACCEPTED, [user.into(), request.into()]);
    push_disable(batch, user, statement, disable)
}

fn push_disable(
    batch: &mut Batch,
    user: &UserId,
    statement: Statement,
    disable: &Disable,
) -> Result<(), DatabaseError> {
    execute_notified(batch, statement, &disable.entry, [&disable.notice])?;
    batch.execute(Statement::new(DELETE_CODES_IF_OFF, [user.into()]));
    Ok(())
}
