//! What the claims must say.

use super::*;

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
fn times_in_the_future_are_refused_with_a_leeway_of_60_s() {
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
