//! E-mails that differ in case, composition or surrounding white space of Unicode only.

use crate::kernel::Unicode;

/// What all spellings of an e-mail have in common.
///
/// 3dEye may treat them as one e-mail (row 13, GUESS) where [`EmailKey`](crate::kernel::EmailKey)
/// tells them apart. So an equal spelling proves neither that an account is a user's nor that it is
/// not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spelling(String);

impl Spelling {
    pub fn of(email: &str, unicode: &dyn Unicode) -> Self {
        let trimmed = email.trim();
        Self(if trimmed.is_ascii() {
            trimmed.to_ascii_lowercase()
        } else {
            unicode.fold(trimmed)
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
