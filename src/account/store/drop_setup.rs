//! Ends the set-up of a second factor that is off.

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::UserId;

const DROP_PENDING: &str = "
DELETE FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NULL";

pub(super) fn drop_pending(user: &UserId) -> Statement {
    Statement::new(DROP_PENDING, [user.into()])
}

pub async fn drop_setup(database: &Database, user: &UserId) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(drop_pending(user));
    database.run(batch).await.map(|_| ())
}
