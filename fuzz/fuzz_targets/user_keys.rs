//! What a request to the user-key API names: its keys, the instance, the user.
//!
//! Input: a line each with `X-API-KEY`, `X-USER-KEY`, `Authorization`, the
//! instance and the user's id, then the query.
#![no_main]

use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use libfuzzer_sys::fuzz_target;
use spkey_edge::auth::admin_key::API_KEY_HEADER;
use spkey_edge::user_keys::credentials::{Presented, USER_KEY_HEADER};
use spkey_edge::user_keys::{Credentials, InstanceName, InstanceUserId, Key, Parity};
use spkey_edge_fuzz::{header, lines};

const MALFORMED: &str = "malformed";

fuzz_target!(|input: &[u8]| {
    let ([api_key, user_key, authorization, instance, id], query) = lines(input);
    let Ok(query) = std::str::from_utf8(query) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.extend(header(API_KEY_HEADER, api_key));
    headers.extend(header(USER_KEY_HEADER, user_key));
    headers.extend(header(AUTHORIZATION, authorization));

    let credentials = Credentials::of(&headers, Some(query));
    let in_api_places = in_header(&headers, API_KEY_HEADER)
        .or_else(|| in_query(query, "api_key"))
        .or_else(|| in_query(query, "apikey"))
        .or_else(|| after_scheme(&headers));
    assert_eq!(read(credentials.api_key), in_api_places.map(as_key));
    let in_user_places = in_header(&headers, USER_KEY_HEADER)
        .or_else(|| in_query(query, "user_key"))
        .or_else(|| in_query(query, "userkey"));
    assert_eq!(read(credentials.user_key), in_user_places.map(as_user_key));

    for part in [instance, id] {
        if let Ok(part) = std::str::from_utf8(part) {
            name_and_id(part);
        }
    }
});

/// What is not empty in a header.
fn in_header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.as_bytes().trim_ascii();
    (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned())
}

/// The first value of a parameter that is not empty.
fn in_query(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .filter(|(given, value)| given == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
        .next()
}

/// What follows the first word of `Authorization`.
fn after_scheme(headers: &HeaderMap) -> Option<String> {
    let Ok(value) = headers.get(AUTHORIZATION)?.to_str() else {
        return Some(MALFORMED.to_owned());
    };
    let mut words = value.trim_ascii().splitn(2, [' ', '\t']);
    words.next()?;
    words.next().map(|key| key.trim_start().to_owned())
}

/// A text as a key, all that can be known of it without looking at ours.
fn as_key(text: String) -> String {
    let is_key = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_key {
        text.to_ascii_lowercase()
    } else {
        MALFORMED.to_owned()
    }
}

/// The same, and no user key is odd.
fn as_user_key(text: String) -> String {
    let key = as_key(text);
    if key.ends_with(|digit: char| "13579bdf".contains(digit)) {
        return MALFORMED.to_owned();
    }
    key
}

/// What was read, after a look at the key.
fn read(presented: Option<Presented>) -> Option<String> {
    let Presented::Key(key) = presented? else {
        return Some(MALFORMED.to_owned());
    };
    let text = key.expose();
    assert!(!format!("{key:?}").contains(text));
    let last = u8::from_str_radix(&text[39..], 16).expect("a hex digit");
    assert_eq!(key.parity() == Parity::Odd, last % 2 == 1);
    let hash = key.hash();
    assert_eq!(hash.len(), 64);
    let upper = Key::parse(&text.to_ascii_uppercase()).expect("a key in either case");
    assert_eq!(upper.hash(), hash, "a second hash for one key");
    Some(text.to_owned())
}

/// The same part of a path as either of the two.
fn name_and_id(part: &str) {
    if let Some(name) = InstanceName::parse(part) {
        let name = name.as_str();
        assert!((1..=InstanceName::MAX_CHARS).contains(&name.len()));
        assert!(name.eq_ignore_ascii_case(part));
        assert!(!name.contains(|c: char| c.is_uppercase() || "/.%?# ".contains(c)));
        let again = InstanceName::parse(name).expect("a name in lower case");
        assert_eq!(again.as_str(), name);
    }

    let number: Option<u64> = part.parse().ok();
    let number = number.filter(|number| number.to_string() == part);
    let possible = number.filter(|number| (1..1 << 53).contains(number));
    let id = InstanceUserId::parse(part);
    assert_eq!(id.map(InstanceUserId::get), possible);
}
