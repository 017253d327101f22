//! The identity provider's key set.
//!
//! Input: the document.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use spkey_edge::auth::jwks::{KeyMaterial, MAX_DOCUMENT_BYTES, parse};
use spkey_edge::auth::jwt::MAX_KEY_ID_BYTES;
use spkey_edge_fuzz::object;

fuzz_target!(|document: &[u8]| {
    let Ok(keys) = parse(document) else {
        return;
    };
    assert!(document.len() <= MAX_DOCUMENT_BYTES);
    let Some(read) = object(document) else {
        return;
    };
    let published = read["keys"].as_array().expect("no list of keys");
    assert!(keys.len() <= published.len());
    for key in &keys {
        assert!((1..=MAX_KEY_ID_BYTES).contains(&key.key_id.len()));
        let source = published.iter().find(|jwk| jwk["kid"] == *key.key_id);
        let source = source.expect("a key that was not published");
        assert!(matches!(source["use"].as_str(), None | Some("sig")) || published.len() > 1);
        match &key.material {
            KeyMaterial::Rsa { n, e } => {
                let modulus = decode(n);
                let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
                assert!(significant >= 256);
                assert!(decode(e).last().is_some_and(|last| last % 2 == 1));
                assert_ne!(e, "AQ", "an exponent of 1");
            }
            KeyMaterial::Ec { x, y, .. } => {
                assert_eq!((decode(x).len(), decode(y).len()), (32, 32));
            }
        }
        let imported = serde_json::to_value(&key.material).expect("public parameters are JSON");
        let names: Vec<_> = imported.as_object().expect("a JWK").keys().collect();
        assert!(
            names
                .iter()
                .all(|name| ["kty", "n", "e", "crv", "x", "y"].contains(&name.as_str()))
        );
    }
});

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("not base64url")
}
