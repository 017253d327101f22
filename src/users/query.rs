//! What the text of a search may be.

use serde::{Deserialize, Serialize};

use crate::kernel::{EmailKey, text};

/// The most characters of a search: those of the longest e-mail (RFC 5321: 64 before the @ and 255 behind it).
pub const MAX_QUERY_CHARS: usize = 320;

/// Where a text is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Index {
    /// The id of a user that was deleted and whose account is still there.
    DepartedId,
    UserId,
    Email,
    EmailDomain,
    Phone,
    ThreedeyeUserId,
    Subject,
}

/// An index and what to look for in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lookup {
    pub index: Index,
    /// In the form in which the index has it.
    pub text: String,
}

impl Lookup {
    fn new(index: Index, text: impl Into<String>) -> Self {
        Self {
            index,
            text: text.into(),
        }
    }

    /// The least text behind all that begin with this one; `None`: there is none.
    pub fn end(&self) -> Option<String> {
        end_of_prefix(&self.text)
    }
}

/// A text to be looked for, trimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Searched<'a>(&'a str);

impl<'a> Searched<'a> {
    /// # Errors
    ///
    /// What is wrong with it, for the client.
    pub fn parse(text: &'a str) -> Result<Self, String> {
        let text = text.trim();
        text::check_id("query", text, MAX_QUERY_CHARS)?;
        Ok(Self(text))
    }

    /// All that the text may be, the likeliest first.
    pub fn anything(self) -> Vec<Lookup> {
        if self.0.starts_with('@') {
            return self.email_domain();
        }
        let ids = [self.user_id(), self.threedeye_user_id(), self.subject()].concat();
        if self.0.contains('@') {
            [self.email(), ids].concat()
        } else if self.is_phone() {
            [self.phone(), ids, self.email()].concat()
        } else {
            [ids, self.email()].concat()
        }
    }

    pub fn user_id(self) -> Vec<Lookup> {
        // What was deleted is found by its whole id, and before others that begin with it.
        vec![
            Lookup::new(Index::DepartedId, self.0),
            Lookup::new(Index::UserId, self.0),
        ]
    }

    pub fn email(self) -> Vec<Lookup> {
        let key = EmailKey::of(self.0);
        let key = key.map(|key| Lookup::new(Index::Email, key.as_str()));
        key.into_iter().collect()
    }

    pub fn email_domain(self) -> Vec<Lookup> {
        let domain = self.0.trim_start_matches('@').to_ascii_lowercase();
        if domain.is_empty() {
            return Vec::new();
        }
        vec![Lookup::new(Index::EmailDomain, domain)]
    }

    /// As a service would write it, and as it was typed.
    pub fn phone(self) -> Vec<Lookup> {
        let digits: String = self.0.chars().filter(char::is_ascii_digit).collect();
        let international = match (self.0.starts_with('+'), digits.strip_prefix("00")) {
            (true, _) => format!("+{digits}"),
            (false, Some(rest)) => format!("+{rest}"),
            (false, None) => digits.clone(),
        };
        if digits.is_empty() {
            return Vec::new();
        }
        let mut lookups = vec![Lookup::new(Index::Phone, international)];
        for other in [digits.as_str(), self.0] {
            if lookups.iter().all(|lookup| lookup.text != other) && !other.starts_with('+') {
                lookups.push(Lookup::new(Index::Phone, other));
            }
        }
        lookups
    }

    pub fn threedeye_user_id(self) -> Vec<Lookup> {
        vec![Lookup::new(Index::ThreedeyeUserId, self.0)]
    }

    pub fn subject(self) -> Vec<Lookup> {
        vec![Lookup::new(Index::Subject, self.0)]
    }

    fn is_phone(self) -> bool {
        let mut digits = 0;
        let is_plain = self.0.chars().all(|c| {
            digits += u32::from(c.is_ascii_digit());
            c.is_ascii_digit() || " +-()./".contains(c)
        });
        is_plain && digits >= 3
    }
}

/// The least text behind all that begin with `prefix`, in the order of code points, which is SQLite's.
fn end_of_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Surrogates are no characters.
        let next = if last == '\u{d7ff}' {
            Some('\u{e000}')
        } else {
            char::from_u32(u32::from(last) + 1)
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anything(text: &str) -> Vec<(Index, String)> {
        let lookups = Searched::parse(text).unwrap().anything();
        let lookups = lookups.into_iter();
        lookups.map(|one| (one.index, one.text)).collect()
    }

    fn first(text: &str) -> (Index, String) {
        anything(text).swap_remove(0)
    }

    #[test]
    fn the_likeliest_reading_comes_first() {
        for (text, index, looked_for) in [
            (" Jane@Example.com ", Index::Email, "jane@example.com"),
            ("jane@exa", Index::Email, "jane@exa"),
            ("@Example.com", Index::EmailDomain, "example.com"),
            ("+49 (170) 123-45", Index::Phone, "+4917012345"),
            ("0049 170 12345", Index::Phone, "+4917012345"),
            ("0170 12345", Index::Phone, "017012345"),
            ("auth0|1", Index::DepartedId, "auth0|1"),
        ] {
            assert_eq!(first(text), (index, looked_for.to_owned()), "{text}");
        }
    }

    #[test]
    fn an_id_may_look_like_anything() {
        for text in ["jane", "jane@example.com", "1234567", "Abc"] {
            let all = anything(text);
            for index in [
                Index::DepartedId,
                Index::UserId,
                Index::ThreedeyeUserId,
                Index::Subject,
            ] {
                assert!(all.contains(&(index, text.to_owned())), "{text} {index:?}");
            }
            assert!(all.contains(&(Index::Email, text.to_ascii_lowercase())));
        }
    }

    #[test]
    fn a_phone_number_is_looked_for_in_every_spelling_once() {
        let spellings = |text: &str| {
            let lookups = Searched::parse(text).unwrap().phone();
            let texts = lookups.into_iter().map(|lookup| lookup.text);
            texts.collect::<Vec<_>>()
        };
        assert_eq!(spellings("+49 170"), ["+49170", "49170"]);
        assert_eq!(spellings("0170-1"), ["01701", "0170-1"]);
        assert_eq!(spellings("01701"), ["01701"]);
        assert_eq!(spellings("jane"), [""; 0]);
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        for bad in ["", "  ", "a\u{0}b", &"x".repeat(321)] {
            assert!(Searched::parse(bad).unwrap_err().starts_with("query: "));
        }
        assert_eq!(Searched::parse("@").unwrap().anything(), []);
    }

    proptest! {
        #[test]
        fn what_begins_with_a_text_comes_before_its_end(
            prefix in "[a-c\u{d7ff}\u{e000}\u{10ffff}]{1,4}", rest in ".{0,4}", other in "[a-d\u{d7ff}\u{e000}\u{10ffff}]{1,5}",
        ) {
            let Some(end) = end_of_prefix(&prefix) else {
                prop_assert!(prefix.chars().all(|c| c == char::MAX));
                return Ok(());
            };
            let longer = format!("{prefix}{rest}");
            prop_assert!(longer < end && prefix < end);
            prop_assert_eq!(other.starts_with(&prefix), prefix <= other && other < end);
        }

        #[test]
        fn arbitrary_texts_never_panic(text: String) {
            if let Ok(searched) = Searched::parse(&text) {
                prop_assert!(searched.anything().len() <= 8);
            }
        }
    }
}
