use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::kernel::random::seeded::Seeded;

fn key(byte: u8) -> Secret {
    Secret::new(STANDARD.encode([byte; 32]))
}

fn seal(sealer: &Sealer, user: &str) -> Sealed {
    sealer
        .seal(
            Purpose::ThreedeyePassword,
            &UserId::new(user),
            &Secret::new("pass-word"),
            &Seeded::new(3),
        )
        .unwrap()
}

fn open(sealer: &Sealer, user: &str, sealed: &Sealed) -> Result<String, SealError> {
    sealer
        .open(Purpose::ThreedeyePassword, &UserId::new(user), sealed)
        .map(|secret| secret.expose().to_owned())
}

#[test]
fn a_keyed_hash_is_bound_to_key_user_purpose_and_text() {
    let sealer = Sealer::new(&key(1), None).unwrap();
    let hash =
        |purpose, user: &str, text: &str| sealer.keyed_hashes(purpose, &UserId::new(user), text);
    let own = hash(Purpose::BackupCode, "anna", "code");
    assert_eq!((own.len(), own[0].len()), (2, 64));
    assert_eq!(hash(Purpose::BackupCode, "anna", "code"), own);
    assert_ne!(hash(Purpose::PushToken, "anna", "code"), own);
    assert_ne!(hash(Purpose::BackupCode, "bert", "code"), own);
    assert_ne!(hash(Purpose::BackupCode, "anna", "cod"), own);
    // What ends the id cannot begin the text.
    assert_ne!(
        hash(Purpose::BackupCode, "an", "nacode"),
        hash(Purpose::BackupCode, "anna", "code")
    );
    let rotated = Sealer::new(&key(2), Some(&key(1))).unwrap();
    let hashes = rotated.keyed_hashes(Purpose::BackupCode, &UserId::new("anna"), "code");
    assert!(!own.contains(&hashes[0]));
    assert_eq!(hashes[2..], own);
}

#[test]
fn a_tag_is_bound_to_key_user_and_text() {
    let sealer = Sealer::new(&key(1), None).unwrap();
    let anna = UserId::new("anna");
    let tag = sealer.tag(&anna, "text");
    assert!(sealer.is_tag(&anna, "text", &tag));
    assert!(!sealer.is_tag(&anna, "texts", &tag));
    assert!(!sealer.is_tag(&UserId::new("bert"), "text", &tag));
    // What ends the id cannot begin the text.
    assert!(!sealer.is_tag(&UserId::new("annat"), "ext", &tag));
    for wrong in ["", "x", tag.split_at(1).1, &format!("{tag}A")] {
        assert!(!sealer.is_tag(&anna, "text", wrong), "{wrong}");
    }
    let rotated = Sealer::new(&key(2), Some(&key(1))).unwrap();
    assert!(rotated.is_tag(&anna, "text", &tag));
    assert_ne!(rotated.tag(&anna, "text"), tag);
    let other = Sealer::new(&key(2), None).unwrap();
    assert!(!other.is_tag(&anna, "text", &tag));
}

#[test]
fn opens_what_it_sealed_and_only_for_the_same_user() {
    let sealer = Sealer::new(&key(1), None).unwrap();
    let sealed = seal(&sealer, "anna");
    assert_eq!(open(&sealer, "anna", &sealed).unwrap(), "pass-word");
    assert_eq!(open(&sealer, "bert", &sealed), Err(SealError::Forged));
    assert!(!sealed.as_str().contains("pass-word"));
}

#[test]
fn the_previous_key_still_opens_after_a_rotation() {
    let old = Sealer::new(&key(1), None).unwrap();
    let sealed = seal(&old, "anna");
    let rotated = Sealer::new(&key(2), Some(&key(1))).unwrap();
    assert_eq!(open(&rotated, "anna", &sealed).unwrap(), "pass-word");
    assert!(!rotated.is_current(&sealed));
    assert!(rotated.is_current(&seal(&rotated, "anna")));
    let done = Sealer::new(&key(2), None).unwrap();
    assert_eq!(open(&done, "anna", &sealed), Err(SealError::UnknownKey));
}

/// "pass-word" of anna, sealed under `key(1)` itself, as version 1 did.
const V1_SEALED: &str = "v1.72cd6e84.7Y8B2-QUCx2JqYF76j1XRN7Bwa4v1Od7XTl-vxNU9wg5LNmhkQ";
/// The hash of anna's backup code "code" of that time.
const V1_HASH: &str = "82003e1d446992349b2763157f4c81553e6344fc74fe19a89fbd61485e5fb9e2";

#[test]
fn what_was_sealed_under_the_key_itself_still_opens_and_is_to_be_sealed_anew() {
    let sealed = Sealed::from_stored(V1_SEALED);
    for sealer in [
        Sealer::new(&key(1), None).unwrap(),
        Sealer::new(&key(2), Some(&key(1))).unwrap(),
    ] {
        assert_eq!(open(&sealer, "anna", &sealed).unwrap(), "pass-word");
        assert_eq!(open(&sealer, "bert", &sealed), Err(SealError::Forged));
        assert!(!sealer.is_current(&sealed));
        let anew = seal(&sealer, "anna");
        assert!(anew.as_str().starts_with("v2."));
        assert!(sealer.is_current(&anew));
    }
}

