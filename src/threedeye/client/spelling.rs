//! E-mails that differ in case, composition or surrounding white space of Unicode only, or in whether
//! their domain is written in letters of a language or in its A-labels.

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
        if trimmed.is_ascii() {
            return Self(trimmed.to_ascii_lowercase());
        }
        let folded = unicode.fold(trimmed);
        let domain = folded.rsplit_once('@').filter(|(_, name)| !name.is_ascii());
        let labels = domain.and_then(|(local, name)| Some((local, unicode.ascii_domain(name)?)));
        Self(labels.map_or(folded.clone(), |(local, labels)| {
            format!("{local}@{labels}")
        }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
