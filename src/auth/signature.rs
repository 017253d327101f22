//! Signatures: the algorithms, and the cryptography as a trait.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::auth::jwks::KeyMaterial;

/// A signature algorithm we accept (RFC 7518, section 3.1).
///
/// Both are asymmetric and no key fits both, so a public key can never be
/// mistaken for a shared secret (RFC 8725, section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// Reads the value of `alg`, which is case-sensitive; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }

    /// The value of `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// Whether a signature of `bytes` bytes can be one of this algorithm's.
    ///
    /// ES256 signatures are `r || s`, 32 bytes each (RFC 7518, section 3.4).
    /// RS256 signatures are as long as the modulus, at least 2048 bits.
    pub const fn fits(self, bytes: usize) -> bool {
        match self {
            Self::Rs256 => bytes >= 256,
            Self::Es256 => bytes == 64,
        }
    }
}

/// The cryptography refused to work on a key or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cryptography refused the operation")]
pub struct CryptoError;

/// Imports public keys.
pub trait Signatures {
    /// Imports a public key, for the one algorithm that it is meant for.
    fn import<'a>(
        &'a self,
        material: &'a KeyMaterial,
    ) -> LocalBoxFuture<'a, Result<Rc<dyn PublicKey>, CryptoError>>;
}

/// An imported key: costly to make, cheap to share.
pub trait PublicKey {
    /// Whether `signature` is this key's over `signing_input`.
    fn verify<'a>(
        &'a self,
        signing_input: &'a [u8],
        signature: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<bool, CryptoError>>;
}
