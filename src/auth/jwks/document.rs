//! Reading a JWK set and choosing the keys that may verify our tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::auth::Algorithm;
use crate::auth::jwks::{KeysError, MAX_DOCUMENT_BYTES};
use crate::auth::jwt::MAX_KEY_ID_BYTES;
use crate::kernel::{Object, text};

#[cfg(test)]
mod tests;

/// The fewest bits an RSA modulus may have (RFC 7518, section 3.3).
const MIN_RSA_BITS: usize = 2048;

/// The bytes of a coordinate on P-256 (RFC 7518, section 6.2.1.2).
const P256_COORDINATE_BYTES: usize = 32;

/// A public key that may verify tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// `kid`, by which a token names its key.
    pub key_id: String,
    /// The key itself.
    pub material: KeyMaterial,
}

/// The public parameters of a key.
///
/// It serializes to a JWK of `kty` and these parameters only, whatever else the document said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
pub enum KeyMaterial {
    /// An RSA key of at least 2048 bits (RFC 7518, section 6.3.1).
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus, big-endian in base64url.
        n: String,
        /// The public exponent, big-endian in base64url.
        e: String,
    },
    /// A point on an elliptic curve (RFC 7518, section 6.2.1).
    #[serde(rename = "EC")]
    Ec {
        /// The curve.
        crv: Curve,
        /// The first coordinate, 32 bytes in base64url.
        x: String,
        /// The second coordinate, 32 bytes in base64url.
        y: String,
    },
}

/// An elliptic curve we accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Curve {
    /// The curve of ES256.
    #[serde(rename = "P-256")]
    P256,
}

impl KeyMaterial {
    /// The one algorithm that such a key is used with.
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::Ec { .. } => Algorithm::Es256,
        }
    }
}

/// Reads a JWK set in its order, without the keys that are of no use here: of another type or
/// curve, too short, for encryption, for another algorithm, without an id, or malformed
/// (RFC 7517, section 5, asks for that).
///
/// # Errors
///
/// [`KeysError::TooLarge`], or [`KeysError::Malformed`] when there is no list
/// of keys. A set without a usable key is not an error: the issuer may have withdrawn all.
pub fn parse(document: &[u8]) -> Result<Vec<Jwk>, KeysError> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }

    if document.len() > MAX_DOCUMENT_BYTES {
        return Err(KeysError::TooLarge);
    }
    let Object(document): Object<Document> =
        serde_json::from_slice(text::without_byte_order_mark(document))
            .map_err(|_| KeysError::Malformed)?;
    Ok(document.keys.into_iter().filter_map(usable).collect())
}

/// Reads the members that count. Private ones are not among them.
fn usable(jwk: Value) -> Option<Jwk> {
    let text = |name| Some(jwk.get(name)?.as_str()?.to_owned());
    let material = match jwk.get("kty")?.as_str()? {
        "RSA" => KeyMaterial::Rsa {
            n: text("n")?,
            e: text("e")?,
        },
        "EC" if jwk.get("crv")? == "P-256" => KeyMaterial::Ec {
            crv: Curve::P256,
            x: text("x")?,
            y: text("y")?,
        },
        _ => return None,
    };
    let key_id = text("kid")?;
    let has_id = (1..=MAX_KEY_ID_BYTES).contains(&key_id.len());
    // Where they are absent, nothing is said against it.
    let is_for_signatures = says(&jwk, "use", |usage| usage == "sig")
        && says(&jwk, "alg", |name| name == material.algorithm().name())
        && says(&jwk, "key_ops", |operations| {
            let operations = operations.as_array().map(Vec::as_slice);
            operations.is_some_and(|all| {
                all.iter().all(Value::is_string) && all.iter().any(|name| name == "verify")
            })
        });
    (has_id && is_for_signatures && is_strong(&material)).then_some(Jwk { key_id, material })
}

/// Whether an optional member is absent, or as it should be.
fn says(jwk: &Value, name: &str, is_right: impl Fn(&Value) -> bool) -> bool {
    jwk.get(name)
        .is_none_or(|value| value.is_null() || is_right(value))
}

fn is_strong(material: &KeyMaterial) -> bool {
    match material {
        KeyMaterial::Rsa { n, e } => {
            decode(n).is_some_and(|modulus| bits(&modulus) >= MIN_RSA_BITS)
                && decode(e).is_some_and(|exponent| is_sound_exponent(&exponent))
        }
        KeyMaterial::Ec { x, y, .. } => [x, y].into_iter().all(|coordinate| {
            decode(coordinate).is_some_and(|bytes| bytes.len() == P256_COORDINATE_BYTES)
        }),
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// The length of a big-endian number without its leading zeros.
fn bits(number: &[u8]) -> usize {
    let significant = number.iter().skip_while(|byte| **byte == 0);
    match significant.clone().next() {
        Some(first) => significant.count() * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

/// Odd and above 1: with an exponent of 1, signatures need no private key.
fn is_sound_exponent(exponent: &[u8]) -> bool {
    exponent.last().is_some_and(|last| last % 2 == 1) && bits(exponent) > 1
}
