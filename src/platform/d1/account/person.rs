//! A person, and nothing more of their account.

use serde::Deserialize;

use crate::account::Person;
use crate::kernel::UserId;
use crate::platform::d1::{Database, Engine};
use crate::provisioning::StoreError;

use super::{Visit, Whose};

pub(super) const PERSON: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM users u WHERE u.uuid = ",
    whose!()
);

#[derive(Deserialize)]
pub(super) struct PersonColumns {
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

impl<E: Engine> Database<E> {
    /// Reads who it is.
    pub async fn person(
        &self,
        whose: &Whose,
        key_hash: Option<&str>,
    ) -> Result<Visit<Person>, StoreError> {
        let look = whose.statement(PERSON, []);
        self.visit_account(look, key_hash, |row: PersonColumns| Ok(row.into()))
            .await
    }
}
