use crate::threedeye::wire::tests::*;

#[test]
fn a_token_and_its_lifetime() {
    let lifetime = |body: &str| fetch_token(200, body).unwrap().lifetime.as_secs();
    for (told, seconds) in [
        ("", 600),
        (r#","expiresIn":3600"#, 3600),
        (r#","ExpiresIn":"90""#, 90),
        (r#","expiresIn":null"#, 600),
        (r#","expiresIn":0"#, 600),
        (r#","expiresIn":-5"#, 600),
        (r#","expiresIn":3600000"#, 600),
        (r#","expiresIn":"soon""#, 600),
        (r#","expiresIn":{}"#, 600),
        (r#","expiresIn":"NaN""#, 600),
    ] {
        let body = format!(r#"{{"accessToken":"t"{told}}}"#);
        assert_eq!(lifetime(&body), seconds, "{told}");
    }
    let token = fetch_token(200, r#"{"data":{"AccessToken":"abc"}}"#).unwrap();
    assert_eq!(token.token.expose(), "abc");
    assert!(!format!("{token:?}").contains("abc"));
}

#[test]
fn an_answer_without_a_usable_token_is_unreadable() {
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"accessToken":""}"#,
        r#"["accepted",60]"#,
        r#"{"data":["accepted",60]}"#,
        r#"{"accessToken":"a\nb"}"#,
    ] {
        assert_eq!(fetch_token(200, body).unwrap_err(), UpstreamError::Protocol);
        assert_eq!(prove(200, body), Err(UpstreamError::Protocol));
    }
}

#[test]
fn only_a_definite_refusal_disproves_a_password() {
    assert_eq!(prove(200, r#"{"accessToken":"t"}"#), Ok(true));
    for status in [400, 401] {
        assert_eq!(prove(status, "<html>"), Ok(false));
    }
    for status in [400, 401, 403] {
        assert_eq!(
            fetch_token(status, "").unwrap_err(),
            UpstreamError::Unauthorized
        );
    }
    let limited = UpstreamError::RateLimited { retry_after: None };
    for (status, error) in [
        (302, UpstreamError::Rejected { status: 302 }),
        (403, UpstreamError::Rejected { status: 403 }),
        (404, UpstreamError::Rejected { status: 404 }),
        (429, limited),
        (500, UpstreamError::Transient),
    ] {
        assert_eq!(prove(status, "{}"), Err(error));
    }
}
