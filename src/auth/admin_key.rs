//! The admin key: one half of the admin pair.

use http::{HeaderMap, HeaderName};

use crate::auth::{Refusal, header};
use crate::kernel::Secret;

/// The header that carries the admin key.
pub const ADMIN_KEY_HEADER: HeaderName = HeaderName::from_static("x-admin-api-key");

/// The header that published examples send it in; also that of personal API keys.
pub const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// Tells which of `keys` is in the request's headers.
///
/// [`API_KEY_HEADER`] is read only when [`ADMIN_KEY_HEADER`] is absent, not when that is empty
/// or wrong. Every key is compared, by hashes in constant time, so that the time taken does not
/// tell which one matched, if any.
///
/// # Errors
///
/// A [`Refusal`] that tells a missing key from a malformed or wrong one.
pub fn check<'k>(headers: &HeaderMap, keys: &'k [Secret]) -> Result<&'k Secret, Refusal> {
    let name = if headers.contains_key(ADMIN_KEY_HEADER) {
        ADMIN_KEY_HEADER
    } else {
        API_KEY_HEADER
    };
    let candidate = header::sole(
        headers,
        &name,
        Refusal::AdminKeyRepeated,
        Refusal::AdminKeyMalformed,
    )?
    .ok_or(Refusal::AdminKeyMissing)?;
    if candidate.is_empty() {
        return Err(Refusal::AdminKeyMalformed);
    }
    if keys.is_empty() {
        return Err(Refusal::AdminKeyNotConfigured);
    }
    keys.iter()
        .fold(None, |found, key| {
            let is_match = key.matches(candidate);
            if is_match { Some(key) } else { found }
        })
        .ok_or(Refusal::AdminKeyWrong)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ADMIN: &str = "x-admin-api-key";
    const PLAIN: &str = "x-api-key";

    fn try_with(sent: &[(&'static str, &str)]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for (name, value) in sent {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(*name, value);
        }
        let keys = [Secret::new("current"), Secret::new("previous")];
        check(&headers, &keys).map(Secret::fingerprint)
    }

    #[test]
    fn either_key_opens_and_is_told_apart() {
        let current = try_with(&[(ADMIN, "current")]).unwrap();
        let previous = try_with(&[(ADMIN, "previous")]).unwrap();
        assert_eq!(current, Secret::new("current").fingerprint());
        assert_eq!(previous, Secret::new("previous").fingerprint());
    }

    #[test]
    fn the_second_header_counts_only_when_the_first_is_absent() {
        assert!(try_with(&[(PLAIN, "current")]).is_ok());
        assert!(try_with(&[(ADMIN, "current"), (PLAIN, "wrong")]).is_ok());
        assert_eq!(
            try_with(&[(ADMIN, "wrong"), (PLAIN, "current")]),
            Err(Refusal::AdminKeyWrong)
        );
        assert_eq!(
            try_with(&[(ADMIN, ""), (PLAIN, "current")]),
            Err(Refusal::AdminKeyMalformed)
        );
    }

    #[test]
    fn tells_the_defects_apart() {
        assert_eq!(try_with(&[]), Err(Refusal::AdminKeyMissing));
        for wrong in ["curren", "current ", "Current", "current, current", "x"] {
            let result = try_with(&[(ADMIN, wrong)]);
            assert_eq!(result.unwrap_err(), Refusal::AdminKeyWrong, "{wrong}");
        }
        assert_eq!(
            try_with(&[(ADMIN, "current"), (ADMIN, "current")]),
            Err(Refusal::AdminKeyRepeated)
        );
        assert_eq!(
            try_with(&[(PLAIN, "current"), (PLAIN, "current")]),
            Err(Refusal::AdminKeyRepeated)
        );
        assert_eq!(
            try_with(&[(ADMIN, "schlüssel")]),
            Err(Refusal::AdminKeyMalformed)
        );
    }

    #[test]
    fn nothing_opens_when_no_key_is_configured() {
        let mut headers = HeaderMap::new();
        headers.insert(ADMIN, HeaderValue::from_static("current"));
        let refused = check(&headers, &[]).unwrap_err();
        assert_eq!(refused, Refusal::AdminKeyNotConfigured);
        headers.insert(ADMIN, HeaderValue::from_static(""));
        let keys = [Secret::new("")];
        let refused = check(&headers, &keys).unwrap_err();
        assert_eq!(refused, Refusal::AdminKeyMalformed);
    }
}
