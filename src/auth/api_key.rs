//! Personal and service API keys: `spk_` and 256 random bits.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::auth::Refusal;
use crate::kernel::{Random, Secret, Timestamp, sha256_hex};

const KEY_BYTES: usize = 32;

/// An API key. Its text is shown once and never stored.
///
/// Keys are not compared but looked up by [`ApiKey::hash`]. A plain hash suffices: 256 random
/// bits cannot be guessed, and a lookup by hash leaks nothing by the time it takes.
#[derive(Clone)]
pub struct ApiKey(Secret);

impl ApiKey {
    /// Distinguishes a key from a JWT, and lets scanners find keys that were published by
    /// mistake.
    pub const PREFIX: &str = "spk_";

    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random.fill(bytes.as_mut_slice());
        let body = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        Self(Secret::new(format!("{}{}", Self::PREFIX, *body)))
    }

    /// Takes a key from a request: the prefix and exactly 43 characters of
    /// base64url, in the one spelling that encodes their 32 bytes.
    ///
    /// # Errors
    ///
    /// [`Refusal::ApiKeyMalformed`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let length = text.strip_prefix(Self::PREFIX).and_then(|body| {
            URL_SAFE_NO_PAD
                .decode_slice(body, bytes.as_mut_slice())
                .ok()
        });
        if length == Some(KEY_BYTES) {
            Ok(Self(Secret::new(text)))
        } else {
            Err(Refusal::ApiKeyMalformed)
        }
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the database stores: SHA-256 of the text in lower-case hex.
    pub fn hash(&self) -> String {
        sha256_hex(self.expose().as_bytes())
    }

    /// The key as a request shows it at a moment.
    pub fn presented(&self, at: Timestamp) -> PresentedKey {
        PresentedKey {
            hash: self.hash(),
            at,
        }
    }
}

/// A key that a request shows, for the look-up: its hash, and the moment at which it must not have
/// expired.
#[derive(Debug, Clone)]
pub struct PresentedKey {
    pub hash: String,
    pub at: Timestamp,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(…)")
    }
}

/// What a key may do. Requests, answers and the database use the same names.
///
/// Read by way of a string: serde_json calls any other value in an enum's place broken JSON,
/// and the error would not name the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(!try_from, description = "What an API key may do."))]
pub enum Scope {
    /// Manages a person's push tokens.
    #[serde(rename = "user:write")]
    UserWrite,
    /// Verifies a person's second factor, for the sign-in service.
    #[serde(rename = "user:verify")]
    UserVerify,
    /// Reads a person's 3dEye credentials.
    #[serde(rename = "threedeye:read")]
    ThreedeyeRead,
    /// Reads the service's metrics.
    #[serde(rename = "metrics:read")]
    MetricsRead,
}

impl Scope {
    pub const ALL: [Self; 4] = [
        Self::UserWrite,
        Self::UserVerify,
        Self::ThreedeyeRead,
        Self::MetricsRead,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserWrite => "user:write",
            Self::UserVerify => "user:verify",
            Self::ThreedeyeRead => "threedeye:read",
            Self::MetricsRead => "metrics:read",
        }
    }

    /// `None`: no scope has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

impl TryFrom<String> for Scope {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::from_name(&name).ok_or(
            "unknown scope, expected user:write, user:verify, threedeye:read or metrics:read",
        )
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn a_new_key_has_the_form_and_reads_back() {
        let key = ApiKey::generate(&Seeded::new(1));
        assert_eq!(key.expose().len(), 4 + 43);
        let again = ApiKey::parse(key.expose()).unwrap();
        assert_eq!(again.hash(), key.hash());
        assert_eq!(key.hash(), sha256_hex(key.expose().as_bytes()));
        assert_ne!(ApiKey::generate(&Seeded::new(2)).hash(), key.hash());
        assert_eq!(format!("{key:?}"), "ApiKey(…)");
    }

    #[test]
    fn refuses_every_other_form() {
        let body = "A".repeat(43);
        assert!(ApiKey::parse(&format!("spk_{body}")).is_ok());
        for bad in [
            String::new(),
            "spk_".to_owned(),
            body.clone(),
            format!("SPK_{body}"),
            format!("spk-{body}"),
            format!("spk_{body}A"),
            format!("spk_{body}="),
            format!(" spk_{body}"),
            format!("spk_{body}\n"),
            format!("spk_{}", "A".repeat(42)),
            format!("spk_{}+", "A".repeat(42)),
            format!("spk_{}é", "A".repeat(41)),
            // The last character's two spare bits are not zero.
            format!("spk_{}B", "A".repeat(42)),
        ] {
            assert_eq!(
                ApiKey::parse(&bad).unwrap_err(),
                Refusal::ApiKeyMalformed,
                "{bad}"
            );
        }
    }

    #[test]
    fn scopes_have_one_spelling() {
        for scope in Scope::ALL {
            let json = serde_json::to_value(scope).unwrap();
            assert_eq!(json, scope.as_str());
            assert_eq!(serde_json::from_value::<Scope>(json).unwrap(), scope);
            assert_eq!(Scope::from_name(scope.as_str()), Some(scope));
        }
        for unknown in ["", "user", "USER:WRITE", "user:write ", "*"] {
            assert_eq!(Scope::from_name(unknown), None, "{unknown}");
            assert!(serde_json::from_value::<Scope>(unknown.into()).is_err());
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_takes_every_generated_key(text: String, seed: u64) {
            let _ = ApiKey::parse(&text);
            let key = ApiKey::generate(&Seeded::new(seed));
            prop_assert!(ApiKey::parse(key.expose()).is_ok());
        }

        #[test]
        fn a_key_has_no_second_spelling(
            seed: u64, position: prop::sample::Index, replacement: char,
        ) {
            let key = ApiKey::generate(&Seeded::new(seed));
            let mut text: Vec<char> = key.expose().chars().collect();
            let position = position.index(text.len());
            prop_assume!(text[position] != replacement);
            text[position] = replacement;
            let changed: String = text.into_iter().collect();
            if let Ok(other) = ApiKey::parse(&changed) {
                prop_assert_ne!(other.hash(), key.hash());
                let bytes = |key: &ApiKey| {
                    let body = key.expose().strip_prefix(ApiKey::PREFIX).unwrap();
                    URL_SAFE_NO_PAD.decode(body).unwrap()
                };
                prop_assert_ne!(bytes(&other), bytes(&key));
            }
        }
    }
}
