//! Request bodies: capped before they are parsed, parsed once, wrong in a field by name.

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::kernel::Object;
use crate::web::ApiError;

/// The most bytes a body may have.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A body over the cap is read and thrown away up to this size; beyond it the
/// answer does not wait.
pub const MAX_DISCARDED_BYTES: usize = 1024 * 1024;

/// How much of a client's own text an error may repeat.
const MAX_ECHO_CHARS: usize = 64;

/// Refuses at once a body that announces itself as far too large.
pub fn check_announced_length(headers: &HeaderMap) -> Result<(), ApiError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    match announced {
        Some(length) if length > MAX_DISCARDED_BYTES as u64 => Err(too_large()),
        _ => Ok(()),
    }
}

/// 413.
pub fn too_large() -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The request body must be at most {MAX_BODY_BYTES} bytes"),
    )
}

/// Reads a JSON object that must be there.
pub fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, ApiError> {
    check_media(headers)?;
    parse_json(body)
}

/// Reads a JSON object that may be left out.
pub fn parse_optional<T: DeserializeOwned + Default>(
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, ApiError> {
    if body.is_empty() {
        return Ok(T::default());
    }
    parse(headers, body)
}

/// Refuses the body of a request that is described by its path and its query alone, so that nothing
/// that was meant to restrict it goes unheard. `{}` says nothing.
pub fn refuse_unread(headers: &HeaderMap, body: &[u8]) -> Result<(), ApiError> {
    let text = body.trim_ascii();
    let members = text
        .strip_prefix(b"{")
        .and_then(|rest| rest.strip_suffix(b"}"));
    if text.is_empty() || members.is_some_and(|members| members.trim_ascii().is_empty()) {
        return Ok(());
    }
    check_encoding(headers)?;
    Err(ApiError::bad_request(
        "body: must be empty, this request has parameters in its path and query only",
    ))
}

/// `application/json`, whatever its parameters, and not compressed.
///
/// # Errors
///
/// 415.
pub(crate) fn check_media(headers: &HeaderMap) -> Result<(), ApiError> {
    check_encoding(headers)?;
    let is_json = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
    if is_json {
        Ok(())
    } else {
        Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The request body must be application/json",
        ))
    }
}

fn check_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_plain = headers.get_all(CONTENT_ENCODING).iter().all(|value| {
        let mut codings = value.as_bytes().split(|byte| *byte == b',');
        codings.all(|coding| {
            let coding = coding.trim_ascii();
            coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
        })
    });
    if is_plain { Ok(()) } else { Err(encoded()) }
}

/// 415 of a compressed body (RFC 9110, section 15.5.16).
pub(crate) fn encoded() -> ApiError {
    let message = "The request body must not be compressed";
    let mut error = ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
    error.is_encoded = true;
    error
}

fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Object(parsed) = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| ApiError::bad_request(describe(&error)))?;
    deserializer
        .end()
        .map_err(|_| ApiError::bad_request("body: unexpected text after the JSON object"))?;
    Ok(parsed)
}

/// Names the field and what was expected of it; never repeats a value, which
/// might be a secret.
fn describe(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = error.path().to_string();
    let field = if path == "." { "body" } else { path.as_str() };
    let inner = error.inner();
    if !inner.is_data() {
        return "body: not valid JSON".to_owned();
    }
    let text = inner.to_string();
    if let Some(name) = quoted(&text, "unknown field `") {
        return format!("{name}: unknown field");
    }
    if let Some(name) = quoted(&text, "missing field `") {
        return format!("{name}: required");
    }
    if let Some(name) = quoted(&text, "duplicate field `") {
        return format!("{name}: given more than once");
    }
    let expected = text
        .rsplit_once("expected ")
        .map(|(_, rest)| rest.split(" at line ").next().unwrap_or(rest));
    match expected {
        Some(expected) => format!("{}: expected {expected}", short(field)),
        None => format!("{}: invalid", short(field)),
    }
}

fn quoted(text: &str, prefix: &str) -> Option<String> {
    let (name, _) = text.strip_prefix(prefix)?.rsplit_once('`')?;
    // What follows an unknown field lists the known ones in back-ticks too.
    let name = name.split("`, expected").next().unwrap_or(name);
    Some(short(name))
}

