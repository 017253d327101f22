//! A code of the second factor as a caller presents it.

use crate::account::{BackupCode, TotpCode};

#[derive(Debug, Clone)]
pub enum PresentedCode {
    /// Six digits: a code of the authenticator.
    Totp(TotpCode),
    /// 16 characters: a backup code.
    Backup(BackupCode),
    /// Malformed. It counts as a wrong backup code, so that no attempt goes uncounted.
    Malformed,
}

impl PresentedCode {
    /// Reads a typed code, trimmed.
    pub fn parse(text: &str) -> Self {
        if let Some(code) = TotpCode::parse(text) {
            return Self::Totp(code);
        }
        BackupCode::parse(text).map_or(Self::Malformed, Self::Backup)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_totp_and_everything_else_is_not() {
        assert!(matches!(
            PresentedCode::parse("123456"),
            PresentedCode::Totp(_)
        ));
        assert!(matches!(
            PresentedCode::parse("abcd-efgh-2345-67ab"),
            PresentedCode::Backup(_)
        ));
        // All digits, but 16 of them.
        assert!(matches!(
            PresentedCode::parse("2345 6723 4567 2345"),
            PresentedCode::Backup(_)
        ));
        for text in ["", "12345", "１２３４５６", "hello"] {
            assert!(
                matches!(PresentedCode::parse(text), PresentedCode::Malformed),
                "{text}"
            );
        }
    }
}
