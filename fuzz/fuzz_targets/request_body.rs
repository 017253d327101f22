//! The bodies that clients send.
//!
//! Input: a line with `Content-Type`, then the body.
#![no_main]

use std::collections::BTreeSet;

use http::header::CONTENT_TYPE;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use spkey_edge::auth::endpoints::create_api_key::{self, NewKey, RequestBody};
use spkey_edge::kernel::Timestamp;
use spkey_edge::provisioning::endpoints::reset::Options;
use spkey_edge::web::{ApiError, body};
use spkey_edge_fuzz::{conceal, header, lines, silent};

fuzz_target!(|input: &[u8]| {
    let ([content_type], text) = lines(input);
    let headers = header(CONTENT_TYPE, content_type);

    if read(body::parse_optional::<Options>(&headers, text)).is_some() && !text.is_empty() {
        let allowed = [
            "clearMapping",
            "deleteRemote",
            "reprovision",
            "preserveRoles",
        ];
        assert!(
            object(text)
                .iter()
                .all(|(name, value)| { allowed.contains(&name.as_str()) && value.is_boolean() })
        );
    }
    if let Some(key) = read(body::parse(&headers, text).and_then(validate)) {
        let sent = object(text);
        let once: BTreeSet<_> = key.scopes.iter().collect();
        assert!(!once.is_empty() && once.len() == key.scopes.len());
        assert!(
            key.scopes
                .iter()
                .all(|scope| sent["scopes"].to_string().contains(scope))
        );
        assert!(key.label.is_none_or(|label| label.chars().count() <= 100));
        assert!(key.user_id.is_none_or(|id| !id.as_str().is_empty()));
    }

    // The same with every value replaced: an error names fields, not values.
    if let Ok(mut value) = serde_json::from_slice::<Value>(text) {
        conceal(&mut value);
        let text = value.to_string();
        let headers = header(CONTENT_TYPE, b"application/json");
        silent::<Options>(body::parse(&headers, text.as_bytes()), &value);
        silent::<RequestBody>(body::parse(&headers, text.as_bytes()), &value);
        silent(
            body::parse(&headers, text.as_bytes()).and_then(validate),
            &value,
        );
    }
});

fn validate(body: RequestBody) -> Result<NewKey, ApiError> {
    create_api_key::validate(body, Timestamp::from_millis(1_750_000_000_000))
}

/// What was read; the error, if there is one, is short and the client's fault.
fn read<T>(result: Result<T, ApiError>) -> Option<T> {
    result
        .inspect_err(|error| {
            assert!(matches!(error.status.as_u16(), 400 | 415), "{error:?}");
            assert!(error.message.chars().count() <= 200, "{error:?}");
        })
        .ok()
}

fn object(text: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(text).expect("a body that is no object")
}
