//! A person, and an account as one read found it.

use crate::auth::subject::is_subject_of;
use crate::db;
use crate::db::{DatabaseError, FromRow, Row};
use crate::kernel::UserId;

/// Percent-encoding may triple each byte, and a QR code holds 2,953.
const MAX_LABEL_BYTES: usize = 256;

/// The columns of `users` that the account API uses, as `store::person_columns!` selects them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    /// Unless it is another user's id.
    pub subject: Option<String>,
    /// The e-mail as spelt.
    pub email: Option<String>,
    pub phone: Option<String>,
}

impl FromRow for Person {
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
        // Other services write blank texts where a person has none.
        let unless_blank = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Ok(Self {
            id: row.get("uuid")?,
            subject: row.get("auth_subject")?,
            email: unless_blank(row.get("email")?),
            phone: unless_blank(row.get("phone_number")?),
        })
    }
}

impl Person {
    /// Where notices are sent: the e-mail, else the phone number.
    pub fn address(&self) -> Option<&str> {
        self.email.as_deref().or(self.phone.as_deref())
    }

    /// The account's name in an authenticator: short enough for a QR code, and without a colon,
    /// which would end the name there.
    pub fn label(&self) -> String {
        [
            self.email.as_deref(),
            self.phone.as_deref(),
            Some(self.id.as_str()),
        ]
        .into_iter()
        .flatten()
        .map(short)
        .find(|label| !label.is_empty())
        .unwrap_or_else(|| "account".to_owned())
    }

    /// Whether tokens of this subject are the person's own.
    pub fn is_subject(&self, subject: &str) -> bool {
        is_subject_of(subject, &self.id, self.subject.as_deref())
    }
}

fn short(name: &str) -> String {
    let is_fine = |c: &char| *c != ':' && !c.is_control();
    let mut bytes = 0;
    let fits = |c: &char| {
        bytes += c.len_utf8();
        bytes <= MAX_LABEL_BYTES
    };
    let short: String = name
        .trim()
        .chars()
        .filter(is_fine)
        .take_while(fits)
        .collect();
    short.trim().to_owned()
}

db::row! {
    /// A row that tells of one account: whose it is, and what else was read of it.
    #[derive(Debug, Clone)]
    pub struct Account<T> {
        pub person: Person = flatten,
        pub details: T = flatten,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str, email: Option<&str>, phone: Option<&str>) -> Person {
        Person {
            id: UserId::new(id),
            subject: None,
            email: email.map(str::to_owned),
            phone: phone.map(str::to_owned),
        }
    }

    #[test]
    fn is_reached_by_email_else_by_phone_and_named_in_any_case() {
        let (email, phone) = (Some("ada@example.com"), Some("+41"));
        for (email, phone, address, label) in [
            (email, phone, email, "ada@example.com"),
            (None, phone, phone, "+41"),
            (None, None, None, "u1"),
        ] {
            let person = person("u1", email, phone);
            assert_eq!(
                (person.address(), person.label().as_str()),
                (address, label)
            );
        }
    }

    #[test]
    fn has_a_label_whatever_it_is_called() {
        let label = |email: &str| person("u1", Some(email), Some(":")).label();
        assert_eq!(label(" a:da@example.com\n"), "ada@example.com");
        assert_eq!(label(":::"), "u1");
        assert_eq!(label(&"é".repeat(3000)), "é".repeat(128));
        assert_eq!(label(&format!("a{}", "🔑".repeat(99))).len(), 253);
        assert_eq!(person("::", None, None).label(), "account");
    }

    #[test]
    fn answers_to_its_id_and_its_subject_only() {
        let person = person("u1", None, None);
        assert!(person.is_subject("u1"));
        assert!(!person.is_subject(""));
        assert!(!person.is_subject("U1"));
    }
}
