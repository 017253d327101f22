use serde::Deserialize;

use super::lookup::{AccountRow, look_up};
use super::selector::selected_user;
use super::{AccountLookup, AccountSelector};
use crate::account::{Account, Person};
use crate::db::{Database, DatabaseError};
use crate::kernel::UserId;

/// The columns of [`PersonRow`], of `u`, a row of `users`. A subject that is another user's id is that
/// user's, see `selected_user!`.
macro_rules! person_columns {
    () => {
        "u.uuid, u.email, u.phone_number,
       iif(
         EXISTS (SELECT 1 FROM users o WHERE o.uuid = u.auth_subject AND o.uuid <> u.uuid),
         NULL, u.auth_subject
       ) AS auth_subject"
    };
}
pub(crate) use person_columns;

pub(super) const PERSON: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM users u WHERE u.uuid = ",
    selected_user!()
);

#[derive(Deserialize)]
pub(super) struct PersonRow {
    uuid: String,
    auth_subject: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            id: UserId::new(row.uuid),
            subject: row.auth_subject,
            email: text(row.email),
            phone: text(row.phone_number),
        }
    }
}

impl AccountRow for PersonRow {
    type Details = ();

    fn into_account(self) -> Result<Account<()>, DatabaseError> {
        Ok(Account {
            person: self.into(),
            details: (),
        })
    }
}

/// Reads who it is, and nothing else of the account.
pub async fn read_person(
    database: &Database,
    selector: &AccountSelector,
    key_hash: Option<&str>,
) -> Result<AccountLookup<()>, DatabaseError> {
    look_up::<PersonRow>(database, selector.statement(PERSON, []), key_hash).await
}
