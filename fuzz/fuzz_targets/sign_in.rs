//! What a browser sends of the console: its cookies, and the identity provider's answer.
//!
//! Input: the `Cookie` header, then the callback's query. The query is also where the console is to
//! return to.
#![no_main]

use http::header::COOKIE;
use libfuzzer_sys::fuzz_target;
use spkey_edge::kernel::{Sealer, Secret, Timestamp};
use spkey_edge::operators::SessionToken;
use spkey_edge::operators::oidc::{Callback, LOGIN_COOKIE, Login, Outcome, ReturnTo};
use spkey_edge::operators::session::{SESSION_COOKIE, cookie};
use spkey_edge_fuzz::{header, lines};

/// 32 bytes that no input can have sealed with.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fuzz_target!(|input: &[u8]| {
    let ([cookies], query) = lines::<1>(input);
    let headers = header(COOKIE, cookies);
    let sent = String::from_utf8_lossy(cookies);
    if let Ok(Some(token)) = SessionToken::of(&headers) {
        assert_eq!(token.expose().len(), 43);
        assert!(sent.contains(SESSION_COOKIE));
        assert!(sent.contains(token.expose()));
        assert!(!token.hash().contains(token.expose()));
    }

    let query = std::str::from_utf8(query).ok();
    if let Some(callback) = Callback::parse(query) {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        let given = |name: &str| pairs.iter().filter(|(given, _)| given == name).count();
        assert_eq!(given("state"), 1);
        assert_eq!(given("code") + given("error"), 1);
        assert_eq!(given("iss"), usize::from(callback.issuer.is_some()));
        assert!((1..=4096).contains(&callback.state.len()));
        if let Outcome::Code(code) = &callback.outcome {
            assert!((1..=4096).contains(&code.len()));
        }
        let sealer = Sealer::new(&Secret::new(KEY), None).expect("a key");
        let sealed = cookie(&headers, LOGIN_COOKIE).ok().flatten();
        let login = Login::open(sealed, &callback.state, &sealer, Timestamp::from_millis(0));
        assert!(login.is_err(), "a sign-in that did not begin here");
    }

    if let Some(Ok(place)) = query.map(ReturnTo::parse) {
        let fragment = place.fragment();
        assert!(fragment.starts_with("#/"));
        assert!(fragment.bytes().all(|byte| byte.is_ascii_graphic()));
        assert!(!fragment.contains(['"', '<', '>', '`']));
    }
});
