//! The second factor's end.

use crate::account::Notice;
use crate::db::DatabaseError;
use crate::db::audit_change;
use crate::db::{Database, Statement};
use crate::kernel::audit;
use crate::kernel::{RequestId, UserId};

use crate::account::store::notices::notice_change;

// ?1 user, ?2 the request whose code must have been accepted, or NULL where none is asked for
const DISABLE: &str = "
DELETE FROM second_factors
WHERE user_id = ?1 AND secret_sealed IS NOT NULL AND (?2 IS NULL OR accepted_by = ?2)";

const DROP_CODES: &str = "
DELETE FROM backup_codes
WHERE user_id = ?1 AND NOT EXISTS (
  SELECT 1 FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NOT NULL
)";

const DROP_PENDING: &str = "
DELETE FROM second_factors WHERE user_id = ?1 AND secret_sealed IS NULL";

/// A second factor that is to be turned off.
#[derive(Debug)]
pub struct Disabling {
    /// The audit row.
    pub entry: audit::Entry,
    /// The notice.
    pub notice: Notice,
}

impl Disabling {
    /// Turns it off, if the code of that very request was accepted.
    pub(crate) fn statements(
        &self,
        user: &UserId,
        proved_by: Option<&RequestId>,
    ) -> Result<Vec<Statement>, DatabaseError> {
        let proved_by = proved_by.map(RequestId::as_str);
        Ok(vec![
            Statement::new(DISABLE, [user.as_str().into(), proved_by.into()]),
            audit_change(&self.entry)?,
            notice_change(&self.notice),
            Statement::new(DROP_CODES, [user.as_str().into()]),
        ])
    }
}

impl Database {
    /// Turns a second factor off without a code, and ends a set-up that may be under way.
    pub async fn disable_two_factor(
        &self,
        user: &UserId,
        disabling: &Disabling,
    ) -> Result<(), DatabaseError> {
        let mut statements = disabling.statements(user, None)?;
        statements.push(Statement::new(DROP_PENDING, [user.as_str().into()]));
        self.batch(statements).await.map(|_| ())
    }

    /// Ends the set-up of a second factor that is off.
    pub async fn drop_set_up(&self, user: &UserId) -> Result<(), DatabaseError> {
        let drop = Statement::new(DROP_PENDING, [user.as_str().into()]);
        self.batch(vec![drop]).await.map(|_| ())
    }
}
