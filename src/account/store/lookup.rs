//! The one read of a request: the account that it is about and, in the same batch, the API key that was presented.

use serde::de::DeserializeOwned;

use crate::account::Account;
use crate::auth::store::{ApiKeyRow, KeyColumns, find_api_key_statement};
use crate::db::{Batch, Database, DatabaseError, Results, Slot, Statement};

/// What the read found. The caller may not have access to it: see `AccountCaller::authorize`.
#[derive(Debug)]
pub struct AccountLookup<T> {
    /// `None`: there is no such account.
    pub account: Option<Account<T>>,
    /// The API key that was presented; `None`: there was none, or it is unknown or revoked.
    pub api_key: Option<ApiKeyRow>,
}

/// A row that holds a person and what else was read of their account.
pub(super) trait AccountRow: DeserializeOwned {
    type Details;

    fn into_account(self) -> Result<Account<Self::Details>, DatabaseError>;
}

/// The account in a statement's first row.
pub(super) fn first_account<R: AccountRow>(
    results: &Results,
    slot: Slot<R>,
) -> Result<Option<Account<R::Details>>, DatabaseError> {
    results.first(slot)?.map(R::into_account).transpose()
}

/// Runs a statement that reads one account and, where a key was presented, the look-up of the key.
pub(super) async fn look_up<R: AccountRow>(
    database: &Database,
    statement: Statement,
    key_hash: Option<&str>,
) -> Result<AccountLookup<R::Details>, DatabaseError> {
    let mut batch = Batch::new();
    let account = batch.push::<R>(statement);
    let key = key_hash.map(|hash| push_key(&mut batch, hash));
    let results = database.run(batch).await?;
    Ok(AccountLookup {
        account: first_account(&results, account)?,
        api_key: match key {
            Some(key) => first_key(&results, key)?,
            None => None,
        },
    })
}

/// Reads the API key with this hash; `None`: it is unknown or revoked.
pub async fn read_api_key(
    database: &Database,
    hash: &str,
) -> Result<Option<ApiKeyRow>, DatabaseError> {
    let mut batch = Batch::new();
    let key = push_key(&mut batch, hash);
    first_key(&database.run(batch).await?, key)
}

fn push_key(batch: &mut Batch, hash: &str) -> Slot<KeyColumns> {
    batch.push(find_api_key_statement(hash))
}

fn first_key(
    results: &Results,
    slot: Slot<KeyColumns>,
) -> Result<Option<ApiKeyRow>, DatabaseError> {
    results.first(slot)?.map(KeyColumns::into_row).transpose()
}
