//! The form of a token and its header.

use super::*;

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
fn header_members_that_are_not_read_may_hold_anything() {
    // As several issuers write it: hexadecimal, where RFC 7515 asks for base64url.
    let thumbprint = json!("d27ae14ba240ba6734386478840a527d610e70f9");
    for member in [
        "x5t", "x5t#S256", "x5c", "x5u", "jku", "jwk", "cty", "zip", "b64",
    ] {
        for value in [
            thumbprint.clone(),
            json!(7),
            json!(["a", {}]),
            json!(""),
            Value::Null,
        ] {
            let header = json!({"alg": "RS256", "kid": "k", member: value}).to_string();
            assert_eq!(parse_header(&header), Ok("k".to_owned()), "{header}");
        }
    }
}

#[test]
fn a_header_that_is_not_one_object_is_refused() {
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
        r#"["RS256","k","JWT"]"#,
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
