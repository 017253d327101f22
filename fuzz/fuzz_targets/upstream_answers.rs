//! Whatever the upstream may answer to its other calls.
//!
//! Input: a line with the status, a line with `Retry-After`, then the body.
#![no_main]

use std::time::Duration;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use libfuzzer_sys::fuzz_target;
use spkey_edge::kernel::http_client::HttpResponse;
use spkey_edge::kernel::{EmailKey, Secret, Timestamp};
use spkey_edge::threedeye::dialect::Dialect;
use spkey_edge::threedeye::retry::MAX_RETRY_AFTER;
use spkey_edge::threedeye::wire::Call;
use spkey_edge::threedeye::wire::accounts::{CreateUser, DeleteUser};
use spkey_edge::threedeye::wire::auth::{FetchToken, ProvePassword};
use spkey_edge::threedeye::wire::list::ListUsers;
use spkey_edge::threedeye::wire::roles::AttachRole;
use spkey_edge::threedeye::{Deleted, RemoteId, RoleId, UpstreamError};
use spkey_edge_fuzz::{CONFIDENTIAL, header, lines, threedeye};

const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

fuzz_target!(|input: &[u8]| {
    let ([status, retry_after], body) = lines(input);
    let status = std::str::from_utf8(status)
        .ok()
        .and_then(|text| text.parse().ok());
    let response = HttpResponse {
        status: status
            .filter(|status| (100..=599).contains(status))
            .unwrap_or(200),
        headers: header(RETRY_AFTER, retry_after),
        body: body.to_vec(),
    };
    create(&response);
    prove(&response);
    fetch_token(&response);
    delete(&response);
    attach(&response);
    list(&response);
});

const fn is_success(response: &HttpResponse) -> bool {
    matches!(response.status, 200..=299)
}

/// What holds for every failure of every call.
fn check_error(error: &UpstreamError, response: &HttpResponse) {
    assert!(!format!("{error} {error:?}").contains(CONFIDENTIAL));
    if let UpstreamError::RateLimited { retry_after } = error {
        assert_eq!(response.status, 429);
        assert!(retry_after.is_none_or(|wait| wait <= MAX_RETRY_AFTER));
    }
    if let UpstreamError::Rejected { status } = error {
        assert_eq!(*status, response.status);
        assert!(!is_success(response));
    }
}

fn create(response: &HttpResponse) {
    let email = EmailKey::of("taken@already.example").expect("an e-mail");
    let call = CreateUser {
        email: &email,
        password: &Secret::new(CONFIDENTIAL),
    };
    match call.answer(response, &Dialect::default(), NOW) {
        Ok(id) => {
            assert!(is_success(response));
            if let Some(id) = id {
                assert!(
                    DeleteUser(&id).request(&threedeye()).is_ok(),
                    "a useless id"
                );
                assert!(response.body.contains(&b'{'), "an id out of nothing");
            }
        }
        Err(error) => {
            check_error(&error, response);
            // It must never be sent again without a look at the list.
            assert_ne!(error, UpstreamError::Transient);
            if error == UpstreamError::EmailTaken {
                assert!(matches!(response.status, 400 | 409 | 422));
            }
        }
    }
}

fn prove(response: &HttpResponse) {
    let email = EmailKey::of("anna@example.com").expect("an e-mail");
    let call = ProvePassword {
        email: &email,
        password: &Secret::new(CONFIDENTIAL),
    };
    match call.answer(response, &Dialect::default(), NOW) {
        Ok(true) => assert!(is_success(response)),
        // On a "no" an account may be deleted.
        Ok(false) => assert!(matches!(response.status, 400 | 401)),
        Err(error) => check_error(&error, response),
    }
}

fn fetch_token(response: &HttpResponse) {
    let config = threedeye();
    let login = config.login.as_ref().expect("a login");
    match FetchToken(login).answer(response, &Dialect::default(), NOW) {
        Ok(issued) => {
            assert!(is_success(response));
            let day = Duration::from_secs(24 * 3600);
            assert!(issued.lifetime >= Duration::from_secs(1) && issued.lifetime <= day);
            assert!(!issued.token.expose().is_empty());
            assert!(HeaderValue::from_str(issued.token.expose()).is_ok());
            assert!(format!("{issued:?}").contains("Secret(…)"));
            assert!(response.body.contains(&b'{'), "a token out of nothing");
        }
        Err(error) => check_error(&error, response),
    }
}

fn delete(response: &HttpResponse) {
    match DeleteUser(&RemoteId("u1".to_owned())).answer(response, &Dialect::default(), NOW) {
        Ok(Deleted::Removed) => assert!(is_success(response)),
        Ok(Deleted::AlreadyGone) => assert_eq!(response.status, 404),
        Err(error) => check_error(&error, response),
    }
}

fn attach(response: &HttpResponse) {
    let call = AttachRole {
        role: &RoleId("r1".to_owned()),
        user: &RemoteId("u1".to_owned()),
    };
    match call.answer(response, &Dialect::default(), NOW) {
        Ok(()) => assert!(is_success(response) || response.status == 409),
        Err(error) => check_error(&error, response),
    }
}

fn list(response: &HttpResponse) {
    match (ListUsers { page: 1 }).answer(response, &Dialect::default(), NOW) {
        Ok(_) => assert!(is_success(response)),
        Err(error) => check_error(&error, response),
    }
}
