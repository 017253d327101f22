//! Secrets as a type: redacted in `Debug`, compared in constant time, wiped on drop.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A text that must never reach a log, an error or an answer by accident.
///
/// There is no `Display` and no `Serialize`: the text is read only by [`Secret::expose`], which
/// is easy to search for in a review.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is the same text.
    ///
    /// Hashes of both are compared in constant time, so that the time reveals neither content nor
    /// length.
    pub fn matches(&self, candidate: &str) -> bool {
        let own = Sha256::digest(self.0.as_bytes());
        let other = Sha256::digest(candidate.as_bytes());
        own.as_slice().ct_eq(other.as_slice()).into()
    }

    /// 8 hex digits of its SHA-256, which identify one of several keys in the audit trail.
    pub fn fingerprint(&self) -> String {
        sha256_hex(self.0.as_bytes()).chars().take(8).collect()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;

    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn matches_only_the_same_text() {
        let secret = Secret::new("correct");
        assert!(secret.matches("correct"));
        assert!(!secret.matches("correct "));
        assert!(!secret.matches(""));
    }

    #[test]
    fn sha256_of_the_fips_180_example() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
