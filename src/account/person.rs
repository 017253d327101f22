//! Whose account it is.

use crate::kernel::UserId;

/// A row of `users`, as far as account security looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `users.uuid`.
    pub id: UserId,
    /// `users.auth_subject`.
    pub subject: Option<String>,
    /// The e-mail as spelt.
    pub email: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
}

impl Person {
    /// Where notices reach the person.
    pub fn address(&self) -> Option<&str> {
        self.email.as_deref().or(self.phone.as_deref())
    }

    /// What the person is called in their authenticator.
    pub fn label(&self) -> &str {
        self.address().unwrap_or(self.id.as_str())
    }

    /// Whether a token of this subject is the person's own.
    pub fn answers_to(&self, subject: &str) -> bool {
        self.id.as_str() == subject || self.subject.as_deref() == Some(subject)
    }
}

/// What holds, or is about, one person's account.
pub trait HasPerson {
    /// The person.
    fn person(&self) -> &Person;
}

impl HasPerson for Person {
    fn person(&self) -> &Person {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_reached_by_email_else_by_phone_and_named_in_any_case() {
        let mut person = Person {
            id: UserId::new("u1"),
            subject: Some("auth0|1".to_owned()),
            email: Some("ada@example.com".to_owned()),
            phone: Some("+41".to_owned()),
        };
        assert_eq!(person.address(), Some("ada@example.com"));
        person.email = None;
        assert_eq!((person.address(), person.label()), (Some("+41"), "+41"));
        person.phone = None;
        assert_eq!((person.address(), person.label()), (None, "u1"));
    }

    #[test]
    fn answers_to_its_id_and_its_subject_only() {
        let person = Person {
            id: UserId::new("u1"),
            subject: None,
            email: None,
            phone: None,
        };
        assert!(person.answers_to("u1"));
        assert!(!person.answers_to(""));
        assert!(!person.answers_to("U1"));
    }
}
