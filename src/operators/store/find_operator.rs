use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::EmailKey;
use crate::operators::Role;

const BY_EMAIL: &str = "
SELECT id, email_key, role, subject, disabled_at IS NOT NULL AS is_disabled
FROM operators WHERE email_key = ?1";

const BY_ID: &str = "
SELECT id, email_key, role, subject, disabled_at IS NOT NULL AS is_disabled
FROM operators WHERE id = ?1";

db::row! {
    /// An operator as stored, who may be disabled.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct KnownOperator {
        pub id: String,
        pub email_key: String,
        pub role: Role,
        pub subject: Option<String>,
        pub is_disabled: bool,
    }
}

pub async fn find_by_email(
    database: &Database,
    email: &EmailKey,
) -> Result<Option<KnownOperator>, DatabaseError> {
    let mut batch = Batch::new();
    let found = batch.push(Statement::new(BY_EMAIL, [email.as_str().into()]));
    database.run(batch).await?.first(found)
}

/// The statement that reads a [`KnownOperator`].
pub(super) fn by_id(id: &str) -> Statement {
    Statement::new(BY_ID, [id.into()])
}
