//! What support searches users by.
//!
//! Input: a body.
#![no_main]

use http::header::CONTENT_TYPE;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use spkey_edge::kernel::EmailKey;
use spkey_edge::users::endpoints::search::Request;
use spkey_edge::users::query::{Index, Lookup};
use spkey_edge::web::page::Limit;
use spkey_edge::web::{ApiError, body};
use spkey_edge_fuzz::{conceal, header, silent};

fuzz_target!(|input: &[u8]| {
    match read(input) {
        Ok((limit, lookups)) => {
            let sent: Value = serde_json::from_slice(input).expect("a body that is no JSON");
            let rows = sent.get("limit").map_or(Some(50), Value::as_u64);
            assert_eq!(rows.map(|rows| rows + 1), Some(u64::from(limit.to_read())));
            assert!((2..=201).contains(&limit.to_read()));
            let query = sent["query"].as_str().expect("a text").trim();
            assert!((1..=320).contains(&query.chars().count()));
            for lookup in &lookups {
                assert!(is_of(lookup, query), "{lookup:?} of {query:?}");
                assert!(!lookup.text.is_empty());
                assert!(lookup.end().is_none_or(|end| end > lookup.text));
                let same = lookups.iter().filter(|other| *other == lookup);
                assert_eq!(same.count(), 1, "{lookup:?}");
            }
            let by = sent.get("by").map_or(Some("auto"), variant);
            if by != Some("auto") {
                assert!(lookups.iter().all(|lookup| name(lookup.index) == by));
            }
        }
        Err(error) => {
            assert_eq!(error.status, 400, "{error:?}");
            assert!(error.message.chars().count() <= 200, "{error:?}");
        }
    }

    // The same with every text replaced: an error names fields, not what was looked for.
    if let Ok(mut value) = serde_json::from_slice(input) {
        conceal(&mut value);
        silent(read(value.to_string().as_bytes()), &value);
    }
});

fn read(body: &[u8]) -> Result<(Limit, Vec<Lookup>), ApiError> {
    let headers = header(CONTENT_TYPE, b"application/json");
    body::parse::<Request>(&headers, body)?.read()
}

/// Whether nothing is looked for but what was typed, in the form in which the index has it.
fn is_of(lookup: &Lookup, query: &str) -> bool {
    let text = lookup.text.as_str();
    let digits = |text: &str| text.replace(|c: char| !c.is_ascii_digit(), "");
    match lookup.index {
        Index::DepartedId | Index::UserId | Index::ThreedeyeUserId | Index::Subject => {
            text == query
        }
        Index::Email => EmailKey::of(query).is_some_and(|key| key.as_str() == text),
        Index::EmailDomain => {
            !text.starts_with('@') && query.to_ascii_lowercase().trim_start_matches('@') == text
        }
        Index::Phone => digits(query).ends_with(&digits(text)),
    }
}

/// The name of a choice, which serde takes as `{"name": null}` as well.
fn variant(sent: &Value) -> Option<&str> {
    match sent {
        Value::Object(members) => members.keys().next().map(String::as_str),
        other => other.as_str(),
    }
}

/// What a request calls an index.
fn name(index: Index) -> Option<&'static str> {
    Some(match index {
        Index::DepartedId | Index::UserId => "userId",
        Index::Email => "email",
        Index::EmailDomain => "emailDomain",
        Index::Phone => "phone",
        Index::ThreedeyeUserId => "threedeyeUserId",
        Index::Subject => "subject",
    })
}
