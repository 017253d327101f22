//! An identity provider for tests. Its signatures are plain hashes.

use futures_util::future::LocalBoxFuture;
use std::cell::Cell;
use std::future::ready;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::auth::jwks::KeyMaterial;
use crate::auth::{Algorithm, CryptoError, PublicKey, Signatures};
use crate::auth::{ClaimNames, JwtConfig};
use crate::kernel::Timestamp;

/// When every test starts.
pub const NOW: i64 = 1_750_000_000;

/// [`NOW`] and `seconds`.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis((NOW + seconds) * 1000)
}

pub fn policy() -> JwtConfig {
    JwtConfig {
        issuer: "https://id.example/".to_owned(),
        audience: "spkey".to_owned(),
        jwks_url: "https://id.example/jwks".to_owned(),
        claims: ClaimNames {
            email: "email".to_owned(),
            email_verified: "email_verified".to_owned(),
            auth_time: "auth_time".to_owned(),
            amr: "amr".to_owned(),
            staff: "is_staff".to_owned(),
        },
        trusts_unmarked_email: false,
        takes_iat_as_auth_time: false,
    }
}

/// Claims without a defect.
pub fn good_claims() -> Value {
    json!({
        "iss": "https://id.example/",
        "aud": "spkey",
        "exp": NOW + 300,
        "sub": "user-1",
        "email": "anna@smartphonekey.com",
        "email_verified": true,
    })
}

pub fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// A modulus of 2048 bits that differs by `seed`.
pub fn modulus(seed: u8) -> String {
    encode([seed | 0x80; 256])
}

pub fn rsa_jwk(key_id: &str, seed: u8) -> Value {
    json!({"kty": "RSA", "kid": key_id, "n": modulus(seed), "e": "AQAB"})
}

pub fn ec_jwk(key_id: &str, seed: u8) -> Value {
    json!({"kty": "EC", "crv": "P-256", "kid": key_id, "x": encode([seed; 32]), "y": encode([9; 32])})
}

pub fn document(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

/// Signs `input` as the owner of `key`.
pub fn sign(algorithm: Algorithm, key: &str, input: &[u8]) -> Vec<u8> {
    let hash = Sha256::new()
        .chain_update(key)
        .chain_update(input)
        .finalize();
    match algorithm {
        Algorithm::Rs256 => hash.repeat(8),
        Algorithm::Es256 => hash.repeat(2),
    }
}

/// A token with any header and claims, signed rightly.
pub fn token(header: &str, claims: &str, algorithm: Algorithm, key: &str) -> String {
    let input = format!("{}.{}", encode(header), encode(claims));
    let signature = sign(algorithm, key, input.as_bytes());
    format!("{input}.{}", encode(signature))
}

/// A token of [`rsa_jwk`]`(key_id, seed)`.
pub fn rsa_token(key_id: &str, seed: u8, claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": key_id}).to_string();
    token(
        &header,
        &claims.to_string(),
        Algorithm::Rs256,
        &modulus(seed),
    )
}

/// Imports keys that verify what [`sign`] signs.
#[derive(Default)]
pub struct FakeCrypto {
    pub imports: Cell<usize>,
    /// Signatures that were checked.
    pub checks: Rc<Cell<usize>>,
    pub refuses_imports: Cell<bool>,
}

impl Signatures for FakeCrypto {
    fn import<'a>(
        &'a self,
        material: &'a KeyMaterial,
    ) -> LocalBoxFuture<'a, Result<Rc<dyn PublicKey>, CryptoError>> {
        self.imports.set(self.imports.get() + 1);
        let name = match material {
            KeyMaterial::Rsa { n, .. } => n,
            KeyMaterial::Ec { x, .. } => x,
        };
        let imported: Result<Rc<dyn PublicKey>, CryptoError> = if self.refuses_imports.get() {
            Err(CryptoError)
        } else {
            Ok(Rc::new(FakeKey {
                algorithm: material.algorithm(),
                name: name.clone(),
                is_broken: false,
                checks: Rc::clone(&self.checks),
            }))
        };
        Box::pin(ready(imported))
    }
}

/// Verifies what [`sign`] signs.
pub struct FakeKey {
    pub algorithm: Algorithm,
    pub name: String,
    /// Whether the cryptography fails on it.
    pub is_broken: bool,
    pub checks: Rc<Cell<usize>>,
}

impl FakeKey {
    pub fn rsa(name: String) -> Self {
        Self {
            algorithm: Algorithm::Rs256,
            name,
            is_broken: false,
            checks: Rc::default(),
        }
    }
}

impl PublicKey for FakeKey {
    fn verify<'a>(
        &'a self,
        signing_input: &'a [u8],
        signature: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<bool, CryptoError>> {
        self.checks.set(self.checks.get() + 1);
        Box::pin(ready(if self.is_broken {
            Err(CryptoError)
        } else {
            Ok(sign(self.algorithm, &self.name, signing_input) == signature)
        }))
    }
}
