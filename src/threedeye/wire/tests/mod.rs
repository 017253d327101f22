mod accounts;
mod auth;
mod dialect;
mod list;
mod transcripts;

use proptest::prelude::*;
use serde_json::json;

use crate::kernel::EmailKey;
use crate::threedeye::testing::{Reply, config, header_of, path_of, query_of};
use crate::threedeye::wire::accounts::{CreateUser, DeleteUser};
use crate::threedeye::wire::auth::{FetchToken, IssuedToken, ProvePassword};
use crate::threedeye::wire::list::{ListUsers, UserPage};
use crate::threedeye::wire::roles::AttachRole;
use crate::threedeye::wire::*;
use crate::threedeye::{Deleted, RoleId};

const NOW: Timestamp = Timestamp::from_millis(784_111_777_000);

fn email() -> EmailKey {
    EmailKey::of("jane@example.com").unwrap()
}

fn read<K: Call>(call: &K, status: u16, body: &str) -> Result<K::Answer, UpstreamError> {
    call.answer(
        &Reply::new(status, body).response(),
        &Dialect::default(),
        NOW,
    )
}

fn page(body: &str) -> Result<UserPage, UpstreamError> {
    read(&ListUsers { page: 1 }, 200, body)
}

fn create(status: u16, body: &str) -> Result<Option<RemoteId>, UpstreamError> {
    let (email, password) = (email(), Secret::new("pass"));
    let call = CreateUser {
        email: &email,
        password: &password,
    };
    read(&call, status, body)
}

fn prove(status: u16, body: &str) -> Result<bool, UpstreamError> {
    let (email, password) = (email(), Secret::new("pass"));
    let call = ProvePassword {
        email: &email,
        password: &password,
    };
    read(&call, status, body)
}

fn delete(status: u16, body: &str) -> Result<Deleted, UpstreamError> {
    read(&DeleteUser(&RemoteId("7".to_owned())), status, body)
}

fn attach(status: u16, body: &str) -> Result<(), UpstreamError> {
    let (role, user) = (RoleId("r".to_owned()), RemoteId("u".to_owned()));
    let call = AttachRole {
        role: &role,
        user: &user,
    };
    read(&call, status, body)
}

fn fetch_token(status: u16, body: &str) -> Result<IssuedToken, UpstreamError> {
    read(&FetchToken(&config().login.unwrap()), status, body)
}

fn body_of(request: &HttpRequest) -> serde_json::Value {
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

#[test]
fn every_request_carries_the_api_key_and_asks_for_json() {
    let request = ListUsers { page: 1 }.request(&config()).unwrap();
    assert_eq!(header_of(&request, "x-api-key"), Some("the-key"));
    assert_eq!(header_of(&request, "accept"), Some("application/json"));
    assert_eq!(header_of(&request, "authorization"), None);
}

#[test]
fn ids_are_escaped_in_paths_and_never_change_the_path() {
    let (role, user) = (RoleId("a/b?".to_owned()), RemoteId("ü #%".to_owned()));
    let call = AttachRole {
        role: &role,
        user: &user,
    };
    let request = call.request(&config()).unwrap();
    assert_eq!(path_of(&request), "/roles/a%2Fb%3F/users/%C3%BC%20%23%25");
    assert_eq!(request.method, Method::POST);
    for id in ["", " ", ".", ".."] {
        let id = RemoteId(id.to_owned());
        let refused = DeleteUser(&id).request(&config()).err();
        assert_eq!(refused, Some(UpstreamError::NotFound));
    }
}

#[test]
fn statuses_without_a_reading_of_their_own() {
    for (status, error) in [
        (301, UpstreamError::Rejected { status: 301 }),
        (400, UpstreamError::Rejected { status: 400 }),
        (401, UpstreamError::Unauthorized),
        (403, UpstreamError::Rejected { status: 403 }),
        (404, UpstreamError::Rejected { status: 404 }),
        (408, UpstreamError::Transient),
        (500, UpstreamError::Transient),
        (503, UpstreamError::Transient),
    ] {
        let read = read(&ListUsers { page: 1 }, status, r#"{"data":[]}"#);
        assert_eq!(read.unwrap_err(), error);
    }
    let call = ListUsers { page: 1 };
    assert_eq!(call.lost(HttpError::TimedOut), UpstreamError::Transient);
    assert_eq!(call.lost(HttpError::Connection), UpstreamError::Transient);
    assert_eq!(call.lost(HttpError::TooLarge), UpstreamError::Protocol);
}

#[test]
fn a_rate_limit_tells_how_long_if_it_is_credible() {
    for (value, seconds) in [
        ("17", Some(17)),
        ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
        ("-3", None),
        ("86400000", None),
    ] {
        let response = Reply::new(429, "").header("retry-after", value).response();
        let retry_after = seconds.map(Duration::from_secs);
        let error = CreateUser {
            email: &email(),
            password: &Secret::new("pass"),
        }
        .answer(&response, &Dialect::default(), NOW)
        .unwrap_err();
        assert_eq!(error, UpstreamError::RateLimited { retry_after });
    }
}

proptest! {
    #[test]
    fn no_answer_makes_a_parser_panic(status in 100u16..=599, body in any::<Vec<u8>>()) {
        let body = String::from_utf8_lossy(&body).into_owned();
        let _ = (page(&body), create(status, &body), prove(status, &body));
        let _ = (delete(status, &body), attach(status, &body), fetch_token(status, &body));
    }

    #[test]
    fn no_page_with_odd_values_makes_a_parser_panic(
        id in "(null|-?[0-9]{1,25}|\"\\PC{0,6}\"|1e[0-9]{1,3}|\\{\\})",
        roles in "(\\[[0-9,\"]{0,6}\\]|null|\\{\\})",
    ) {
        let _ = page(&format!(r#"{{"data":[{{"id":{id},"email":"a@b","roles":{roles}}}]}}"#));
    }

    #[test]
    fn a_page_means_the_same_in_every_spelling(
        users in prop::collection::vec((1u64.., "\\PC{0,12}", prop::collection::vec(0u64..9, 0..5)), 0..6),
        total in prop::option::of(any::<u64>()),
    ) {
        let camel = json!({ "total": total, "data": users.iter().map(|(id, email, roles)| {
            let roles: Vec<_> = roles.iter().map(|role| json!({"id": role.to_string(), "name": "x"})).collect();
            json!({"id": id.to_string(), "email": email, "roles": roles, "more": [null]})
        }).collect::<Vec<_>>() });
        let pascal = json!({ "Total": total, "Data": users.iter().map(|(id, email, roles)| {
            json!({"Id": id, "Email": email, "RoleIds": roles})
        }).collect::<Vec<_>>() });
        let camel = page(&camel.to_string()).unwrap();
        let pascal = page(&format!("\u{feff}{pascal}")).unwrap();
        prop_assert_eq!((&camel.users, camel.total), (&pascal.users, pascal.total));
        prop_assert_eq!(camel.users.len(), users.len());
        for (read, (id, email, roles)) in camel.users.iter().zip(&users) {
            prop_assert_eq!((&read.id.0, &read.email), (&id.to_string(), email));
            prop_assert!(roles.iter().all(|role| read.roles.contains(&RoleId(role.to_string()))));
        }
    }

    #[test]
    fn an_escaped_id_is_one_segment(id in "\\PC{1,12}") {
        if let Ok(segment) = segment(&id) {
            let url = url::Url::parse(&format!("https://x/v3/users/{segment}")).unwrap();
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
            prop_assert!(url.query().is_none() && url.fragment().is_none());
        }
    }
}
