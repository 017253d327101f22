//! The token that confirms another e-mail: sent there, and shown by the person who reads it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::kernel::{Random, Secret, sha256_hex};

/// How long a token is valid.
pub const EMAIL_TOKEN_TTL: Duration = Duration::from_secs(24 * 60 * 60);

const TOKEN_BYTES: usize = 32;

/// 256 random bits, so that an unkeyed hash is enough to store.
#[derive(Debug, Clone)]
pub struct EmailToken(Secret);

impl EmailToken {
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
        random.fill(bytes.as_mut_slice());
        Self(Secret::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    /// Takes any text that a caller presents; only an issued token has a stored hash.
    pub fn presented(text: &str) -> Self {
        Self(Secret::new(text))
    }

    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What is stored: SHA-256 in lower-case hex.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn what_is_presented_has_the_hash_of_what_was_made() {
        let token = EmailToken::generate(&Seeded::new(1));
        assert_eq!(token.secret().expose().len(), 43);
        assert_eq!(
            EmailToken::presented(token.secret().expose()).hash(),
            token.hash()
        );
        assert_ne!(EmailToken::generate(&Seeded::new(2)).hash(), token.hash());
        assert_eq!(format!("{token:?}"), "EmailToken(Secret(…))");
    }
}
