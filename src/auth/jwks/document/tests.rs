use proptest::prelude::*;
use serde_json::json;

use crate::auth::fake::{document, ec_jwk, encode, modulus, rsa_jwk};
use crate::auth::jwks::document::*;

fn ids(keys: &[Value]) -> Vec<String> {
    let keys = parse(&document(keys)).unwrap();
    keys.into_iter().map(|key| key.key_id).collect()
}

/// `jwk` with some members set.
fn with(mut jwk: Value, members: Value) -> Value {
    let members = members.as_object().unwrap().clone();
    jwk.as_object_mut().unwrap().extend(members);
    jwk
}

#[test]
fn takes_both_types_in_their_order() {
    let keys = parse(&document(&[ec_jwk("b", 1), rsa_jwk("a", 1)])).unwrap();
    assert_eq!(keys[0].key_id, "b");
    assert_eq!(keys[0].material.algorithm(), Algorithm::Es256);
    assert_eq!(keys[1].key_id, "a");
    assert_eq!(keys[1].material.algorithm(), Algorithm::Rs256);
}

#[test]
fn only_public_parameters_are_passed_on() {
    let private = json!({
        "d": "c2VjcmV0", "p": "c2VjcmV0", "q": "c2VjcmV0", "x5c": ["…"], "use": "sig",
        "alg": "RS256", "key_ops": ["verify"],
    });
    let keys = parse(&document(&[with(rsa_jwk("a", 1), private)])).unwrap();
    assert_eq!(
        serde_json::to_value(&keys[0].material).unwrap(),
        json!({"kty": "RSA", "n": modulus(1), "e": "AQAB"})
    );
    let keys = parse(&document(&[with(ec_jwk("b", 1), json!({"d": "c2VjcmV0"}))])).unwrap();
    assert_eq!(
        serde_json::to_value(&keys[0].material).unwrap(),
        json!({"kty": "EC", "crv": "P-256", "x": encode([1; 32]), "y": encode([9; 32])})
    );
}

#[test]
fn keys_for_signatures_by_our_algorithms_are_for_us() {
    for members in [
        json!({"use": "sig"}),
        json!({"use": null, "alg": null, "key_ops": null}),
        json!({"key_ops": ["sign", "verify"]}),
        json!({"alg": "RS256"}),
    ] {
        assert_eq!(
            ids(&[with(rsa_jwk("a", 1), members.clone())]),
            ["a"],
            "{members}"
        );
    }
    for members in [
        json!({"use": "enc"}),
        json!({"use": "SIG"}),
        json!({"use": 1}),
        json!({"key_ops": []}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": "verify"}),
        json!({"alg": "RS512"}),
        json!({"alg": "PS256"}),
        json!({"alg": "RSA-OAEP"}),
        json!({"alg": "ES256"}),
        json!({"kid": ""}),
        json!({"kid": 7}),
        json!({"kid": null}),
        json!({"kid": "k".repeat(MAX_KEY_ID_BYTES + 1)}),
    ] {
        assert!(
            ids(&[with(rsa_jwk("a", 1), members.clone())]).is_empty(),
            "{members}"
        );
    }
}

#[test]
fn an_rsa_key_has_2048_bits_and_a_sound_exponent() {
    let sized = |bytes: &[u8]| with(rsa_jwk("a", 1), json!({"n": encode(bytes)}));
    let mut short = vec![0xff; 256];
    short[0] = 0x7f;
    let mut padded = vec![0; 10];
    padded.extend([0xff; 256]);
    assert_eq!(ids(&[sized(&[0x80; 256])]), ["a"]);
    assert_eq!(ids(&[sized(&padded)]), ["a"]);
    for weak in [&short[..], &[0xff; 128], &[0; 300], &[]] {
        assert!(ids(&[sized(weak)]).is_empty());
    }
    assert_eq!(ids(&[with(rsa_jwk("a", 1), json!({"e": "Aw"}))]), ["a"]);
    for exponent in ["", "AQ", "AAE", "AA", "Ag", "AQAC", "AQAB=", "*", "AQ AB"] {
        let key = with(rsa_jwk("a", 1), json!({"e": exponent}));
        assert!(ids(&[key]).is_empty(), "{exponent}");
    }
    for n in [json!(null), json!(7), json!(""), json!(modulus(1) + "=")] {
        let key = with(rsa_jwk("a", 1), json!({"n": n}));
        assert!(ids(&[key]).is_empty(), "{n}");
    }
}

#[test]
fn an_elliptic_curve_key_is_on_p256() {
    for members in [
        json!({"crv": "P-384"}),
        json!({"crv": "p-256"}),
        json!({"crv": "secp256k1"}),
        json!({"crv": null}),
        json!({"x": encode([1; 31])}),
        json!({"x": encode([1; 33])}),
        json!({"y": ""}),
        json!({"y": null}),
        json!({"alg": "ES384"}),
        json!({"alg": "RS256"}),
    ] {
        assert!(
            ids(&[with(ec_jwk("a", 1), members.clone())]).is_empty(),
            "{members}"
        );
    }
}

#[test]
fn what_is_not_for_us_is_skipped() {
    let keys = [
        json!({"kty": "oct", "kid": "a", "k": "c2VjcmV0"}),
        json!({"kty": "OKP", "kid": "b", "crv": "Ed25519", "x": encode([1; 32])}),
        json!({"kty": "AKP", "kid": "c"}),
        json!({"kid": "d"}),
        json!(null),
        json!([]),
        json!("key"),
        rsa_jwk("good", 1),
    ];
    assert_eq!(ids(&keys), ["good"]);
}

#[test]
fn a_document_is_a_list_of_keys_within_64_kib() {
    assert_eq!(parse(br#"{"keys":[]}"#), Ok(Vec::new()));
    assert_eq!(parse(br#"{"keys":[],"extra":1}"#), Ok(Vec::new()));
    let deep = format!("{{\"keys\":[{}{}]}}", "[".repeat(2000), "]".repeat(2000));
    for malformed in [
        "",
        "null",
        "{}",
        "[]",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        "<html>",
        &deep,
    ] {
        assert_eq!(
            parse(malformed.as_bytes()),
            Err(KeysError::Malformed),
            "{malformed:.40}"
        );
    }
    let mut full = br#"{"keys":[]}"#.to_vec();
    full.resize(MAX_DOCUMENT_BYTES, b' ');
    assert!(parse(&full).is_ok());
    full.push(b' ');
    assert_eq!(parse(&full), Err(KeysError::TooLarge));
}

#[test]
fn a_list_in_place_of_a_key_is_malformed() {
    let keys = json!([[rsa_jwk("a", 1)]]).to_string();
    assert_eq!(parse(keys.as_bytes()), Err(KeysError::Malformed));
}

proptest! {
    #[test]
    fn parsing_never_panics(document: Vec<u8>) {
        let _ = parse(&document);
    }

    #[test]
    fn no_value_of_a_member_panics_or_gets_a_weak_key_in(
        name in prop::sample::select(vec!["kty", "kid", "use", "key_ops", "alg", "n", "e"]),
        value in ".{0,30}",
    ) {
        let keys = parse(&document(&[with(rsa_jwk("a", 1), json!({ name: value }))])).unwrap();
        prop_assert!(keys.iter().all(|key| is_strong(&key.material) && !key.key_id.is_empty()));
    }
}
