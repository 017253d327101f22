use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::UserId;
use crate::kernel::audit::Entry;
use crate::user_keys::{InstanceName, InstanceUserId, Username};

const INSERT: &str = "
INSERT INTO instance_users (instance, username, user_id, key_hash, key_changed_at, created_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?5
WHERE EXISTS (SELECT 1 FROM instances WHERE name = ?1)
  AND (?3 IS NULL OR EXISTS (SELECT 1 FROM users WHERE uuid = ?3))
ON CONFLICT (instance, username) DO NOTHING
RETURNING id";

const REQUIREMENTS: &str = "
SELECT EXISTS (SELECT 1 FROM instances WHERE name = ?1) AS instance_exists,
       EXISTS (SELECT 1 FROM users WHERE uuid = ?2) AS account_exists";

#[derive(Debug, Clone)]
pub struct NewUser {
    pub instance: InstanceName,
    pub username: Username,
    /// The account that the user is tied to.
    pub user_id: Option<UserId>,
    /// SHA-256 of the user key, lower-case hex.
    pub key_hash: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserNotCreated {
    UnknownInstance,
    UnknownAccount,
    /// The instance has a user of this name.
    UsernameTaken,
}

db::row! {
    struct Inserted {
        id: InstanceUserId,
    }
}

db::row! {
    struct Requirements {
        instance_exists: bool,
        account_exists: bool,
    }
}

/// Creates a user at `entry.at`. The new id completes the entry's subject.
pub async fn create_user(
    database: &Database,
    user: &NewUser,
    entry: &Entry,
) -> Result<Result<InstanceUserId, UserNotCreated>, DatabaseError> {
    let account = user.user_id.as_ref();
    let insert = Statement::new(
        INSERT,
        [
            (&user.instance).into(),
            user.username.as_str().into(),
            account.into(),
            user.key_hash.as_str().into(),
            entry.at.into(),
        ],
    );
    let mut batch = Batch::new();
    let inserted = batch.push_audited_insert::<Inserted>(insert, entry)?;
    let required = Statement::new(REQUIREMENTS, [(&user.instance).into(), account.into()]);
    let required = batch.push::<Requirements>(required);
    let results = database.run(batch).await?;
    if let Some(inserted) = results.first(inserted)? {
        return Ok(Ok(inserted.id));
    }
    let required = results.one(required)?;
    Ok(Err(if !required.instance_exists {
        UserNotCreated::UnknownInstance
    } else if account.is_some() && !required.account_exists {
        UserNotCreated::UnknownAccount
    } else {
        UserNotCreated::UsernameTaken
    }))
}
