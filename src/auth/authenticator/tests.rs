mod warm;

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::join;
use http::{HeaderMap, HeaderValue};
use serde_json::json;

use crate::auth::authenticator::*;
use crate::auth::fake;
use crate::auth::fake::{
    FakeCrypto, at, document, ec_jwk, good_claims, policy, rsa_jwk, rsa_token,
};
use crate::auth::{AdminPair, authenticate_pair};
use crate::kernel::Secret;
use crate::kernel::audit::Actor;
use crate::kernel::http_client::HttpError;
use crate::testing::transport::{Reply, Script, VirtualClock};

/// One isolate and its issuer.
struct World<'a> {
    policy: JwtConfig,
    cache: RefCell<JwksCache>,
    issuer: Script<'a>,
    crypto: FakeCrypto,
    clock: &'a VirtualClock,
}

impl<'a> World<'a> {
    /// The issuer gives these answers, and the last of them again and again.
    fn new(clock: &'a VirtualClock, answers: impl IntoIterator<Item = Reply>) -> Self {
        let mut answers: VecDeque<Reply> = answers.into_iter().collect();
        let issuer = Script::new(clock, move |_| match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        });
        Self {
            policy: policy(),
            cache: RefCell::default(),
            issuer,
            crypto: FakeCrypto::default(),
            clock,
        }
    }

    fn authenticator(&self) -> Authenticator<'_> {
        Authenticator {
            policy: &self.policy,
            cache: &self.cache,
            http: &self.issuer,
            signatures: &self.crypto,
            clock: self.clock,
        }
    }

    async fn try_key(&self, key_id: &str, seed: u8) -> Result<Identity, AuthError> {
        let token = rsa_token(key_id, seed, &good_claims());
        self.authenticator().verify(&token).await
    }

    fn verify(&self, key_id: &str, seed: u8) -> Result<Identity, AuthError> {
        self.clock.run(self.try_key(key_id, seed))
    }

    fn fetches(&self) -> usize {
        self.issuer.requests.borrow().len()
    }

    fn pass(&self, time: Duration) {
        self.clock.advance_to(self.clock.now().plus(time));
    }
}

fn clock() -> VirtualClock {
    VirtualClock::starting(at(0))
}

fn keys(keys: &[serde_json::Value]) -> Reply {
    Reply::new(200, document(keys))
}

#[test]
fn keys_are_fetched_and_imported_once() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1), ec_jwk("b", 2)])]);
    assert_eq!(
        world.verify("a", 1).unwrap().subject.as_deref(),
        Some("user-1")
    );
    let es256 = fake::token(
        r#"{"alg":"ES256","kid":"b","typ":"at+jwt"}"#,
        &good_claims().to_string(),
        Algorithm::Es256,
        &fake::encode([2; 32]),
    );
    assert!(clock.run(world.authenticator().verify(&es256)).is_ok());
    assert_eq!(world.fetches(), 1);
    assert_eq!(world.crypto.imports.get(), 2);
}

#[test]
fn a_wrong_signature_causes_no_further_fetch() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    for _ in 0..3 {
        assert_eq!(world.verify("a", 9), Err(Refusal::SignatureWrong.into()));
    }
    assert_eq!(world.fetches(), 1);
}

#[test]
fn a_malformed_token_causes_no_fetch_at_all() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[])]);
    let result = clock.run(world.authenticator().verify("a.b.c"));
    assert!(matches!(result, Err(AuthError::Refused(_))));
    assert_eq!(world.fetches(), 0);
}

#[test]
fn a_rotated_key_is_found_at_once_and_made_up_ids_are_braked() {
    let clock = clock();
    let world = World::new(
        &clock,
        [
            keys(&[rsa_jwk("a", 1)]),
            keys(&[rsa_jwk("a", 1), rsa_jwk("b", 2)]),
        ],
    );
    assert!(world.verify("a", 1).is_ok());
    assert!(world.verify("b", 2).is_ok());
    assert_eq!(world.fetches(), 2);
    for made_up in ["x", "y", "z"] {
        assert_eq!(world.verify(made_up, 3), Err(Refusal::KeyUnknown.into()));
    }
    assert_eq!(world.fetches(), 2);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.verify("x", 3), Err(Refusal::KeyUnknown.into()));
    assert_eq!(world.fetches(), 3);
}

#[test]
fn without_any_keys_no_token_can_be_verified() {
    let clock = clock();
    let world = World::new(&clock, [Reply::new(500, []), keys(&[rsa_jwk("a", 1)])]);
    let unavailable = Err(AuthError::KeysUnavailable(KeysError::Status(500)));
    assert_eq!(world.verify("a", 1), unavailable);
    assert_eq!(world.verify("a", 1), unavailable);
    assert_eq!(world.fetches(), 1);
    world.pass(Duration::from_secs(1));
    assert!(world.verify("a", 1).is_ok());
    assert_eq!(world.fetches(), 2);
}