#[test]
fn what_was_looked_up_by_a_hash_of_version_1_is_still_found() {
    for sealer in [
        Sealer::new(&key(1), None).unwrap(),
        Sealer::new(&key(2), Some(&key(1))).unwrap(),
    ] {
        let hashes = sealer.keyed_hashes(Purpose::BackupCode, &UserId::new("anna"), "code");
        assert!(hashes.contains(&V1_HASH.to_owned()));
        // The one that is stored is another.
        assert_ne!(hashes[0], V1_HASH);
    }
}

#[test]
fn every_purpose_has_a_key_of_its_own() {
    let sealer = Sealer::new(&key(1), None).unwrap();
    let (user, random) = (UserId::new("anna"), Seeded::new(3));
    let current = &sealer.current;
    // The same nonce, data and text, so that only the key makes a difference.
    let sealed = |cipher: &Aes256Gcm| seal_under(cipher, b"", "text", &random).unwrap();
    let under = [&current.secrets, &current.tokens, &current.legacy.cipher].map(sealed);
    assert_ne!(under[0], under[1]);
    assert_ne!(under[0], under[2]);
    assert_ne!(under[1], under[2]);
    // A value is opened by the key of its purpose only, also where it says the version of another.
    let token = sealer
        .seal(Purpose::PushToken, &user, &Secret::new("token"), &random)
        .unwrap();
    let opened = |text: String| {
        let sealed = Sealed::from_stored(text);
        sealer.open(Purpose::PushToken, &user, &sealed).map(|_| ())
    };
    assert_eq!(opened(token.as_str().to_owned()), Ok(()));
    let as_v1 = token.as_str().replacen("v2", "v1", 1);
    assert_eq!(opened(as_v1), Err(SealError::Forged));
}

/// The keys are those of RFC 5869 over HMAC-SHA256: extract with a salt, expand with a purpose.
#[test]
fn keys_are_derived_by_hkdf() {
    use aes_gcm::KeyInit as _;
    let hmac = |key: &[u8], text: &[u8]| {
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
        mac.chain_update(text).finalize().into_bytes()
    };
    let extracted = hmac(b"spkey-edge", &[1; 32]);
    let expected = hmac(&extracted, b"tokens\x01");
    let cipher = Aes256Gcm::new_from_slice(&expected).unwrap();
    let tokens = DerivedKeys::parse(&key(1)).unwrap().tokens;
    let sealed = |cipher| seal_under(cipher, b"", "text", &Seeded::new(3)).unwrap();
    assert_eq!(sealed(&cipher), sealed(&tokens));
}

#[test]
fn refuses_malformed_keys_and_values() {
    for bad in ["", "c2hvcnQ=", "not base64 at all!"] {
        assert!(Sealer::new(&Secret::new(bad), None).is_err(), "{bad}");
    }
    let sealer = Sealer::new(&key(1), None).unwrap();
    let id = &sealer.current.id;
    for bad in [
        "",
        "v1",
        "v0.x.y",
        "v3.x.y",
        &format!("v1.{id}.AA"),
        &format!("v2.{id}.AA"),
        &format!("v2.{id}.*"),
    ] {
        let result = open(&sealer, "anna", &Sealed::from_stored(bad));
        assert_eq!(result, Err(SealError::MalformedValue), "{bad}");
    }
}

#[test]
fn a_flipped_bit_is_noticed() {
    let sealer = Sealer::new(&key(1), None).unwrap();
    let sealed = seal(&sealer, "anna");
    let (head, body) = sealed.as_str().rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let forged = Sealed::from_stored(format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes)));
    assert_eq!(open(&sealer, "anna", &forged), Err(SealError::Forged));
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_again(plain: String, user: String, seed: u64, byte: u8) {
        let sealer = Sealer::new(&key(byte), None).unwrap();
        let user = UserId::new(user);
        let secret = Secret::new(plain.clone());
        let sealed = sealer
            .seal(Purpose::ThreedeyePassword, &user, &secret, &Seeded::new(seed))
            .unwrap();
        let stored = Sealed::from_stored(sealed.as_str());
        let opened = sealer.open(Purpose::ThreedeyePassword, &user, &stored).unwrap();
        prop_assert_eq!(opened.expose(), plain);
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed(position: prop::sample::Index, bit in 0u8..8) {
        let sealer = Sealer::new(&key(1), None).unwrap();
        let sealed = seal(&sealer, "anna");
        let (head, body) = sealed.as_str().rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(body).unwrap();
        let position = position.index(bytes.len());
        bytes[position] ^= 1 << bit;
        let forged = format!("{head}.{}", URL_SAFE_NO_PAD.encode(bytes));
        let result = open(&sealer, "anna", &Sealed::from_stored(forged));
        prop_assert_eq!(result, Err(SealError::Forged));
    }

    #[test]
    fn no_other_text_opens(position: prop::sample::Index, replacement: char) {
        let sealer = Sealer::new(&key(1), None).unwrap();
        let sealed = seal(&sealer, "anna");
        let mut text: Vec<char> = sealed.as_str().chars().collect();
        let position = position.index(text.len());
        prop_assume!(text[position] != replacement);
        text[position] = replacement;
        let changed = Sealed::from_stored(text.into_iter().collect::<String>());
        prop_assert!(open(&sealer, "anna", &changed).is_err());
    }

    #[test]
    fn nothing_that_was_not_sealed_opens(text: String, body in "[A-Za-z0-9_-]{0,80}") {
        let sealer = Sealer::new(&key(1), None).unwrap();
        let shaped = format!("v1.{}.{body}", sealer.current.id);
        for stored in [text, shaped] {
            prop_assert!(open(&sealer, "anna", &Sealed::from_stored(stored)).is_err());
        }
    }
}
