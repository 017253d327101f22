use crate::auth::store::{ApiKeyRow, KeyColumns};
use crate::db::{Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::UserId;

/// The newest keys before the one with the id `?1`, at most `?2`. Ids begin with the moment of their making.
/// Each condition has an index of its own, so each has a statement of its own.
macro_rules! list {
    ($condition:literal) => {
        concat!(
            "
SELECT id, scopes, user_id, label, created_at, last_used_at, expires_at, revoked_at
FROM api_keys
WHERE id < ?1",
            $condition,
            "
ORDER BY id DESC LIMIT ?2"
        )
    };
}

const ALL: &str = list!("");
const IN_FORCE: &str = list!(" AND revoked_at IS NULL");
const OF_USER: &str = list!(" AND user_id = ?3");
const OF_USER_IN_FORCE: &str = list!(" AND user_id = ?3 AND revoked_at IS NULL");

/// An id behind all others.
const LAST_ID: &str = "~";

/// Which keys to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyFilter<'a> {
    /// Only keys that are bound to this user.
    pub user: Option<&'a UserId>,
    /// Revoked ones as well.
    pub with_revoked: bool,
    /// Only keys made before this one.
    pub after: Option<&'a str>,
}

/// Lists keys, newest first, at most `limit`.
pub async fn list_api_keys(
    database: &Database,
    filter: KeyFilter<'_>,
    limit: u32,
) -> Result<Vec<ApiKeyRow>, DatabaseError> {
    let sql = match (filter.user, filter.with_revoked) {
        (None, true) => ALL,
        (None, false) => IN_FORCE,
        (Some(_), true) => OF_USER,
        (Some(_), false) => OF_USER_IN_FORCE,
    };
    let always = [filter.after.unwrap_or(LAST_ID).into(), limit.into()];
    let args = always.into_iter().chain(filter.user.map(Arg::from));
    let mut batch = Batch::new();
    let keys = batch.push::<KeyColumns>(Statement::new(sql, args));
    let rows = database.run(batch).await?.rows(keys)?;
    rows.into_iter().map(KeyColumns::into_row).collect()
}
