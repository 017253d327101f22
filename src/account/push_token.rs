//! Push tokens: the addresses at which phones and browsers receive push notifications.

use crate::account::{Fields, Invalid};
use crate::kernel::{Secret, sha256_hex};

/// A further token replaces the one that was not seen for longest.
pub const MAX_TOKENS_PER_USER: u32 = 20;

const MAX_TOKEN_CHARS: usize = 512;

/// A push token as its platform issued it. A secret: it is all that sending to the device takes.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    rename = "PushTokenText",
    description = "The token of the push service. White space around it does not matter.",
    extend("minLength" = 1, "maxLength" = MAX_TOKEN_CHARS, "examples" = ["example-device-token"]),
))]
pub struct PushToken(#[cfg_attr(test, schemars(with = "String"))] Secret);

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

    pub const fn secret(&self) -> &Secret {
        &self.0
    }

    /// What the token is found by: SHA-256 in lower-case hex. Not keyed, so that it is found after a
    /// rotation of `CREDENTIALS_KEY` too; tokens cannot be guessed.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.expose().as_bytes())
    }
}

/// The platform that a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    rename = "PushPlatform",
    description = "Whose push service the token is of.",
    extend("enum" = ["ios", "android", "web"]),
))]
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
        assert_eq!(format!("{token:?}"), "PushToken(Secret(…))");
    }

    #[test]
    fn a_token_has_at_most_512_characters() {
        assert!(read(&"ä".repeat(512)).is_ok());
        assert_eq!(read(&"a".repeat(513)).unwrap_err().code, "max_length");
    }
}
