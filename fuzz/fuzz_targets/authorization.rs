//! The `Authorization` header, down to the kind of credential it holds.
//!
//! Input: the header's value.
#![no_main]

use http::header::AUTHORIZATION;
use libfuzzer_sys::fuzz_target;
use spkey_edge::auth::jwt::{MAX_KEY_ID_BYTES, MAX_TOKEN_BYTES, UnverifiedToken};
use spkey_edge::auth::{ApiKey, admin_key, bearer};
use spkey_edge::kernel::Secret;
use spkey_edge_fuzz::{CONFIDENTIAL, header};

fuzz_target!(|value: &[u8]| {
    let headers = header(AUTHORIZATION, value);
    if let Ok(credential) = bearer(&headers) {
        let scheme = &value.trim_ascii_start()[..6];
        assert!(scheme.eq_ignore_ascii_case(b"bearer"));
        assert!(!credential.is_empty());
        assert!(!credential.contains([' ', '\t', ',', '"']));
        assert!(value.trim_ascii_end().ends_with(credential.as_bytes()));

        let key = ApiKey::parse(credential);
        let token = UnverifiedToken::parse(credential);
        assert!(key.is_err() || token.is_err(), "a credential of two kinds");
        if let Ok(key) = key {
            assert_eq!(key.expose(), credential);
            assert_eq!(credential.len(), ApiKey::PREFIX.len() + 43);
            assert!(!key.hash().contains(credential));
            assert!(!format!("{key:?}").contains(credential));
        }
        if let Ok(token) = token {
            assert!(credential.len() <= MAX_TOKEN_BYTES);
            assert_eq!(credential.matches('.').count(), 2);
            assert!((1..=MAX_KEY_ID_BYTES).contains(&token.key_id().len()));
            assert_eq!(format!("{token:?}"), "UnverifiedToken(…)");
        }
    }

    // The same bytes as an admin key: nothing but the key itself is let in.
    let headers = header(admin_key::ADMIN_KEY_HEADER, value);
    let keys = [Secret::new(CONFIDENTIAL)];
    let checked = admin_key::check(&headers, &keys);
    assert_eq!(checked.is_ok(), value == CONFIDENTIAL.as_bytes());
});