#[test]
fn the_brake_on_failures_starts_when_they_end() {
    let clock = clock();
    let late = Reply::new(200, []).after(Duration::from_secs(5));
    let world = World::new(&clock, [late]);
    let unavailable = Err(AuthError::KeysUnavailable(KeysError::TimedOut));
    assert_eq!(world.verify("a", 1), unavailable);
    assert_eq!(world.verify("a", 1), unavailable);
    assert_eq!(world.fetches(), 1);
}

#[test]
fn concurrent_cold_requests_each_fetch_and_none_is_refused() {
    let clock = clock();
    let world = World::new(
        &clock,
        [
            keys(&[rsa_jwk("a", 1)]),
            Reply::lost(HttpError::Connection),
            keys(&[rsa_jwk("a", 1)]),
        ],
    );
    // The second one's own fetch fails, but the first one's keys have arrived.
    let (first, second, third) = clock.run(async {
        join!(
            world.try_key("a", 1),
            world.try_key("a", 1),
            world.try_key("a", 1)
        )
    });
    assert!(first.is_ok());
    assert!(second.is_ok());
    assert!(third.is_ok());
    assert_eq!(world.fetches(), 3);
}

#[test]
fn a_malformed_document_does_not_displace_the_keys_at_hand() {
    let clock = clock();
    let world = World::new(
        &clock,
        [keys(&[rsa_jwk("a", 1)]), Reply::new(200, "<html>")],
    );
    assert!(world.verify("a", 1).is_ok());
    assert_eq!(world.verify("b", 2), Err(Refusal::KeyUnknown.into()));
    assert!(world.verify("a", 1).is_ok());
    assert_eq!(world.fetches(), 2);
}

#[test]
fn a_key_that_cannot_be_imported_is_unknown() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    world.crypto.refuses_imports.set(true);
    assert_eq!(world.verify("a", 1), Err(Refusal::KeyUnknown.into()));
}

#[test]
fn claims_are_judged_by_the_time_after_the_fetch() {
    for (takes, is_good) in [(0, true), (2, false)] {
        let clock = clock();
        let answer = keys(&[rsa_jwk("a", 1)]).after(Duration::from_secs(takes));
        let world = World::new(&clock, [answer]);
        // The token is good for a second yet.
        clock.advance_to(at(359));
        let result = world.verify("a", 1);
        assert_eq!(result.is_ok(), is_good);
        assert!(is_good || result == Err(Refusal::Expired.into()));
    }
}

/// What the admin pair says to this key and this e-mail.
fn admin(key: Option<&'static str>, email: Option<&str>) -> (Result<AdminPair, AuthError>, usize) {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        headers.insert("x-admin-api-key", HeaderValue::from_static(key));
    }
    if let Some(email) = email {
        let mut claims = good_claims();
        claims["email"] = json!(email);
        let value = format!("Bearer {}", rsa_token("a", 1, &claims));
        headers.insert("authorization", HeaderValue::try_from(value).unwrap());
    }
    let domains = ["smartphonekey.com".to_owned()];
    let authenticator = world.authenticator();
    let result = clock.run(authenticate_pair(
        &headers,
        &[Secret::new("right")],
        &domains,
        Some(&authenticator),
    ));
    (result, world.fetches())
}

#[test]
fn an_administrator_needs_both_halves_of_the_pair() {
    let (right, wrong) = (Some("right"), Some("wrong"));
    let (ours, theirs) = (Some("anna@smartphonekey.com"), Some("eve@evil.example"));
    let admitted = admin(right, ours).0.unwrap();
    let fingerprint = Secret::new("right").fingerprint();
    let actor = Actor::admin(&fingerprint, "a***@smartphonekey.com (user-1)");
    assert_eq!(admitted.actor(), actor);

    for (key, email, refusal, fetches) in [
        (None, None, Refusal::AdminKeyMissing, 0),
        (None, ours, Refusal::AdminKeyMissing, 0),
        (wrong, ours, Refusal::AdminKeyWrong, 0),
        (wrong, theirs, Refusal::AdminKeyWrong, 0),
        (right, None, Refusal::CredentialsMissing, 0),
        (right, theirs, Refusal::DomainNotAllowed, 1),
        (right, Some(""), Refusal::EmailMissing, 1),
        (
            right,
            Some("a@evil.example@smartphonekey.com"),
            Refusal::EmailMalformed,
            1,
        ),
    ] {
        let (result, fetched) = admin(key, email);
        assert_eq!(result, Err(refusal.into()), "{key:?} {email:?}");
        assert_eq!(fetched, fetches, "{key:?} {email:?}");
    }
}

#[test]
fn every_admin_is_refused_when_no_issuer_is_configured() {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_static("right"));
    headers.insert("authorization", HeaderValue::from_static("Bearer a.b.c"));
    let tokens: Option<&Authenticator<'_>> = None;
    let result = clock().run(authenticate_pair(
        &headers,
        &[Secret::new("right")],
        &[],
        tokens,
    ));
    assert_eq!(result, Err(Refusal::TokensNotConfigured.into()));
}
