//! A verified token's claims, read one by one.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::auth::Refusal;

/// All claims but `exp`, `nbf` and `iat`, which jwt-compact reads.
///
/// A map, because names of claims are configured. Duplicate names are refused:
/// two readers of one token could read them differently (RFC 7519, section 4).
#[derive(Clone)]
pub(super) struct ClaimSet(BTreeMap<String, Value>);

impl ClaimSet {
    /// `null` counts as absent.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A claim that is a non-empty string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    }

    pub(super) fn check_issuer(&self, expected: &str) -> Result<(), Refusal> {
        let issuer = self.get("iss").ok_or(Refusal::IssuerMissing)?;
        if issuer.as_str() == Some(expected) {
            Ok(())
        } else {
            Err(Refusal::IssuerWrong)
        }
    }

    pub(super) fn check_audience(&self, expected: &str) -> Result<(), Refusal> {
        let audience = self.get("aud").ok_or(Refusal::AudienceMissing)?;
        let named = match audience {
            Value::String(one) => one == expected,
            Value::Array(several) if several.iter().all(Value::is_string) => {
                several.iter().any(|one| one == expected)
            }
            _ => return Err(Refusal::AudienceMalformed),
        };
        if named {
            Ok(())
        } else {
            Err(Refusal::AudienceWrong)
        }
    }

    pub(super) fn check_nonce(&self, expected: &str) -> Result<(), Refusal> {
        let is_right = self.text("nonce").is_some_and(|nonce| nonce == expected);
        is_right.then_some(()).ok_or(Refusal::NonceWrong)
    }

    /// `azp` may be absent where the client is the only audience.
    pub(super) fn check_authorized_party(&self, client_id: &str) -> Result<(), Refusal> {
        let is_shared = matches!(self.get("aud"), Some(Value::Array(several)) if several.len() > 1);
        let is_right = match self.get("azp") {
            Some(party) => party == client_id,
            None => !is_shared,
        };
        is_right.then_some(()).ok_or(Refusal::AuthorizedPartyWrong)
    }

    pub(super) fn subject(&self) -> Result<Option<String>, Refusal> {
        match (self.get("sub"), self.text("sub")) {
            (None, _) => Ok(None),
            (Some(_), Some(subject)) => Ok(Some(subject)),
            (Some(_), None) => Err(Refusal::SubjectMalformed),
        }
    }

    /// Some providers write a string. Every other value counts as false.
    pub(super) fn email_verified(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| match value {
            Value::Bool(verified) => *verified,
            Value::String(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        })
    }

    /// Only a plain `true` grants a privilege.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Bool(true))
    }

    /// Whether the token was given to a program (RFC 6749, section 4.4). Auth0 says so in `gty`.
    pub(super) fn is_machine(&self) -> bool {
        self.text("gty").is_some_and(|grant| {
            matches!(grant.as_str(), "client-credentials" | "client_credentials")
        })
    }

    /// Whole seconds since the epoch. A malformed value must not count as absent, or `iat` might be
    /// used in its place.
    pub(super) fn auth_time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.get(name)
            .map(|value| numeric_date(value).ok_or(Refusal::AuthTimeMalformed))
            .transpose()
    }

    /// The methods that are strings; none when the claim is not a list.
    pub(super) fn amr(&self, name: &str) -> Vec<String> {
        self.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|method| method.as_str().map(str::to_owned))
            .collect()
    }
}

/// A NumericDate (RFC 7519, section 2), which may have a fraction.
fn numeric_date(value: &Value) -> Option<i64> {
    // The cast saturates, and the ends of the range are refused as dates.
    value
        .as_i64()
        .or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
}

impl<'de> Deserialize<'de> for ClaimSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = ClaimSet;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of claims")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ClaimSet, A::Error> {
                let mut claims = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("duplicate claim"));
                    }
                }
                Ok(ClaimSet(claims))
            }
        }

        deserializer.deserialize_map(Unique)
    }
}
