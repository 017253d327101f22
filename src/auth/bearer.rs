//! The credential in `Authorization: Bearer` (RFC 6750, section 2.1).

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::auth::{Refusal, header};

/// The credential of the one `Authorization` header: the scheme in any case, one or more spaces,
/// one token.
///
/// # Errors
///
/// A [`Refusal`] that tells a missing credential from a malformed one.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let value = header::sole(
        headers,
        &AUTHORIZATION,
        Refusal::AuthorizationRepeated,
        Refusal::AuthorizationMalformed,
    )?
    .ok_or(Refusal::CredentialsMissing)?
    .trim_matches([' ', '\t']);
    let (scheme, credential) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::SchemeNotBearer);
    }
    let credential = credential.trim_start_matches(' ');
    if is_token68(credential) {
        Ok(credential)
    } else {
        Err(Refusal::AuthorizationMalformed)
    }
}

/// `token68` of RFC 9110, section 11.2, which RFC 6750 calls `b64token`.
fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty()
        && body
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn takes_one_token_whatever_the_case_of_the_scheme() {
        for good in [
            "Bearer abc.DEF-_~+/1==",
            "bearer abc.DEF-_~+/1==",
            "BEARER   abc.DEF-_~+/1==",
            " Bearer abc.DEF-_~+/1== \t",
        ] {
            let headers = headers(&[good.as_bytes()]);
            assert_eq!(bearer(&headers), Ok("abc.DEF-_~+/1=="), "{good:?}");
        }
    }

    #[test]
    fn tells_the_defects_apart() {
        assert_eq!(bearer(&headers(&[])), Err(Refusal::CredentialsMissing));
        let twice = headers(&[b"Bearer a", b"Bearer a"]);
        assert_eq!(bearer(&twice), Err(Refusal::AuthorizationRepeated));
        for other in ["", "Basic YTpi", "abc", "Bearerabc", "Token a", "Bearer\ta"] {
            let headers = headers(&[other.as_bytes()]);
            assert_eq!(
                bearer(&headers).unwrap_err(),
                Refusal::SchemeNotBearer,
                "{other:?}"
            );
        }
        for malformed in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer a, Bearer a",
            "Bearer a,b",
            "Bearer =",
            "Bearer a=b",
            "Bearer \ta",
            "Bearer a\tb",
            "Bearer \"a\"",
            "Bearer ä",
        ] {
            let headers = headers(&[malformed.as_bytes()]);
            assert_eq!(
                bearer(&headers),
                Err(Refusal::AuthorizationMalformed),
                "{malformed:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_token_is_taken_as_it_is(
            token in "[A-Za-z0-9._~+/-]{1,60}={0,2}", scheme in "(?i)bearer", spaces in " {1,4}",
        ) {
            let headers = headers(&[format!("{scheme}{spaces}{token}").as_bytes()]);
            prop_assert_eq!(bearer(&headers), Ok(token.as_str()));
        }

        #[test]
        fn never_panics_and_yields_only_what_was_sent(value: Vec<u8>) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let mut headers = HeaderMap::new();
                headers.insert(AUTHORIZATION, value.clone());
                if let Ok(credential) = bearer(&headers) {
                    prop_assert!(!credential.is_empty());
                    prop_assert!(value.to_str().unwrap().contains(credential));
                }
            }
        }
    }
}
