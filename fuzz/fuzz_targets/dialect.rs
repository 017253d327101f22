//! Whatever `THREEDEYE_DIALECT` may be set to.
//!
//! Input: the setting.
#![no_main]

use std::rc::Rc;

use http::HeaderMap;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use spkey_edge::kernel::http_client::{HttpRequest, HttpResponse};
use spkey_edge::kernel::{EmailKey, Secret, Timestamp};
use spkey_edge::threedeye::config::ThreedeyeConfig;
use spkey_edge::threedeye::dialect::Dialect;
use spkey_edge::threedeye::wire::Call;
use spkey_edge::threedeye::wire::accounts::{CreateUser, DeleteUser};
use spkey_edge::threedeye::wire::auth::{FetchToken, ProvePassword};
use spkey_edge::threedeye::wire::list::ListUsers;
use spkey_edge::threedeye::wire::roles::AttachRole;
use spkey_edge::threedeye::{RemoteId, RoleId};
use spkey_edge_fuzz::{CONFIDENTIAL, conceal, threedeye};
use url::Url;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match Dialect::parse(text) {
        Ok(dialect) => accepted(text, dialect),
        Err(problems) => assert!(!problems.is_empty()),
    }
    // What is wrong is told without values.
    if !text.contains(CONFIDENTIAL)
        && let Ok(mut setting) = serde_json::from_str::<Value>(text)
    {
        conceal(&mut setting);
        let problems = Dialect::parse(&setting.to_string())
            .err()
            .unwrap_or_default();
        assert!(!problems.concat().contains(CONFIDENTIAL), "{problems:?}");
    }
});

/// No request leaves the base URL, and every answer is one.
fn accepted(text: &str, dialect: Dialect) {
    let config = ThreedeyeConfig {
        dialect: Rc::new(dialect),
        ..threedeye()
    };
    let email = EmailKey::of("anna@example.com").expect("an e-mail");
    let password = Secret::new(CONFIDENTIAL);
    let (role, user) = (
        RoleId("{userId}/..".to_owned()),
        RemoteId("{roleId}?#".to_owned()),
    );
    let login = config.login.as_ref().expect("a login");
    let response = HttpResponse {
        status: 200,
        headers: HeaderMap::new(),
        body: text.as_bytes().to_vec(),
    };
    exchange(&config, &response, &FetchToken(login));
    exchange(&config, &response, &ListUsers { page: 2 });
    let (email, password) = (&email, &password);
    exchange(&config, &response, &CreateUser { email, password });
    exchange(&config, &response, &ProvePassword { email, password });
    exchange(&config, &response, &DeleteUser(&user));
    let attach = AttachRole {
        role: &role,
        user: &user,
    };
    exchange(&config, &response, &attach);
}

fn exchange<K: Call>(config: &ThreedeyeConfig, response: &HttpResponse, call: &K) {
    let request = call.request(config).expect("ids that can be sent");
    check(&config.base_url, &request);
    let _ = call.answer(response, &config.dialect, Timestamp::from_millis(0));
}

fn check(base: &str, request: &HttpRequest) {
    let (base, url) = (
        Url::parse(base).expect("a URL"),
        Url::parse(&request.url).expect("a URL"),
    );
    assert_eq!(url.origin(), base.origin());
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    assert!(url.path().starts_with(&format!("{}/", base.path())));
    assert!(url.query().is_none() || request.method == "GET");
    if let Some(body) = &request.body {
        let body: Value = serde_json::from_slice(body).expect("no JSON");
        assert!(body.is_object());
    }
}
