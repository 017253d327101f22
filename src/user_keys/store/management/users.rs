//! Users of an instance.

use serde::Deserialize;

use crate::db::DatabaseError;
use crate::db::{Arg, Database, Statement};
use crate::db::{audit_change, audit_insert};
use crate::kernel::audit;
use crate::kernel::{Timestamp, UserId};
use crate::user_keys::{InstanceName, InstanceUserId, Username};

use crate::user_keys::store::management::{is_there, whether_there_is};

const INSERT: &str = "
INSERT INTO instance_users (instance, username, user_id, key_hash, key_changed_at, created_at)
SELECT ?1, ?2, ?3, ?4, ?5, ?5
WHERE EXISTS (SELECT 1 FROM instances WHERE name = ?1)
  AND (?3 IS NULL OR EXISTS (SELECT 1 FROM users WHERE uuid = ?3))
ON CONFLICT (instance, username) DO NOTHING
RETURNING id";

const PERSON: &str = "SELECT 1 FROM users WHERE uuid = ?1";

const DELETE: &str = "DELETE FROM instance_users WHERE id = ?1 AND instance = ?2";

/// Users of the instance `?1` whose ids come after `?2`, `?3` at most. Each
/// condition has an index of its own to go by.
macro_rules! list {
    ($condition:literal) => {
        concat!(
            "
SELECT id, username, user_id, created_at, key_changed_at
FROM instance_users
WHERE instance = ?1 AND id > ?2",
            $condition,
            "
ORDER BY id LIMIT ?3"
        )
    };
}

const LIST: &str = list!("");
const LIST_BY_NAME: &str = list!(" AND username = ?4");
const LIST_BY_PERSON: &str = list!(" AND user_id = ?4");
const LIST_BY_BOTH: &str = list!(" AND username = ?4 AND user_id = ?5");

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewInstanceUser {
    /// Where.
    pub instance: InstanceName,
    /// The name.
    pub username: Username,
    /// The person it is tied to.
    pub user_id: Option<UserId>,
    /// SHA-256 of the user key, lower-case hex.
    pub key_hash: String,
}

/// Why a user was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMade {
    /// There is no such instance.
    NoSuchInstance,
    /// There is no such person.
    NoSuchPerson,
    /// The instance has a user of this name.
    NameTaken,
}

/// One user, without the key.
#[derive(Debug, Clone)]
pub struct InstanceUserRow {
    /// The id.
    pub id: InstanceUserId,
    /// The name, unique within the instance.
    pub username: String,
    /// The person it is tied to.
    pub user_id: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it got the key that it has.
    pub key_changed_at: Timestamp,
}

/// Which users to list.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Only those whose id comes after this one.
    pub after: Option<InstanceUserId>,
    /// Only the one of this name.
    pub username: Option<Username>,
    /// Only those tied to this person.
    pub user_id: Option<UserId>,
}

#[derive(Deserialize)]
struct Identity {
    id: InstanceUserId,
}

#[derive(Deserialize)]
struct Columns {
    id: InstanceUserId,
    username: String,
    user_id: Option<String>,
    created_at: i64,
    key_changed_at: i64,
}

impl From<Columns> for InstanceUserRow {
    fn from(columns: Columns) -> Self {
        Self {
            id: columns.id,
            username: columns.username,
            user_id: columns.user_id.map(UserId::new),
            created_at: Timestamp::from_millis(columns.created_at),
            key_changed_at: Timestamp::from_millis(columns.key_changed_at),
        }
    }
}

fn list(instance: &InstanceName, filter: &UserFilter, limit: u32) -> Statement {
    let after = filter.after.map_or(Arg::Int(0), Into::into);
    let username = filter.username.as_ref().map(Username::as_str);
    let person = filter.user_id.as_ref().map(UserId::as_str);
    let sql = match (username, person) {
        (None, None) => LIST,
        (Some(_), None) => LIST_BY_NAME,
        (None, Some(_)) => LIST_BY_PERSON,
        (Some(_), Some(_)) => LIST_BY_BOTH,
    };
    let always = [instance.as_str().into(), after, limit.into()];
    let given = [username, person].into_iter().flatten().map(Into::into);
    Statement::new(sql, always.into_iter().chain(given))
}

impl Database {
    /// Makes a user at `entry.at`. The entry's subject is completed by the new id.
    pub async fn insert_instance_user(
        &self,
        user: &NewInstanceUser,
        entry: &audit::Entry,
    ) -> Result<Result<InstanceUserId, NotMade>, DatabaseError> {
        let person = user.user_id.as_ref().map(UserId::as_str);
        let insert = Statement::new(
            INSERT,
            [
                user.instance.as_str().into(),
                user.username.as_str().into(),
                person.into(),
                user.key_hash.as_str().into(),
                entry.at.into(),
            ],
        );
        let batch = vec![
            insert,
            audit_insert(entry)?,
            whether_there_is(&user.instance),
            Statement::new(PERSON, [person.into()]),
        ];
        let mut answers = self.batch(batch).await?;
        if let Some(made) = answers.first::<Identity>()? {
            return Ok(Ok(made.id));
        }
        answers.skip()?;
        if !is_there(&mut answers)? {
            return Ok(Err(NotMade::NoSuchInstance));
        }
        if person.is_some() && !is_there(&mut answers)? {
            return Ok(Err(NotMade::NoSuchPerson));
        }
        Ok(Err(NotMade::NameTaken))
    }

    /// Lists users of an instance by id, `limit` at most; `None`: there is no
    /// such instance.
    pub async fn instance_users(
        &self,
        instance: &InstanceName,
        filter: &UserFilter,
        limit: u32,
    ) -> Result<Option<Vec<InstanceUserRow>>, DatabaseError> {
        let list = list(instance, filter, limit);
        let mut answers = self.batch(vec![whether_there_is(instance), list]).await?;
        if !is_there(&mut answers)? {
            return Ok(None);
        }
        let rows: Vec<Columns> = answers.rows()?;
        Ok(Some(rows.into_iter().map(Into::into).collect()))
    }

    /// Deletes a user and with it its key; where there is none of this id, `None`
    /// included, nothing changes. False when there is no such instance.
    pub async fn delete_instance_user(
        &self,
        instance: &InstanceName,
        id: Option<InstanceUserId>,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        let delete = Statement::new(DELETE, [id.into(), instance.as_str().into()]);
        let batch = vec![delete, audit_change(entry)?, whether_there_is(instance)];
        let mut answers = self.batch(batch).await?;
        answers.skip()?;
        answers.skip()?;
        is_there(&mut answers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_binds_what_its_statement_names_and_nothing_else() {
        let instance = InstanceName::parse("rivia").unwrap();
        let username = Username::parse("geralt").ok();
        let user_id = Some(UserId::new("person"));
        for (username, user_id) in [
            (None, None),
            (username.clone(), None),
            (None, user_id.clone()),
            (username, user_id),
        ] {
            let filter = UserFilter {
                after: InstanceUserId::parse("7"),
                username,
                user_id,
            };
            let statement = list(&instance, &filter, 3);
            let bound = statement.args.len();
            assert!(statement.sql.contains(&format!("?{bound}")));
            assert!(!statement.sql.contains(&format!("?{}", bound + 1)));
            assert_eq!(statement.args.get(1), Some(&crate::db::Arg::Int(7)));
        }
    }
}
