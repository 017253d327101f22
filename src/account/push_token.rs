//! Where a phone, or a browser, gets its pushes.

use std::fmt;

use crate::account::{Fields, Invalid};
use crate::kernel::{Secret, sha256_hex};

/// The most tokens a person has; the one that was not seen for longest goes first.
pub const MOST_TOKENS: u32 = 20;

const MAX_TOKEN_CHARS: usize = 512;

/// A push token, as its platform made it. It is as good as a password for sending to the phone.
#[derive(Clone)]
pub struct PushToken(Secret);

impl PushToken {
    /// Reads the field `token`: 1 to 512 characters.
    ///
    /// # Errors
    ///
    /// What is wrong with the field.
    pub fn read(fields: &Fields) -> Result<Self, Invalid> {
        let token = fields.text("token", MAX_TOKEN_CHARS)?;
        Ok(Self(Secret::new(token)))
    }

    /// The token's text.
    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What the token is found by: SHA-256 in lower-case hex. Not keyed, so that a phone can drop
    /// its token after every rotation; platforms make tokens that cannot be guessed.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushToken(…)")
    }
}

/// The platform that a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform(&'static str);

impl Platform {
    /// Every platform; `push_tokens.platform` takes the same.
    pub const NAMES: [&str; 3] = ["ios", "android", "web"];

    /// Reads the field `platform`.
    ///
    /// # Errors
    ///
    /// What is wrong with the field.
    pub fn read(fields: &Fields) -> Result<Self, Invalid> {
        fields.choice("platform", &Self::NAMES).map(Self)
    }

    /// The platform's name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(token: &str) -> Result<PushToken, Invalid> {
        let body = json!({ "token": token });
        PushToken::read(&body.as_object().unwrap().clone().into())
    }

    #[test]
    fn a_token_is_taken_without_the_space_around_it() {
        let token = read(" f0e1 \n").unwrap();
        assert_eq!(token.secret().expose(), "f0e1");
        assert_eq!(token.hash(), read("f0e1").unwrap().hash());
        assert_eq!(format!("{token:?}"), "PushToken(…)");
    }

    #[test]
    fn a_token_has_at_most_512_characters() {
        assert!(read(&"ä".repeat(512)).is_ok());
        assert_eq!(read(&"a".repeat(513)).unwrap_err().code, "max_length");
    }
}
