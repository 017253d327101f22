#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::{Timestamp, UserId};
use crate::user_keys::store::{Exists, instance_exists_statement};
use crate::user_keys::{InstanceName, InstanceUserId, Username};

/// Users of the instance `?1` whose ids come after `?2`, at most `?3`. Each condition has an
/// index of its own, so each has a statement of its own.
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
const LIST_BY_ACCOUNT: &str = list!(" AND user_id = ?4");
const LIST_BY_BOTH: &str = list!(" AND username = ?4 AND user_id = ?5");

db::row! {
    /// A user of an instance, without its key.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ListedInstanceUser"))]
    pub struct UserRow {
        pub id: InstanceUserId,
        #[cfg_attr(test, schemars(with = "Username"))]
        pub username: String,
        /// The person that the user is tied to.
        pub user_id: Option<UserId>,
        pub created_at: Timestamp,
        pub key_changed_at: Timestamp,
    }
}

#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Only users whose ids come after this one.
    pub after: Option<InstanceUserId>,
    pub username: Option<Username>,
    /// Only users tied to this account.
    pub user_id: Option<UserId>,
}

fn list_statement(instance: &InstanceName, filter: &UserFilter, limit: u32) -> Statement {
    let after = filter.after.map_or(Arg::Int(0), Into::into);
    let username = filter.username.as_ref().map(Username::as_str);
    let account = filter.user_id.as_ref().map(UserId::as_str);
    let sql = match (username, account) {
        (None, None) => LIST,
        (Some(_), None) => LIST_BY_NAME,
        (None, Some(_)) => LIST_BY_ACCOUNT,
        (Some(_), Some(_)) => LIST_BY_BOTH,
    };
    let always = [instance.into(), after, limit.into()];
    let given = [username, account].into_iter().flatten().map(Into::into);
    Statement::new(sql, always.into_iter().chain(given))
}

/// Lists users of an instance by id, at most `limit`; `None`: there is no such instance.
pub async fn list_users(
    database: &Database,
    instance: &InstanceName,
    filter: &UserFilter,
    limit: u32,
) -> Result<Option<Vec<UserRow>>, DatabaseError> {
    let mut batch = Batch::new();
    let exists = batch.push::<Exists>(instance_exists_statement(instance));
    let users = batch.push::<UserRow>(list_statement(instance, filter, limit));
    let results = database.run(batch).await?;
    if !results.one(exists)?.found {
        return Ok(None);
    }
    results.rows(users).map(Some)
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
            let statement = list_statement(&instance, &filter, 3);
            let bound = statement.args.len();
            assert!(statement.sql.contains(&format!("?{bound}")));
            assert!(!statement.sql.contains(&format!("?{}", bound + 1)));
            assert_eq!(statement.args.get(1), Some(&Arg::Int(7)));
        }
    }
}
