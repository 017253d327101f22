//! Whom the entries of a list name.

use serde::Serialize;

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};

// ?1 entries. A deleted user has an id as long as something of it is left. Of an e-mail that several users have, two
// are enough to tell.
const RESOLVE: &str = "
SELECT coalesce(
         (SELECT uuid FROM users WHERE uuid = e.value ->> 'id'),
         (SELECT user_id FROM threedeye_users WHERE user_id = e.value ->> 'id'),
         (SELECT user_id FROM threedeye_recovery WHERE user_id = e.value ->> 'id')) AS by_id,
       (SELECT json_group_array(uuid) FROM (
          SELECT uuid FROM users
          WHERE email_key = e.value ->> 'email' AND typeof(uuid) = 'text' LIMIT 2)) AS by_email
FROM json_each(?1) e
ORDER BY e.key";

/// What an entry may be.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Named<'a> {
    pub id: Option<&'a str>,
    /// In the normal form.
    pub email: Option<&'a str>,
}

db::row! {
    /// The users that an entry may name.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Resolved {
        pub by_id: Option<String>,
        /// Two at most.
        pub by_email: Vec<String> = json,
    }
}

/// Looks the entries up, in their order.
pub async fn resolve(
    database: &Database,
    named: &[Named<'_>],
) -> Result<Vec<Resolved>, DatabaseError> {
    let mut batch = Batch::new();
    let rows = batch.push(Statement::new(RESOLVE, [Arg::json(&named)?]));
    database.run(batch).await?.rows(rows)
}
