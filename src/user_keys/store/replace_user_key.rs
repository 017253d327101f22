use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::audit::Entry;
use crate::user_keys::store::{Exists, instance_exists_statement};
use crate::user_keys::{InstanceName, InstanceUserId, Key};

// ?1 user, ?2 instance, ?3 hash of the new key, ?4 now
const REPLACE: &str = "
UPDATE instance_users SET key_hash = ?3, key_changed_at = ?4
WHERE id = ?1 AND instance = ?2
RETURNING id";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserNotReset {
    NoInstance,
    NoUser,
}

/// Replaces a user's key at `entry.at`, because an administrator wants it so; `None` is the id of no user. Of
/// several at once, the last one written counts.
pub async fn replace_user_key(
    database: &Database,
    instance: &InstanceName,
    user: Option<InstanceUserId>,
    key: &Key,
    entry: &Entry,
) -> Result<Result<(), UserNotReset>, DatabaseError> {
    let args = [
        user.into(),
        instance.into(),
        key.hash().into(),
        entry.at.into(),
    ];
    let mut batch = Batch::new();
    let written = batch.push_audited::<()>(Statement::new(REPLACE, args), entry)?;
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    let answers = database.run(batch).await?;
    Ok(if answers.count(written)? > 0 {
        Ok(())
    } else if answers.one(exists)?.found {
        Err(UserNotReset::NoUser)
    } else {
        Err(UserNotReset::NoInstance)
    })
}
