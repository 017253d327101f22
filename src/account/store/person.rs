//! A person, and nothing more of their account.

use serde::Deserialize;

use crate::account::Person;
use crate::db::Database;
use crate::db::DatabaseError;
use crate::kernel::UserId;

use crate::account::store::{Visit, Whose};

pub(crate) const PERSON: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM users u WHERE u.uuid = ",
    whose!()
);

#[derive(Deserialize)]
pub(crate) struct PersonColumns {
    uuid: String,
    auth_subject: Option<String>,
    email: Option<String>,
    phone_number: Option<String>,
}

impl From<PersonColumns> for Person {
    fn from(row: PersonColumns) -> Self {
        let text = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Self {
            id: UserId::new(row.uuid),
            subject: row.auth_subject,
            email: text(row.email),
            phone: text(row.phone_number),
        }
    }
}

impl Database {
    /// Reads who it is.
    pub async fn person(
        &self,
        whose: &Whose,
        key_hash: Option<&str>,
    ) -> Result<Visit<Person>, DatabaseError> {
        let look = whose.statement(PERSON, []);
        self.visit_account(look, key_hash, |row: PersonColumns| Ok(row.into()))
            .await
    }
}
