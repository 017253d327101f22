//! Tokens that were verified before.

use super::*;
use crate::auth::jwks::REFRESH_AGE;
use crate::kernel::ContentHash;

impl World<'_> {
    fn checks(&self) -> usize {
        self.crypto.checks.get()
    }

    /// As the requests of an isolate do behind their answers.
    fn refresh(&self) {
        self.pass(REFRESH_AGE);
        let now = self.clock.now();
        self.clock.run(self.authenticator().refresh(now));
    }

    fn verify_text(&self, token: &str) -> Result<Identity, AuthError> {
        self.clock.run(self.authenticator().verify(token))
    }
}

/// Good for longer than any test takes.
fn lasting_token(key_id: &str, seed: u8) -> String {
    let mut claims = good_claims();
    claims["exp"] = json!(fake::NOW + 24 * 60 * 60);
    rsa_token(key_id, seed, &claims)
}

#[test]
fn the_signature_of_a_token_is_checked_once_in_ten_minutes() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    let token = lasting_token("a", 1);
    for (minutes, checks) in [(0, 1), (9, 1), (1, 2), (9, 2), (1, 3)] {
        world.pass(Duration::from_secs(minutes * 60));
        assert!(world.verify_text(&token).is_ok());
        assert_eq!(world.checks(), checks);
    }
}

#[test]
fn claims_are_judged_at_every_request() {
    let clock = clock();
    let mut world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    assert!(world.verify("a", 1).is_ok());
    world.policy.audience = "another".to_owned();
    assert_eq!(world.verify("a", 1), Err(Refusal::AudienceWrong.into()));
    world.policy = policy();
    world.policy.claims.staff = "email_verified".to_owned();
    assert!(world.verify("a", 1).unwrap().is_staff);
    assert_eq!(world.checks(), 1);
    world.pass(Duration::from_secs(360));
    assert_eq!(world.verify("a", 1), Err(Refusal::Expired.into()));
}

#[test]
fn a_token_of_a_withdrawn_key_is_refused_after_the_refresh() {
    let clock = clock();
    let sets = [
        keys(&[rsa_jwk("a", 1), rsa_jwk("b", 2)]),
        keys(&[rsa_jwk("b", 2)]),
    ];
    let world = World::new(&clock, sets);
    let token = lasting_token("a", 1);
    assert!(world.verify_text(&token).is_ok());
    world.refresh();
    assert_eq!(world.verify_text(&token), Err(Refusal::KeyUnknown.into()));
}

#[test]
fn a_refetch_for_another_key_has_every_signature_checked_again() {
    let clock = clock();
    let both = keys(&[rsa_jwk("a", 1), rsa_jwk("b", 2)]);
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)]), both]);
    assert!(world.verify("a", 1).is_ok());
    assert!(world.verify("b", 2).is_ok());
    assert_eq!((world.fetches(), world.checks()), (2, 2));
    assert!(world.verify("a", 1).is_ok());
    assert_eq!(world.checks(), 3);
}

#[test]
fn another_key_under_the_same_id_refuses_what_the_first_one_signed() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)]), keys(&[rsa_jwk("a", 2)])]);
    let token = lasting_token("a", 1);
    assert!(world.verify_text(&token).is_ok());
    world.refresh();
    assert_eq!(
        world.verify_text(&token),
        Err(Refusal::SignatureWrong.into())
    );
    assert!(world.verify_text(&lasting_token("a", 2)).is_ok());
}

#[test]
fn a_token_that_differs_by_one_byte_is_refused() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    let token = rsa_token("a", 1, &good_claims());
    assert!(world.verify_text(&token).is_ok());
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(world.verify_text(&changed).is_err(), "byte {index}");
    }
}

#[test]
fn a_refusal_is_not_remembered_and_pushes_no_genuine_token_out() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)])]);
    assert!(world.verify("a", 1).is_ok());
    for guess in 0..200 {
        let mut claims = good_claims();
        claims["sub"] = json!(format!("user-{guess}"));
        let forged = rsa_token("a", 9, &claims);
        for _ in 0..2 {
            let refused = Err(Refusal::SignatureWrong.into());
            assert_eq!(world.verify_text(&forged), refused);
        }
    }
    assert_eq!(world.checks(), 401);
    assert!(world.verify("a", 1).is_ok());
    assert_eq!(world.checks(), 401);
}

#[test]
fn a_verdict_of_the_keys_before_is_not_taken_over_by_the_next_ones() {
    let clock = clock();
    let world = World::new(&clock, [keys(&[rsa_jwk("a", 1)]), keys(&[rsa_jwk("a", 2)])]);
    let token = lasting_token("a", 1);
    assert!(world.verify_text(&token).is_ok());
    let found = world.cache.borrow().find("a", Algorithm::Rs256);
    let Lookup::Found(before) = found else {
        panic!("the key was stored");
    };
    world.refresh();
    // A request that had looked its key up before the refresh ends after it.
    let now = clock.now();
    before
        .verified
        .insert(ContentHash::of(&[&token]), at(3600), now);
    assert_eq!(
        world.verify_text(&token),
        Err(Refusal::SignatureWrong.into())
    );
}
