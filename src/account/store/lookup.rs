//! The one read of a request that may come with an API key: the account that it is about and, in the same
//! batch, the key.

use super::selector::{AccountSelector, person_columns, selected_user};
use crate::account::Account;
use crate::auth::PresentedKey;
use crate::auth::store::{ApiKeyRow, KeyColumns, find_api_key_statement};
use crate::db::{Batch, Database, DatabaseError, FromRow, Statement};

pub(super) const PERSON: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM users u WHERE u.uuid = ",
    selected_user!()
);

/// What the read found. The caller may not have access to it: see `AccountCaller::authorize`.
#[derive(Debug)]
pub struct AccountLookup<T> {
    /// `None`: there is no such account.
    pub account: Option<Account<T>>,
    /// The API key that was presented; `None`: there was none, or it is not in force.
    pub api_key: Option<ApiKeyRow>,
}

/// Reads who it is, and nothing else of the account.
pub async fn read_person(
    database: &Database,
    selector: &AccountSelector,
    key: Option<&PresentedKey>,
) -> Result<AccountLookup<()>, DatabaseError> {
    look_up(database, selector.statement(PERSON, []), key).await
}

/// Runs a statement that reads one account and, where a key was presented, the look-up of the key.
pub(super) async fn look_up<T: FromRow>(
    database: &Database,
    account: Statement,
    key: Option<&PresentedKey>,
) -> Result<AccountLookup<T>, DatabaseError> {
    let mut batch = Batch::new();
    let account = batch.push(account);
    let key = key.map(|key| batch.push::<KeyColumns>(find_api_key_statement(key)));
    let results = database.run(batch).await?;
    let key = key.map(|key| results.first(key)).transpose()?.flatten();
    Ok(AccountLookup {
        account: results.first(account)?,
        api_key: key.map(KeyColumns::into_row).transpose()?,
    })
}

/// Reads the API key that a request shows; `None`: it is not in force.
pub async fn read_api_key(
    database: &Database,
    key: &PresentedKey,
) -> Result<Option<ApiKeyRow>, DatabaseError> {
    let mut batch = Batch::new();
    let key = batch.push::<KeyColumns>(find_api_key_statement(key));
    let key = database.run(batch).await?.first(key)?;
    key.map(KeyColumns::into_row).transpose()
}
