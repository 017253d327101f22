use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use crate::account::BackupCode;
use crate::account::code_text::noise;
use crate::account::totp::*;
use crate::kernel::random::seeded::Seeded;

/// The secret of both RFCs' test vectors.
const RFC_SECRET: &[u8; 20] = b"12345678901234567890";

fn rfc_secret() -> TotpSecret {
    TotpSecret(Zeroizing::new(*RFC_SECRET))
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn code(text: &str) -> TotpCode {
    TotpCode::parse(text).unwrap()
}

fn code_of_step(secret: &TotpSecret, step: i64) -> TotpCode {
    let totp = secret.totp("", "").unwrap();
    code(
        &totp
            .generate(u64::try_from(step * STEP_S).unwrap())
            .to_string(),
    )
}

/// RFC 4226, appendix D: a counter is a time step.
#[test]
fn hotp_vectors() {
    let codes = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ];
    for (counter, expected) in codes.iter().enumerate() {
        let counter = i64::try_from(counter).unwrap();
        // The window's end, so that no later step can be meant.
        let earliest = at((counter - 1).max(0) * STEP_S);
        let step = rfc_secret().matching_step(&code(expected), earliest);
        assert_eq!(step, Some(counter), "{expected}");
    }
}

/// RFC 6238, appendix B, the SHA-1 column; of its eight digits the last six.
#[test]
fn totp_vectors() {
    for (second, six_digits) in [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ] {
        let step = rfc_secret().matching_step(&code(six_digits), at(second));
        assert_eq!(step, Some(second / 30), "{six_digits}");
    }
}

#[test]
fn one_step_either_way_and_no_more() {
    let secret = TotpSecret::generate(&Seeded::new(1));
    let step = 57_000_000;
    let given = code_of_step(&secret, step);
    for (second, expected) in [
        (step * 30 - 31, None),
        (step * 30 - 30, Some(step)),
        (step * 30, Some(step)),
        (step * 30 + 29, Some(step)),
        (step * 30 + 59, Some(step)),
        (step * 30 + 60, None),
    ] {
        assert_eq!(
            secret.matching_step(&given, at(second)),
            expected,
            "{second}"
        );
    }
}

#[test]
fn a_code_of_two_steps_is_the_later_ones() {
    // The first of its kind for this secret.
    let (step, both) = (910_737, code("911617"));
    assert_eq!(code_of_step(&rfc_secret(), step), both);
    assert_eq!(code_of_step(&rfc_secret(), step + 1), both);
    let found = rfc_secret().matching_step(&both, at(step * 30));
    assert_eq!(found, Some(step + 1));
}

#[test]
fn only_six_ascii_digits_are_a_code() {
    for bad in [
        "",
        "12345",
        "1234567",
        "12345a",
        "+12345",
        "12 345",
        "123 4567",
        "12_3456",
        "123.456",
        "１２３４５６",
        "١٢٣٤٥٦",
        "12345\n",
        "\u{200b}",
    ] {
        assert_eq!(TotpCode::parse(bad), None, "{bad:?}");
    }
    assert_eq!(format!("{:?}", code("123456")), "TotpCode(…)");
}

#[test]
fn the_address_has_what_authenticators_read() {
    let url = rfc_secret()
        .otpauth_url("SmartphoneKey", "ada+1@example.com")
        .unwrap();
    assert_eq!(
        url.expose(),
        "otpauth://totp/SmartphoneKey:ada%2B1%40example.com\
         ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=SmartphoneKey"
    );
    assert!(rfc_secret().otpauth_url("SmartphoneKey", "a:da").is_none());
}

#[test]
fn nothing_shows_in_debug() {
    assert_eq!(format!("{:?}", rfc_secret()), "TotpSecret(…)");
}

#[test]
fn what_is_no_secret_is_refused() {
    for bad in ["", "GEZDGNBV", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ!", "é"] {
        assert!(
            TotpSecret::from_base32(&Secret::new(bad)).is_none(),
            "{bad}"
        );
    }
}

proptest! {
    #[test]
    fn a_secret_reads_back(seed: u64) {
        let secret = TotpSecret::generate(&Seeded::new(seed));
        let text = secret.to_base32();
        prop_assert_eq!(text.expose().len(), 32);
        prop_assert_eq!(TotpSecret::from_base32(&text).unwrap().0, secret.0);
    }

    #[test]
    fn a_code_is_known_however_an_authenticator_shows_it(
        (six_digits, typed) in "[0-9]{6}".prop_flat_map(|code| (Just(code.clone()), noise::typed(code))),
    ) {
        prop_assert_eq!(TotpCode::parse(&typed), Some(code(&six_digits)));
        prop_assert!(BackupCode::parse(&typed).is_none());
    }

    #[test]
    fn no_time_panics(seed: u64, millis: i64) {
        let secret = TotpSecret::generate(&Seeded::new(seed));
        let _ = secret.matching_step(&code("000000"), Timestamp::from_millis(millis));
    }
}

#[test]
fn a_sealed_secret_opens_for_its_user_and_purpose_only() {
    let sealer = Sealer::new(&Secret::new(STANDARD.encode([1; 32])), None).unwrap();
    let user = UserId::new("anna");
    let purpose = Purpose::TotpSecret;
    let sealed = rfc_secret()
        .seal(purpose, &user, &sealer, &Seeded::new(2))
        .unwrap();
    let open = |purpose, user| TotpSecret::open(&sealed, purpose, &UserId::new(user), &sealer);
    assert_eq!(open(purpose, "anna").unwrap().0, rfc_secret().0);
    let forged = BadSecret::Sealed(SealError::Forged);
    assert_eq!(open(purpose, "bert").unwrap_err(), forged);
    assert_eq!(
        open(Purpose::PendingTotpSecret, "anna").unwrap_err(),
        forged
    );
}
