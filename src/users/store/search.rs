//! Finds users by what a ticket holds.

use serde::{Deserialize, Serialize};

use super::columns::{UserColumns, user_columns};
use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::users::query::{Index, Lookup};

/// A key of an index is shown to the next page up to here; longer ones are no e-mails.
const MAX_KEY_CHARS: usize = 400;

/// A page of users whose `$key` begins with a text, in its order. ?1 where it begins or the last key of the page
/// before, ?2 the end of the prefix, ?3 the last row of the page before, ?4 limit. That the key is below ?2 tells
/// SQLite that it is not NULL, so that a partial index applies.
macro_rules! by_prefix {
    ($key:literal) => {
        concat!(
            "
SELECT substr(",
            $key,
            ", 1, 400) AS key, u.rowid AS row,",
            user_columns!(),
            "
FROM users u
LEFT JOIN threedeye_users t ON t.user_id = u.uuid
LEFT JOIN second_factors f ON f.user_id = u.uuid
WHERE ",
            $key,
            " < ?2 AND (",
            $key,
            ", u.rowid) > (?1, ?3)
ORDER BY ",
            $key,
            ", u.rowid LIMIT ?4"
        )
    };
}

const BY_USER_ID: &str = by_prefix!("u.uuid");
const BY_EMAIL: &str = by_prefix!("u.email_key");
const BY_PHONE: &str = by_prefix!("u.phone_number");

// ?1 domain, ?2 the last row of the page before, ?3 limit
const BY_DOMAIN: &str = concat!(
    "
SELECT '' AS key, u.rowid AS row,",
    user_columns!(),
    "
FROM users u
LEFT JOIN threedeye_users t ON t.user_id = u.uuid
LEFT JOIN second_factors f ON f.user_id = u.uuid
WHERE u.email_key IS NOT NULL AND substr(u.email_key, instr(u.email_key, '@') + 1) = ?1
  AND u.rowid > ?2
ORDER BY u.rowid LIMIT ?3"
);

// ?1 subject, ?2 limit
const BY_SUBJECT: &str = concat!(
    "
SELECT '' AS key, u.rowid AS row,",
    user_columns!(),
    "
FROM users u
LEFT JOIN threedeye_users t ON t.user_id = u.uuid
LEFT JOIN second_factors f ON f.user_id = u.uuid
WHERE u.auth_subject = ?1 LIMIT ?2"
);

// ?1 id, ?2 limit
const BY_THREEDEYE_ID: &str = concat!(
    "
SELECT '' AS key, 0 AS row,",
    user_columns!(),
    "
FROM threedeye_users t
LEFT JOIN users u ON u.uuid = t.user_id
LEFT JOIN second_factors f ON f.user_id = t.user_id
WHERE t.threedeye_id = ?1 LIMIT ?2"
);

// ?1 id, ?2 limit
const BY_DEPARTED_ID: &str = concat!(
    "
SELECT '' AS key, 0 AS row,",
    user_columns!(),
    "
FROM threedeye_users t
LEFT JOIN users u ON u.uuid = t.user_id
LEFT JOIN second_factors f ON f.user_id = t.user_id
WHERE t.user_id = ?1 AND u.uuid IS NULL LIMIT ?2"
);

db::row! {
    /// The last user of a page. The next page begins behind it, whatever was inserted meanwhile.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct SearchPlace {
        key: String,
        row: i64,
    }
}

db::row! {
    #[derive(Debug, Clone)]
    pub struct FoundUser {
        pub place: SearchPlace = flatten,
        pub user: UserColumns = flatten,
    }
}

/// The page behind `after`, or the first. `None`: nothing can begin so.
fn page(lookup: &Lookup, after: Option<&SearchPlace>, limit: u32) -> Option<Statement> {
    let row = after.map_or(-1, |place| place.row);
    let text = lookup.text.as_str();
    let exact = |sql| Statement::new(sql, [text.into(), limit.into()]);
    let by_prefix = |sql| {
        let (key, row) = match after {
            Some(place) if place.key.chars().count() < MAX_KEY_CHARS => (place.key.clone(), row),
            // The rest of the key is not known. All that begins like it is left out.
            Some(place) => {
                let cut = Lookup {
                    index: lookup.index,
                    text: place.key.clone(),
                };
                (cut.end()?, -1)
            }
            None => (text.to_owned(), row),
        };
        let args = [
            key.into(),
            lookup.end()?.into(),
            Arg::Int(row),
            limit.into(),
        ];
        Some(Statement::new(sql, args))
    };
    match lookup.index {
        Index::DepartedId => Some(exact(BY_DEPARTED_ID)),
        Index::ThreedeyeUserId => Some(exact(BY_THREEDEYE_ID)),
        Index::Subject => Some(exact(BY_SUBJECT)),
        Index::UserId => by_prefix(BY_USER_ID),
        Index::Email => by_prefix(BY_EMAIL),
        Index::Phone => by_prefix(BY_PHONE),
        Index::EmailDomain => {
            let args = [text.into(), Arg::Int(row), limit.into()];
            Some(Statement::new(BY_DOMAIN, args))
        }
    }
}

/// The first of these lookups that finds anything.
pub async fn find_first(
    database: &Database,
    lookups: Vec<Lookup>,
) -> Result<Option<Lookup>, DatabaseError> {
    let mut batch = Batch::new();
    let mut probes = Vec::new();
    for lookup in lookups {
        if let Some(statement) = page(&lookup, None, 1) {
            probes.push((lookup, batch.push::<()>(statement)));
        }
    }
    // One that is alone is looked for at once.
    if probes.len() <= 1 {
        return Ok(probes.pop().map(|(lookup, _)| lookup));
    }
    let results = database.run(batch).await?;
    for (lookup, probe) in probes {
        if results.count(probe)? > 0 {
            return Ok(Some(lookup));
        }
    }
    Ok(None)
}

/// The users that a lookup finds behind `after`, at most `limit`.
pub async fn search_users(
    database: &Database,
    lookup: &Lookup,
    after: Option<&SearchPlace>,
    limit: u32,
) -> Result<Vec<FoundUser>, DatabaseError> {
    let Some(statement) = page(lookup, after, limit) else {
        return Ok(Vec::new());
    };
    let mut batch = Batch::new();
    let users = batch.push::<FoundUser>(statement);
    database.run(batch).await?.rows(users)
}
