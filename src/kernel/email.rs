//! E-mail addresses: their normal form for comparison, and how they are masked.

use std::fmt;

/// A normalised e-mail: white space trimmed, ASCII letters lower-cased.
///
/// The generated column `users.email_key` in `migrations/` has the same rule. Only ASCII is
/// folded, as SQLite's `lower()` does: if the two disagreed, one person's account could be taken
/// for another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmailKey(String);

impl EmailKey {
    /// `None`: nothing is left of it.
    pub fn of(email: &str) -> Option<Self> {
        let trimmed = email.trim_matches(is_trimmed);
        (!trimmed.is_empty()).then(|| Self(trimmed.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has one of these domains, which are in lower case. With two `@` it would be a matter of
    /// taste which part is the domain.
    pub fn is_of(&self, domains: &[String]) -> bool {
        let parts = self.0.split_once('@');
        parts.is_some_and(|(_, domain)| domains.iter().any(|one| one == domain))
    }
}

impl fmt::Display for EmailKey {
    /// Masked, so that a formatted message never carries a whole address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mask_email(&self.0))
    }
}

/// The characters that `users.email_key` trims: tab, LF, VT, FF, CR and space.
fn is_trimmed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// `jane@example.com` becomes `j***@example.com`, for logs and the audit trail.
pub fn mask_email(email: &str) -> String {
    match email.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}***@{domain}")
        }
        None => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trims_and_lowers() {
        let key = EmailKey::of(" \tJane@Example.COM \n").unwrap();
        assert_eq!(key.as_str(), "jane@example.com");
        assert_eq!(EmailKey::of("  \r\n"), None);
    }

    #[test]
    fn the_part_after_the_one_at_sign_is_the_domain() {
        let domains = ["example.com".to_owned(), "spkey.co".to_owned()];
        let is_of = |email: &str| EmailKey::of(email).unwrap().is_of(&domains);
        assert!(is_of("Jane@Example.com") && is_of("jane@spkey.co"));
        for other in [
            "jane@mail.example.com",
            "jane@example.com.evil.example",
            "jane@evil.example@example.com",
            "example.com",
        ] {
            assert!(!is_of(other), "{other}");
        }
        assert!(!EmailKey::of("jane@").unwrap().is_of(&[]));
    }

    #[test]
    fn masks_the_local_part() {
        assert_eq!(mask_email("jane@example.com"), "j***@example.com");
        assert_eq!(mask_email("a@b@example.com"), "a***@example.com");
        assert_eq!(mask_email("@example.com"), "***@example.com");
        assert_eq!(mask_email("no address"), "***");
        assert_eq!(
            EmailKey::of("jane@example.com").unwrap().to_string(),
            "j***@example.com"
        );
    }

    proptest! {
        #[test]
        fn the_key_of_a_key_is_the_same_key(text: String) {
            if let Some(key) = EmailKey::of(&text) {
                prop_assert_eq!(EmailKey::of(key.as_str()), Some(key));
            }
        }

        #[test]
        fn white_space_and_ascii_case_make_no_other_key(
            email in "[a-z0-9.+äßK]{1,20}@[a-z]{1,9}", space in "[ \t\n\r\u{b}\u{c}]{0,4}",
        ) {
            let spelt = format!("{space}{}{space}", email.to_ascii_uppercase());
            prop_assert_eq!(EmailKey::of(&spelt), EmailKey::of(&email));
            let key = EmailKey::of(&email).unwrap();
            prop_assert_eq!(key.as_str(), email.to_ascii_lowercase());
        }

        #[test]
        fn a_masked_address_keeps_one_character_of_the_person(local in ".{2,20}", domain in "[a-z.]{1,9}") {
            let masked = mask_email(&format!("{local}@{domain}"));
            let first: String = local.chars().take(1).collect();
            prop_assert_eq!(masked, format!("{first}***@{domain}"));
        }
    }
}
