//! A code that somebody presents, of whichever kind it is.

use crate::account::{BackupCode, TotpCode};

/// A code presented as a proof of the second factor.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Six digits: from the authenticator.
    Totp(TotpCode),
    /// Anything else can only be a backup code.
    Backup(BackupCode),
    /// No code at all. It counts as a wrong backup code, so that nobody guesses for free.
    Neither,
}

impl Proof {
    /// Reads a code as somebody typed it, trimmed.
    pub fn parse(text: &str) -> Self {
        if let Some(code) = TotpCode::parse(text) {
            return Self::Totp(code);
        }
        BackupCode::parse(text).map_or(Self::Neither, Self::Backup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_totp_and_everything_else_is_not() {
        assert!(matches!(Proof::parse("123456"), Proof::Totp(_)));
        assert!(matches!(
            Proof::parse("abcd-efgh-2345-67ab"),
            Proof::Backup(_)
        ));
        // All digits, but 16 of them.
        assert!(matches!(
            Proof::parse("2345 6723 4567 2345"),
            Proof::Backup(_)
        ));
        for text in ["", "12345", "１２３４５６", "hello"] {
            assert!(matches!(Proof::parse(text), Proof::Neither), "{text}");
        }
    }
}
