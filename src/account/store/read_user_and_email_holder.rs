use serde::de::IgnoredAny;

use super::lookup::first_account;
use super::read_user::{FullUserRow, full_user};
use super::selector::selected_user;
use super::{AccountLookup, AccountSelector};
use crate::account::UserDetails;
use crate::db::{Batch, Database, DatabaseError};
use crate::kernel::{EmailKey, Timestamp};

// ?1 to ?3 selector, ?4 e-mail key
const OTHER_HOLDER: &str = concat!(
    "SELECT 1 AS one FROM users WHERE email_key = ?4 AND uuid <> ",
    selected_user!(),
    " LIMIT 1"
);

/// Reads the full user before a change, and whether `email` is another user's.
pub async fn read_user_and_email_holder(
    database: &Database,
    selector: &AccountSelector,
    email: Option<&EmailKey>,
    now: Timestamp,
) -> Result<(AccountLookup<UserDetails>, bool), DatabaseError> {
    let mut batch = Batch::new();
    let user = batch.push::<FullUserRow>(full_user(selector, now));
    let holder = email.map(|email| {
        batch.push::<IgnoredAny>(selector.statement(OTHER_HOLDER, [email.as_str().into()]))
    });
    let results = database.run(batch).await?;
    let lookup = AccountLookup {
        account: first_account(&results, user)?,
        api_key: None,
    };
    let is_taken = match holder {
        Some(holder) => results.count(holder)? > 0,
        None => false,
    };
    Ok((lookup, is_taken))
}
