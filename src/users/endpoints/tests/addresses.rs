//! What stands in an address: no e-mail and no phone number of a person, if a session asks.

use form_urlencoded::byte_serialize;
use serde_json::Value;

use super::{error, service};
use crate::openapi::DOCUMENT;
use crate::operators::Role;

const PERSONAL: [&str; 2] = ["jane@example.com", "+49 170 1234512"];

/// Every parameter of a query below `/admin/` that a GET takes: path, and name.
fn parameters() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["get"]["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            if path.starts_with("/admin/") && parameter["in"] == "query" {
                let path = path.replace(['{', '}'], "");
                found.push((path, parameter["name"].as_str().unwrap().to_owned()));
            }
        }
    }
    found
}

#[test]
fn a_session_cannot_put_an_email_or_a_phone_number_into_any_query() {
    let service = service();
    let cookie = service.sign_in(Role::Admin);
    let parameters = parameters();
    assert!(parameters.len() > 30, "{parameters:?}");
    for (path, name) in parameters {
        for text in PERSONAL {
            let text: String = byte_serialize(text.as_bytes()).collect();
            let path = format!("{path}?{name}={text}");
            let answer = service.get(&path).session(&cookie).send();
            let (status, message) = error(&answer);
            assert_eq!(status, 400, "{path}: {message}");
            let begins = format!("{name}: ");
            assert!(message.as_str().unwrap().starts_with(&begins), "{message}");
        }
    }
}

#[test]
fn the_pair_may_filter_by_what_is_in_the_database() {
    let service = service();
    for path in [
        "/admin/api-keys?userId",
        "/admin/notices?userId",
        "/admin/audit?subject",
        "/admin/audit?actor",
        "/admin/audit/export?subject",
    ] {
        let answer = service
            .get(&format!("{path}=jane@example.com"))
            .admin()
            .send();
        assert_eq!(answer.status(), 200, "{path}");
    }
}
