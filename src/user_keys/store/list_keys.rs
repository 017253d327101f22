use crate::db::{Batch, Database, DatabaseError, FromRow, Statement};
use crate::user_keys::InstanceName;
use crate::user_keys::store::{AccountKeyRow, Exists, InstanceKeyRow, instance_exists_statement};

/// The newest keys before the one with the id `?1`, at most `?2`. Ids begin with the moment of their making.
macro_rules! list {
    ($columns:literal, $condition:literal) => {
        concat!(
            "
SELECT id, instance, label, created_at, revoked_at, ",
            $columns,
            "
FROM instance_keys
WHERE id < ?1 AND ",
            $condition,
            "
ORDER BY id DESC LIMIT ?2"
        )
    };
}

macro_rules! instance_keys {
    ($condition:literal) => {
        list!(
            "ignore_acl, allow_user_create, allow_group_create, allow_anonymous_read",
            $condition
        )
    };
}

// ?3 instance
const INSTANCE_KEYS: &str = instance_keys!("instance = ?3 AND role IS NULL AND revoked_at IS NULL");
const INSTANCE_KEYS_AND_REVOKED: &str = instance_keys!("instance = ?3 AND role IS NULL");
const ACCOUNT_KEYS: &str = list!("role", "role IS NOT NULL AND revoked_at IS NULL");
const ACCOUNT_KEYS_AND_REVOKED: &str = list!("role", "role IS NOT NULL");

// ?3 instance
const ACCOUNT_KEYS_OF_INSTANCE: &str = list!(
    "role",
    "instance = ?3 AND role IS NOT NULL AND revoked_at IS NULL"
);
const ACCOUNT_KEYS_OF_INSTANCE_AND_REVOKED: &str =
    list!("role", "instance = ?3 AND role IS NOT NULL");

/// An id behind all others.
const LAST_ID: &str = "~";

/// Which keys to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyFilter<'a> {
    /// Revoked ones as well.
    pub with_revoked: bool,
    /// Only keys made before this one.
    pub after: Option<&'a str>,
}

/// Lists an instance's API keys, newest first, at most `limit`. `None`: there is no such instance.
pub async fn list_instance_keys(
    database: &Database,
    instance: &InstanceName,
    filter: KeyFilter<'_>,
    limit: u32,
) -> Result<Option<Vec<InstanceKeyRow>>, DatabaseError> {
    let sql = match filter.with_revoked {
        true => INSTANCE_KEYS_AND_REVOKED,
        false => INSTANCE_KEYS,
    };
    list(database, sql, Some(instance), filter.after, limit).await
}

/// The same for account keys, of all instances or of one.
pub async fn list_account_keys(
    database: &Database,
    instance: Option<&InstanceName>,
    filter: KeyFilter<'_>,
    limit: u32,
) -> Result<Option<Vec<AccountKeyRow>>, DatabaseError> {
    let sql = match (instance, filter.with_revoked) {
        (None, false) => ACCOUNT_KEYS,
        (None, true) => ACCOUNT_KEYS_AND_REVOKED,
        (Some(_), false) => ACCOUNT_KEYS_OF_INSTANCE,
        (Some(_), true) => ACCOUNT_KEYS_OF_INSTANCE_AND_REVOKED,
    };
    list(database, sql, instance, filter.after, limit).await
}

async fn list<T: FromRow>(
    database: &Database,
    sql: &'static str,
    instance: Option<&InstanceName>,
    after: Option<&str>,
    limit: u32,
) -> Result<Option<Vec<T>>, DatabaseError> {
    let always = [after.unwrap_or(LAST_ID).into(), limit.into()];
    let args = always.into_iter().chain(instance.map(Into::into));
    let mut batch = Batch::new();
    let exists = instance.map(|name| batch.push::<Exists>(instance_exists_statement(name)));
    let keys = batch.push::<T>(Statement::new(sql, args));
    let results = database.run(batch).await?;
    if let Some(exists) = exists
        && !results.one(exists)?.found
    {
        return Ok(None);
    }
    results.rows(keys).map(Some)
}
