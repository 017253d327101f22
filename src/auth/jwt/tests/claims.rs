//! What the claims must say.

use super::*;

#[test]
fn good_claims_make_an_identity() {
    let claims = json!({
        "iss": "https://id.example/", "aud": ["other", "spkey"], "exp": NOW + 1, "nbf": NOW,
        "iat": NOW - 10, "auth_time": NOW - 20, "sub": "user-1", "email": "Anna@x.example",
        "email_verified": true, "is_staff": true, "amr": ["pwd", "mfa", 7], "jti": "t-1",
        "azp": {"any": ["thing"]},
    });
    let identity = read(&claims.to_string()).unwrap();
    let expected = Identity {
        subject: Some("user-1".to_owned()),
        email: Some("Anna@x.example".to_owned()),
        is_email_verified: true,
        is_staff: true,
        is_machine: false,
        signed_in_at: Some(NOW - 20),
        amr: vec!["pwd".to_owned(), "mfa".to_owned()],
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
        with("auth_time", Some(Value::Null)).unwrap().signed_in_at,
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

/// Reads claims by another policy.
fn read_by(policy: &JwtConfig, claims: &Value) -> Identity {
    let text = fake::rsa_token("k", SEED, claims);
    let token = UnverifiedToken::parse(&text).unwrap();
    let verified = block_on(token.verify(&FakeKey::rsa(modulus(SEED)))).unwrap();
    verified.claims(policy, at(0)).unwrap()
}

#[test]
fn the_names_of_claims_are_configured() {
    let name = |claim: &str| format!("https://spkey.co/{claim}");
    let policy = JwtConfig {
        claims: ClaimNames {
            email: name("email"),
            email_verified: name("email_verified"),
            auth_time: name("auth_time"),
            amr: name("amr"),
            staff: name("is_staff"),
        },
        ..policy()
    };
    let standard = json!({
        "email": "anna@spkey.co", "email_verified": true, "auth_time": NOW - 5, "amr": ["mfa"],
        "is_staff": true,
    });
    let mut claims = good_claims();
    for (claim, value) in standard.as_object().unwrap() {
        claims[claim] = value.clone();
    }
    let nothing = read_by(&policy, &claims);
    assert_eq!(nothing.email, None);
    assert!(!nothing.is_email_verified && !nothing.is_staff && nothing.amr.is_empty());
    assert_eq!(nothing.signed_in_at, None);
    for (claim, value) in standard.as_object().unwrap() {
        claims[name(claim)] = value.clone();
    }
    let named = read_by(&policy, &claims);
    assert_eq!(named.verified_email(), Some("anna@spkey.co"));
    assert!(named.is_staff && named.has_shown_second_factor());
    assert_eq!(named.signed_in_at, Some(NOW - 5));
}

#[test]
fn an_email_counts_as_verified_only_where_the_token_says_so() {
    let lenient = JwtConfig {
        trusts_unmarked_email: true,
        ..policy()
    };
    for (value, strictly, leniently) in [
        (None, false, true),
        (Some(Value::Null), false, true),
        (Some(json!(true)), true, true),
        (Some(json!("true")), true, true),
        (Some(json!(false)), false, false),
        (Some(json!("false")), false, false),
        (Some(json!("False")), false, false),
        (Some(json!("")), false, false),
        (Some(json!("maybe")), false, false),
        (Some(json!(0)), false, false),
        (Some(json!(1)), false, false),
        (Some(json!([true])), false, false),
    ] {
        let mut claims = good_claims();
        let members = claims.as_object_mut().unwrap();
        members.remove("email_verified");
        members.extend(
            value
                .clone()
                .map(|value| ("email_verified".to_owned(), value)),
        );
        let strict = read_by(&policy(), &claims);
        assert_eq!(strict.is_email_verified, strictly, "{value:?}");
        let relaxed = read_by(&lenient, &claims);
        assert_eq!(relaxed.is_email_verified, leniently, "{value:?}");
    }
}

#[test]
fn the_time_of_the_token_is_no_time_of_signing_in_unless_configured() {
    let lenient = JwtConfig {
        takes_iat_as_auth_time: true,
        ..policy()
    };
    let mut claims = good_claims();
    claims["iat"] = json!(NOW - 7);
    assert_eq!(read_by(&policy(), &claims).signed_in_at, None);
    assert_eq!(read_by(&lenient, &claims).signed_in_at, Some(NOW - 7));
    claims["auth_time"] = json!(NOW - 9);
    assert_eq!(read_by(&policy(), &claims).signed_in_at, Some(NOW - 9));
    assert_eq!(read_by(&lenient, &claims).signed_in_at, Some(NOW - 9));
}

#[test]
fn a_token_of_a_program_is_never_staff() {
    for grant in ["client-credentials", "client_credentials"] {
        let mut claims = good_claims();
        claims["is_staff"] = json!(true);
        claims["gty"] = json!(grant);
        let machine = read_by(&policy(), &claims);
        assert!(machine.is_machine && !machine.is_staff, "{grant}");
    }
    for person in [
        json!("password"),
        json!(["client-credentials"]),
        Value::Null,
    ] {
        let identity = with("gty", Some(person)).unwrap();
        assert!(!identity.is_machine);
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
