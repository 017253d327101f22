//! The one read of a request: who calls, and whose account it is about.

use serde::de::DeserializeOwned;

use crate::auth::store::ApiKeyRow;
use crate::auth::store::{KEY_BY_HASH, KeyColumns};
use crate::db::DatabaseError;
use crate::db::{Answers, Arg, Database, Statement};
use crate::kernel::UserId;

/// Whose account a request is about, as far as it tells by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// Whoever bears tokens of this subject.
    Subject(String),
    /// The user with this id.
    User(UserId),
    /// The user that the API key with this hash is bound to.
    HolderOf(String),
}

impl Whose {
    /// `?1` to `?3` of `whose!`.
    pub(crate) fn args(&self) -> [Arg; 3] {
        match self {
            // What is empty is nobody's, whatever other services write.
            Self::Subject(subject) if subject.is_empty() => [Arg::Null, Arg::Null, Arg::Null],
            Self::Subject(subject) => [subject.as_str().into(), subject.as_str().into(), Arg::Null],
            Self::User(id) => [id.as_str().into(), Arg::Null, Arg::Null],
            Self::HolderOf(hash) => [Arg::Null, Arg::Null, hash.as_str().into()],
        }
    }

    /// A statement whose parameters from `?4` on are `more`.
    pub(crate) fn statement(
        &self,
        sql: &'static str,
        more: impl IntoIterator<Item = Arg>,
    ) -> Statement {
        Statement::new(sql, self.args().into_iter().chain(more))
    }
}

/// What a read found, still to be held against what the caller may see.
#[derive(Debug)]
pub struct Visit<T> {
    /// The account; `None`: there is none.
    pub found: Option<T>,
    /// The API key that was presented; `None`: there was none, or it is none in force.
    pub key: Option<ApiKeyRow>,
}

impl Database {
    /// Reads the API key with this hash.
    pub async fn api_key(&self, hash: &str) -> Result<Option<ApiKeyRow>, DatabaseError> {
        let look = Statement::new(KEY_BY_HASH, [hash.into()]);
        read_key(&mut self.batch(vec![look]).await?)
    }

    /// Runs a statement of one row about an account, beside the look at the API key.
    pub(crate) async fn visit_account<C: DeserializeOwned, T>(
        &self,
        statement: Statement,
        key_hash: Option<&str>,
        read: impl FnOnce(C) -> Result<T, DatabaseError>,
    ) -> Result<Visit<T>, DatabaseError> {
        let mut statements = vec![statement];
        statements.extend(key_hash.map(|hash| Statement::new(KEY_BY_HASH, [hash.into()])));
        let mut answers = self.batch(statements).await?;
        let found = answers.first::<C>()?.map(read).transpose()?;
        let key = match key_hash {
            Some(_) => read_key(&mut answers)?,
            None => None,
        };
        Ok(Visit { found, key })
    }
}

fn read_key(answers: &mut Answers) -> Result<Option<ApiKeyRow>, DatabaseError> {
    let key: Option<KeyColumns> = answers.first()?;
    key.map(KeyColumns::into_row).transpose()
}
