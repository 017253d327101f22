use crate::db::{self, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::UserId;
use crate::kernel::audit::Entry;

// ?1 user. Of a deleted user whose account is still there, the last e-mail.
const PERSONAL_DATA: &str = "
SELECT substr(CAST(coalesce(u.email, t.left_email) AS TEXT), 1, 320) AS email,
       substr(CAST(u.phone_number AS TEXT), 1, 64) AS phone_number
FROM (SELECT ?1 AS id) q
LEFT JOIN users u ON u.uuid = q.id
LEFT JOIN threedeye_users t ON t.user_id = q.id
WHERE u.uuid IS NOT NULL OR t.left_state IS NOT NULL";

// ?1 entry, ?2 user
const AUDIT: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM users WHERE uuid = ?2)
  OR EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?2 AND left_state IS NOT NULL)"
);

db::row! {
    /// What is known of a person, unmasked.
    #[derive(Debug)]
    pub struct Revealed {
        pub email: Option<String>,
        pub phone_number: Option<String>,
    }
}

/// Reads a user's personal data and writes down who did. `None`: there is no such user.
pub async fn reveal(
    database: &Database,
    user: &UserId,
    entry: &Entry,
) -> Result<Option<Revealed>, DatabaseError> {
    let mut batch = Batch::new();
    let read = batch.push::<Revealed>(Statement::new(PERSONAL_DATA, [user.into()]));
    batch.execute(Statement::new(AUDIT, [audit_json([entry])?, user.into()]));
    database.run(batch).await?.first(read)
}
