use futures_executor::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::auth::fake;
use crate::auth::fake::{FakeKey, NOW, at, encode, good_claims, modulus, policy};
use crate::auth::jwt::*;

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

#[test]
fn takes_a_plain_header_and_tells_what_it_says() {
    let text = fake::token(
        r#"{"alg":"ES256","kid":"key-1","typ":"JWT","jku":"https://evil.example/","x":1}"#,
        "{}",
        Algorithm::Es256,
        "key",
    );
    let token = UnverifiedToken::parse(&text).unwrap();
    assert_eq!(token.algorithm(), Algorithm::Es256);
    assert_eq!(token.key_id(), "key-1");
    assert_eq!(format!("{token:?}"), "UnverifiedToken(…)");
}

#[test]
fn two_algorithms_are_allowed_in_one_spelling() {
    assert!(parse_header(r#"{"alg":"RS256","kid":"k"}"#).is_ok());
    for alg in [
        "none", "None", "NONE", "", "HS256", "RS384", "RS512", "PS256", "ES384", "ES256K", "EdDSA",
        "rs256", "Rs256", "RS256 ", "es256",
    ] {
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        assert_eq!(
            parse_header(&header),
            Err(Refusal::AlgorithmNotAllowed),
            "{alg}"
        );
    }
    for header in [
        r#"{"kid":"k"}"#,
        r#"{"alg":null,"kid":"k"}"#,
        r#"{"alg":256,"kid":"k"}"#,
        r#"{"alg":["RS256"],"kid":"k"}"#,
    ] {
        assert_eq!(
            parse_header(header),
            Err(Refusal::HeaderMalformed),
            "{header}"
        );
    }
}

#[test]
fn a_key_id_is_required_and_bounded() {
    for header in [
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"RS256","kid":""}"#,
        r#"{"alg":"RS256","kid":null}"#,
    ] {
        assert_eq!(parse_header(header), Err(Refusal::KeyIdMissing), "{header}");
    }
    let sized = |length| json!({"alg": "RS256", "kid": "k".repeat(length)}).to_string();
    assert!(parse_header(&sized(MAX_KEY_ID_BYTES)).is_ok());
    assert_eq!(
        parse_header(&sized(MAX_KEY_ID_BYTES + 1)),
        Err(Refusal::KeyIdTooLong)
    );
    for header in [
        r#"{"alg":"RS256","kid":7}"#,
        r#"{"alg":"RS256","kid":["k"]}"#,
    ] {
        assert_eq!(
            parse_header(header),
            Err(Refusal::HeaderMalformed),
            "{header}"
        );
    }
}

#[test]
fn any_critical_extension_is_refused() {
    for crit in [r#"["exp"]"#, r#"["b64"]"#, "[]", "null", "7", "{}"] {
        let header = format!(r#"{{"alg":"RS256","kid":"k","crit":{crit}}}"#);
        assert_eq!(
            parse_header(&header),
            Err(Refusal::CriticalExtension),
            "{crit}"
        );
    }
}

#[test]
fn the_type_is_that_of_an_access_token_or_none() {
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/JWT",
    ] {
        let header = json!({"alg": "RS256", "kid": "k", "typ": typ}).to_string();
        assert!(parse_header(&header).is_ok(), "{typ}");
    }
    for typ in [
        "",
        "JOSE",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "text/jwt",
        "application/",
        "application/application/jwt",
        "jwt ",
        "at + jwt",
    ] {
        let header = json!({"alg": "RS256", "kid": "k", "typ": typ}).to_string();
        assert_eq!(parse_header(&header), Err(Refusal::TypeNotAllowed), "{typ}");
    }
    let number = r#"{"alg":"RS256","kid":"k","typ":1}"#;
    assert_eq!(parse_header(number), Err(Refusal::HeaderMalformed));
}

#[test]
fn nested_tokens_are_refused() {
    let header = r#"{"alg":"RS256","kid":"k","cty":"JWT"}"#;
    assert_eq!(parse_header(header), Err(Refusal::ContentTypeNotAllowed));
}

#[test]
fn a_header_that_is_not_one_object_is_refused() {
    let deep = format!(
        r#"{{"alg":"RS256","kid":"k","x":{}1{}}}"#,
        "[".repeat(2000),
        "]".repeat(2000)
    );
    for header in [
        "",
        "null",
        "[]",
        "\"RS256\"",
        "{",
        r#"{"alg":"RS256","kid":"k"}{}"#,
        r#"{"alg":"RS256","alg":"RS256","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"k","kid":"k"}"#,
        r#"{"alg":"RS256","kid":"k","crit":1,"crit":1}"#,
        &deep,
    ] {
        assert_eq!(
            parse_header(header),
            Err(Refusal::HeaderMalformed),
            "{header:.60}"
        );
    }
    assert_eq!(
        parse(&format!("{}.e30.{}", encode(b"\xff\xfe"), encode([0; 256]))),
        Err(Refusal::HeaderMalformed)
    );
}

#[test]
fn a_token_has_three_parts() {
    let header = encode(r#"{"alg":"ES256","kid":"k"}"#);
    let signature = encode([0; 64]);
    assert!(parse(&format!("{header}.e30.{signature}")).is_ok());
    for text in [
        String::new(),
        ".".to_owned(),
        header.clone(),
        format!("{header}.e30"),
        format!("{header}.e30.{signature}."),
        format!("{header}.e30.e30.e30.{signature}"),
    ] {
        assert_eq!(parse(&text), Err(Refusal::TokenStructure), "{text}");
    }
}

#[test]
fn parts_are_canonical_unpadded_base64url() {
    let header = encode(r#"{"alg":"ES256","kid":"k"}"#);
    let signature = encode([0; 64]);
    for text in [
        format!("{header}=.e30.{signature}"),
        format!("{header}.e30=.{signature}"),
        format!("{header}.e30.{signature}=="),
        format!("{header}.e3+.{signature}"),
        format!("{header}.e3/.{signature}"),
        format!("{header}.e 0.{signature}"),
        format!("{header}.é.{signature}"),
        format!("{header}.e.{signature}"),
        // The last character's spare bits are not zero.
        format!("{header}.e31.{signature}"),
    ] {
        assert_eq!(parse(&text), Err(Refusal::TokenEncoding), "{text}");
    }
}

#[test]
fn a_signature_has_the_length_of_its_algorithm() {
    for (alg, length, is_right) in [
        ("ES256", 64, true),
        ("ES256", 0, false),
        ("ES256", 63, false),
        ("ES256", 65, false),
        ("ES256", 72, false), // DER
        ("RS256", 256, true),
        ("RS256", 512, true),
        ("RS256", 0, false),
        ("RS256", 128, false),
    ] {
        let header = json!({"alg": alg, "kid": "k"}).to_string();
        let text = format!("{}.e30.{}", encode(header), encode(vec![0; length]));
        let expected = if is_right {
            Ok(())
        } else {
            Err(Refusal::SignatureMalformed)
        };
        assert_eq!(parse(&text), expected, "{alg} {length}");
    }
}

#[test]
fn a_token_has_at_most_8_kib() {
    let head = format!("{}.", encode(r#"{"alg":"ES256","kid":"k"}"#));
    let tail = format!(".{}", encode([0; 64]));
    let sized = |length: usize| {
        let claims = "A".repeat(length - head.len() - tail.len());
        format!("{head}{claims}{tail}")
    };
    let full = sized(8192);
    assert_eq!(full.len(), 8192);
    assert!(parse(&full).is_ok());
    assert_eq!(parse(&sized(8193)), Err(Refusal::TokenTooLarge));
}

#[test]
fn claims_are_read_after_the_signature_only() {
    let text = fake::rsa_token("k", SEED, &good_claims());
    let verify = |text: &str, key: &str, is_broken: bool| {
        let token = UnverifiedToken::parse(text).unwrap();
        let key = FakeKey {
            is_broken,
            ..FakeKey::rsa(key.to_owned())
        };
        block_on(token.verify(&key)).map(drop)
    };
    assert_eq!(verify(&text, &modulus(SEED), false), Ok(()));
    assert_eq!(
        verify(&text, &modulus(SEED + 1), false),
        Err(Refusal::SignatureWrong)
    );
    let (input, signature) = text.rsplit_once('.').unwrap();
    let (header, _) = input.split_once('.').unwrap();
    let other = good_claims().to_string().replace("anna", "bert");
    let forged = format!("{header}.{}.{signature}", encode(other));
    assert_eq!(
        verify(&forged, &modulus(SEED), false),
        Err(Refusal::SignatureWrong)
    );
    assert_eq!(
        verify(&text, &modulus(SEED), true),
        Err(Refusal::SignatureNotChecked)
    );
}

#[test]
fn good_claims_make_an_identity() {
    let claims = json!({
        "iss": "https://id.example/", "aud": ["other", "spkey"], "exp": NOW + 1, "nbf": NOW,
        "iat": NOW - 10, "auth_time": NOW - 20, "sub": "user-1", "email": "Anna@x.example",
        "email_verified": true, "is_staff": true, "amr": ["pwd", "otp", 7], "jti": "t-1",
        "azp": {"any": ["thing"]},
    });
    let identity = read(&claims.to_string()).unwrap();
    let expected = Identity {
        subject: Some("user-1".to_owned()),
        email: Some("Anna@x.example".to_owned()),
        email_verified: Some(true),
        is_staff: true,
        auth_time: Some(NOW - 20),
        issued_at: Some(NOW - 10),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        token_id: Some("t-1".to_owned()),
    };
    assert_eq!(identity, expected);
}

#[test]
fn the_issuer_must_be_ours_exactly() {
    assert_eq!(with("iss", None), Err(Refusal::IssuerMissing));
    assert_eq!(with("iss", Some(Value::Null)), Err(Refusal::IssuerMissing));
    for wrong in [
        json!("https://id.example"),
        json!("HTTPS://id.example/"),
        json!(""),
        json!(7),
        json!(["https://id.example/"]),
    ] {
        assert_eq!(
            with("iss", Some(wrong.clone())),
            Err(Refusal::IssuerWrong),
            "{wrong}"
        );
    }
}

#[test]
fn the_audience_must_name_us() {
    assert_eq!(with("aud", None), Err(Refusal::AudienceMissing));
    for right in [json!("spkey"), json!(["spkey"]), json!(["a", "spkey"])] {
        assert!(with("aud", Some(right.clone())).is_ok(), "{right}");
    }
    for wrong in [
        json!("SPKEY"),
        json!("spkey "),
        json!(""),
        json!([]),
        json!(["a", "b"]),
    ] {
        assert_eq!(
            with("aud", Some(wrong.clone())),
            Err(Refusal::AudienceWrong),
            "{wrong}"
        );
    }
    for odd in [
        json!(7),
        json!({"spkey": true}),
        json!(["spkey", 7]),
        json!([["spkey"]]),
    ] {
        assert_eq!(
            with("aud", Some(odd.clone())),
            Err(Refusal::AudienceMalformed),
            "{odd}"
        );
    }
}

#[test]
fn expiration_is_required_with_a_leeway_of_60_s() {
    assert_eq!(with("exp", None), Err(Refusal::ExpirationMissing));
    for current in [
        json!(NOW + 1),
        json!(NOW - 60),
        json!(1e11),
        json!(NOW as f64 - 59.5),
    ] {
        assert!(with("exp", Some(current.clone())).is_ok(), "{current}");
    }
    for past in [json!(NOW - 61), json!(0), json!(-1), json!(1.5)] {
        assert_eq!(
            with("exp", Some(past.clone())),
            Err(Refusal::Expired),
            "{past}"
        );
    }
    for odd in [
        json!("1850000000"),
        json!(true),
        json!([NOW]),
        Value::Null,
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
    ] {
        assert_eq!(
            with("exp", Some(odd.clone())),
            Err(Refusal::ClaimsMalformed),
            "{odd}"
        );
    }
    let claims = good_claims().to_string();
    assert!(read_at(&claims, at(360)).is_ok());
    assert_eq!(
        read_at(&claims, at(360).plus(std::time::Duration::from_millis(1))),
        Err(Refusal::Expired)
    );
}

#[test]
fn not_before_is_honoured_with_a_leeway_of_60_s() {
    // The last one is chrono's first second, where taking off a leeway overflows.
    for come in [
        json!(NOW),
        json!(NOW + 60),
        json!(0),
        json!(-8_334_601_228_800_i64),
    ] {
        assert!(with("nbf", Some(come.clone())).is_ok(), "{come}");
    }
    for future in [json!(NOW + 61), json!(1e11)] {
        assert_eq!(
            with("nbf", Some(future.clone())),
            Err(Refusal::NotYetValid),
            "{future}"
        );
    }
    for odd in [json!("0"), Value::Null, json!(1e300)] {
        assert_eq!(
            with("nbf", Some(odd.clone())),
            Err(Refusal::ClaimsMalformed),
            "{odd}"
        );
    }
}

#[test]
fn nothing_happened_in_the_future() {
    for (claim, refusal) in [
        ("iat", Refusal::IssuedInFuture),
        ("auth_time", Refusal::AuthTimeInFuture),
    ] {
        for past in [
            json!(NOW),
            json!(NOW + 60),
            json!(0),
            json!(NOW as f64 - 0.5),
        ] {
            assert!(with(claim, Some(past.clone())).is_ok(), "{claim} {past}");
        }
        for future in [json!(NOW + 61), json!(1e11)] {
            assert_eq!(
                with(claim, Some(future.clone())),
                Err(refusal),
                "{claim} {future}"
            );
        }
    }
    assert_eq!(with("iat", Some(json!("0"))), Err(Refusal::ClaimsMalformed));
    for huge in [json!(1e300), json!(u64::MAX)] {
        assert_eq!(
            with("auth_time", Some(huge)),
            Err(Refusal::AuthTimeInFuture)
        );
    }
}

#[test]
fn a_malformed_time_of_authentication_does_not_count_as_absent() {
    for odd in [json!("0"), json!(true), json!([])] {
        assert_eq!(
            with("auth_time", Some(odd.clone())),
            Err(Refusal::AuthTimeMalformed),
            "{odd}"
        );
    }
    assert_eq!(
        with("auth_time", Some(Value::Null)).unwrap().auth_time,
        None
    );
}

#[test]
fn a_subject_is_a_string_or_absent() {
    assert_eq!(with("sub", None).unwrap().subject, None);
    for odd in [json!(7), json!(""), json!(["user-1"])] {
        assert_eq!(
            with("sub", Some(odd.clone())),
            Err(Refusal::SubjectMalformed),
            "{odd}"
        );
    }
}

#[test]
fn an_email_is_a_string_or_none() {
    for none in [
        None,
        Some(Value::Null),
        Some(json!(7)),
        Some(json!("")),
        Some(json!(["a@b"])),
    ] {
        assert_eq!(with("email", none.clone()).unwrap().email, None, "{none:?}");
    }
}

#[test]
fn the_email_claim_is_configured() {
    let policy = JwtConfig {
        email_claim: "https://spkey.co/email".to_owned(),
        ..policy()
    };
    let mut claims = good_claims();
    claims["https://spkey.co/email"] = json!("bert@spkey.co");
    let text = fake::rsa_token("k", SEED, &claims);
    let token = UnverifiedToken::parse(&text).unwrap();
    let verified = block_on(token.verify(&FakeKey::rsa(modulus(SEED)))).unwrap();
    let identity = verified.claims(&policy, at(0)).unwrap();
    assert_eq!(identity.email.as_deref(), Some("bert@spkey.co"));
}

#[test]
fn an_email_counts_as_verified_unless_the_issuer_says_otherwise() {
    for (value, expected) in [
        (None, None),
        (Some(Value::Null), None),
        (Some(json!(true)), Some(true)),
        (Some(json!("true")), Some(true)),
        (Some(json!(false)), Some(false)),
        (Some(json!("false")), Some(false)),
        (Some(json!("False")), Some(false)),
        (Some(json!("")), Some(false)),
        (Some(json!("maybe")), Some(false)),
        (Some(json!(0)), Some(false)),
        (Some(json!(1)), Some(false)),
        (Some(json!([true])), Some(false)),
    ] {
        let identity = with("email_verified", value.clone()).unwrap();
        assert_eq!(identity.email_verified, expected, "{value:?}");
    }
}

#[test]
fn staff_are_told_by_the_plain_true_only() {
    assert!(with("is_staff", Some(json!(true))).unwrap().is_staff);
    for no in [
        json!(false),
        json!("true"),
        json!(1),
        json!([true]),
        Value::Null,
    ] {
        assert!(
            !with("is_staff", Some(no.clone())).unwrap().is_staff,
            "{no}"
        );
    }
}

#[test]
fn methods_are_a_list_of_strings_or_none() {
    for none in [
        json!("otp"),
        json!({"otp": true}),
        json!([7, null]),
        Value::Null,
    ] {
        let identity = with("amr", Some(none.clone())).unwrap();
        assert_eq!(identity.amr, Vec::<String>::new(), "{none}");
    }
}

#[test]
fn claims_that_are_not_one_object_of_unique_names_are_refused() {
    let good = good_claims().to_string();
    let body = good.trim_end_matches('}');
    let deep = format!("{body},\"x\":{}{}}}", "[".repeat(2000), "]".repeat(2000));
    for claims in [
        "",
        "null",
        "[]",
        "7",
        "{",
        &format!("{good}{good}"),
        &format!("{body},\"exp\":{NOW}}}"),
        &format!("{body},\"iss\":\"https://id.example/\"}}"),
        &format!("{body},\"aud\":\"spkey\"}}"),
        &format!("{body},\"sub\":\"user-1\"}}"),
        &format!("{body},\"\\u0065mail\":\"b@spkey.co\"}}"),
        &format!("{body},\"x\":1,\"x\":1}}"),
        &deep,
    ] {
        assert_eq!(read(claims), Err(Refusal::ClaimsMalformed), "{claims:.80}");
    }
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