fn short(text: &str) -> String {
    text.chars().take(MAX_ECHO_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase", default)]
    struct Example {
        clear_mapping: bool,
        scopes: Vec<String>,
    }

    #[derive(Debug, Deserialize)]
    struct Needed {
        #[allow(dead_code)]
        name: String,
    }

    fn message(body: &str) -> String {
        parse_json::<Example>(body.as_bytes())
            .unwrap_err()
            .into_message()
    }

    #[test]
    fn errors_name_the_field() {
        assert_eq!(
            message(r#"{"clearMapping":"x"}"#),
            "clearMapping: expected a boolean"
        );
        assert_eq!(
            message(r#"{"clearMapping":null}"#),
            "clearMapping: expected a boolean"
        );
        assert_eq!(message(r#"{"scopes":[1]}"#), "scopes[0]: expected a string");
        assert_eq!(message(r#"{"clear":true}"#), "clear: unknown field");
        assert_eq!(
            message(r#"{"clearMapping":true,"clearMapping":true}"#),
            "clearMapping: given more than once"
        );
        for other in ["[true]", "[", "7", "\"clearMapping\"", "null"] {
            assert_eq!(message(other), "body: expected a JSON object", "{other}");
        }
        assert_eq!(
            message("{} {}"),
            "body: unexpected text after the JSON object"
        );
        assert_eq!(message("{"), "body: not valid JSON");
        assert_eq!(message(""), "body: not valid JSON");
        let missing = parse_json::<Needed>(b"{}").unwrap_err();
        assert_eq!(missing.message, "name: required");
    }

    #[test]
    fn values_are_never_repeated() {
        let text = message(r#"{"clearMapping":"hunter2 expected secret"}"#);
        assert_eq!(text, "clearMapping: expected a boolean");
    }

    #[test]
    fn deep_json_is_refused() {
        let deep = format!(
            "{{\"scopes\":{}{}}}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        assert!(parse_json::<Example>(deep.as_bytes()).is_err());
    }

    #[test]
    fn only_json_is_json() {
        let check = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            parse::<Example>(&headers, b"{}").is_ok()
        };
        assert!(check("application/json"));
        assert!(check("Application/JSON ; charset=utf-8"));
        assert!(!check("text/plain"));
        assert!(!check("application/jsonp"));
        assert!(!check(""));
    }

    #[test]
    fn a_compressed_body_is_told_what_is_accepted() {
        let check = |encodings: &[&'static str]| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            for encoding in encodings {
                headers.append(CONTENT_ENCODING, HeaderValue::from_static(encoding));
            }
            check_media(&headers)
        };
        for plain in [
            &[][..],
            &["identity"],
            &["Identity"],
            &[""],
            &["identity, identity"],
        ] {
            assert!(check(plain).is_ok(), "{plain:?}");
        }
        for encoded in [
            &["gzip"][..],
            &["GZIP"],
            &["br"],
            &["identity, gzip"],
            &["identity", "deflate"],
            &["none"],
        ] {
            let refused = check(encoded).unwrap_err();
            assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
            assert!(refused.is_encoded, "{encoded:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_bytes(b"\xff").unwrap());
        assert!(check_encoding(&headers).is_err());
    }

    #[test]
    fn a_body_that_is_not_read_may_say_nothing() {
        let mut headers = HeaderMap::new();
        for nothing in ["", " \n", "{}", " { \r\n } "] {
            assert!(refuse_unread(&headers, nothing.as_bytes()).is_ok());
        }
        for something in [
            r#"{"dryRun":true,"limit":1}"#,
            "limit=1&dryRun=true",
            "null",
            "[]",
            "{",
            "}",
            "{}{}",
            "\0",
        ] {
            let refused = refuse_unread(&headers, something.as_bytes()).unwrap_err();
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
            assert!(refused.message.starts_with("body: "), "{something}");
        }
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let refused = refuse_unread(&headers, b"\x1f\x8b").unwrap_err();
        assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = parse_json::<Example>(&bytes);
        }

        #[test]
        fn no_value_is_repeated_whatever_surrounds_it(before in ".{0,20}", after in ".{0,20}") {
            let value = format!("{before}c0nfidential{after}");
            for body in [
                serde_json::json!({ "clearMapping": value }),
                serde_json::json!({ "scopes": value }),
                serde_json::json!({ "scopes": [[value]] }),
                serde_json::json!([value]),
                serde_json::json!(value),
            ] {
                let error = parse_json::<Example>(body.to_string().as_bytes()).unwrap_err();
                prop_assert!(!format!("{error:?}").contains("c0nfidential"), "{error:?}");
            }
        }
    }
}
