//! A token's header and claims, whatever they say.
//!
//! Input: a line with the token's header, then its claims, both in plain JSON;
//! the target encodes them and adds a signature of the right length.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::LocalBoxFuture;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use spkey_edge::auth::jwt::{LEEWAY, UnverifiedToken};
use spkey_edge::auth::{ClaimNames, JwtConfig};
use spkey_edge::auth::{CryptoError, Identity, PublicKey, Refusal};
use spkey_edge::kernel::Timestamp;
use spkey_edge_fuzz::{lines, ready};

/// The time, in seconds since the epoch; seeds are dated around it.
const NOW: i64 = 1_750_000_000;

/// Cryptography that answers as told.
struct Says(Result<bool, CryptoError>);

impl PublicKey for Says {
    fn verify<'a>(
        &'a self,
        _: &'a [u8],
        _: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<bool, CryptoError>> {
        Box::pin(std::future::ready(self.0))
    }
}

fuzz_target!(|input: &[u8]| {
    let ([header], claims) = lines(input);
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    for signature in [&[7; 64][..], &[7; 256]] {
        let text = format!(
            "{}.{}.{}",
            encode(header),
            encode(claims),
            encode(signature)
        );
        check(&text, claims);
    }
});

fn check(text: &str, claims: &[u8]) {
    let policy = JwtConfig {
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
    };
    let verify =
        |answer| UnverifiedToken::parse(text).map(|token| ready(token.verify(&Says(answer))));
    let Ok(verified) = verify(Ok(true)) else {
        return;
    };
    // Without a good signature the claims are not read.
    let refused = verify(Ok(false)).expect("it was parsed before");
    assert_eq!(refused.err(), Some(Refusal::SignatureWrong));
    let unchecked = verify(Err(CryptoError)).expect("it was parsed before");
    assert_eq!(unchecked.err(), Some(Refusal::SignatureNotChecked));

    let verified = verified.expect("the signature was called good");
    let now = Timestamp::from_millis(NOW * 1000);
    if let Ok(identity) = verified.claims(&policy, now) {
        let claims = serde_json::from_slice(claims).expect("claims that are no object");
        agrees(&identity, &claims);
    }
}

/// Reads the same claims in another way.
fn agrees(identity: &Identity, claims: &Map<String, Value>) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let date = |name: &str| claims.get(name).and_then(Value::as_f64);
    let latest = (NOW + LEEWAY.num_seconds()) as f64;

    assert_eq!(text("iss"), Some("https://id.example/"));
    let audience = claims.get("aud").expect("no audience");
    let is_named = |one: &Value| one == "spkey";
    assert!(
        is_named(audience)
            || audience
                .as_array()
                .is_some_and(|all| all.iter().any(is_named))
    );

    // A second more or less: dates may have fractions.
    let expires = date("exp").expect("no expiration");
    assert!(expires + LEEWAY.num_seconds() as f64 + 1.0 >= NOW as f64);
    for name in ["nbf", "iat", "auth_time"] {
        assert!(date(name).is_none_or(|date| date < latest + 1.0), "{name}");
    }
    assert_eq!(identity.subject.as_deref(), text("sub"));
    assert_eq!(
        identity.email.as_deref(),
        text("email").filter(|email| !email.is_empty())
    );
    let is_machine = matches!(
        text("gty"),
        Some("client-credentials" | "client_credentials")
    );
    assert_eq!(
        identity.is_staff,
        !is_machine && claims.get("is_staff") == Some(&Value::Bool(true))
    );
    assert_eq!(identity.signed_in_at.is_some(), date("auth_time").is_some());
    let allowed = ["smartphonekey.com".to_owned()];
    if identity.admin_email(&allowed).is_ok() {
        let email = text("email").expect("an administrator without e-mail");
        assert!(email.to_ascii_lowercase().ends_with("@smartphonekey.com"));
        assert_eq!(email.matches('@').count(), 1);
        let verified = claims
            .get("email_verified")
            .expect("an e-mail that is not verified");
        assert!(
            verified == true
                || text("email_verified").is_some_and(|text| text.eq_ignore_ascii_case("true"))
        );
    }
}
