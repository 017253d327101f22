use futures_executor::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::auth::fake;
use crate::auth::fake::{FakeKey, NOW, at, encode, good_claims, modulus, policy};
use crate::auth::jwt::*;

mod claims;
mod form;

const SEED: u8 = 1;

/// Parses a token with this header, well-formed otherwise.
fn parse_header(header: &str) -> Result<String, Refusal> {
    let text = fake::token(header, "{}", Algorithm::Rs256, "key");
    UnverifiedToken::parse(&text).map(|token| token.key_id().to_owned())
}

fn parse(text: &str) -> Result<(), Refusal> {
    UnverifiedToken::parse(text).map(drop)
}

/// Reads claims out of a token with a right signature.
fn read(claims: &str) -> Result<Identity, Refusal> {
    read_at(claims, at(0))
}

fn read_at(claims: &str, now: Timestamp) -> Result<Identity, Refusal> {
    let header = r#"{"alg":"RS256","kid":"k"}"#;
    let text = fake::token(header, claims, Algorithm::Rs256, &modulus(SEED));
    let token = UnverifiedToken::parse(&text).unwrap();
    let verified = block_on(token.verify(&FakeKey::rsa(modulus(SEED)))).unwrap();
    verified.claims(&policy(), now)
}

/// Good claims with one of them set, or taken away.
fn with(name: &str, value: Option<Value>) -> Result<Identity, Refusal> {
    let mut claims = good_claims();
    let object = claims.as_object_mut().unwrap();
    object.remove(name);
    object.extend(value.map(|value| (name.to_owned(), value)));
    read(&claims.to_string())
}

proptest! {
    #[test]
    fn parsing_never_panics(text: String) {
        let _ = UnverifiedToken::parse(&text);
    }

    #[test]
    fn parsing_any_bytes_in_the_form_of_a_token_never_panics(
        header: Vec<u8>, claims: Vec<u8>, signature: Vec<u8>,
    ) {
        let _ = parse(&format!("{}.{}.{}", encode(header), encode(claims), encode(signature)));
    }

    #[test]
    fn no_value_of_a_known_header_or_claim_panics(
        name in prop::sample::select(vec![
            "alg", "kid", "typ", "cty", "crit", "jku", "x5t", "x5t#S256",
            "iss", "aud", "exp", "nbf", "iat", "sub", "email", "email_verified",
            "is_staff", "auth_time", "amr", "jti",
        ]),
        value in prop_oneof![
            any::<f64>().prop_map(|number| json!(number)),
            any::<i64>().prop_map(|number| json!(number)),
            any::<u64>().prop_map(|number| json!(number)),
            ".{0,50}".prop_map(Value::from),
            "[A-Za-z0-9_-]{20,50}={0,3}".prop_map(Value::from),
            any::<Vec<bool>>().prop_map(|list| json!(list)),
        ],
    ) {
        let mut header = json!({"alg": "RS256", "kid": "k"});
        header[name] = value.clone();
        let _ = parse_header(&header.to_string());
        let _ = with(name, Some(value));
    }
}
