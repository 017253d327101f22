//! Input that is refused with the documented 400, which names the field. What is a body and a
//! query at all is tested in `web`.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::service::{TestAnswer, TestService};

const KEYS: &str = "/admin/api-keys";

fn send(service: &TestService, method: Method, path: &str, body: Option<&[u8]>) -> TestAnswer {
    let request = service.request(method, path).admin();
    match body {
        Some(body) => {
            let request = request.header("content-type", "application/json");
            request.body(body.to_vec()).send()
        }
        None => request.send(),
    }
}

fn post(service: &TestService, path: &str, body: &[u8]) -> TestAnswer {
    send(service, Method::POST, path, Some(body))
}

/// The answer is a 400 whose message begins so.
#[track_caller]
fn assert_refused(answer: &TestAnswer, begins: &str) {
    let body = answer.json();
    let message = body["message"].as_str().unwrap();
    assert_eq!((answer.status(), &body["code"]), (400, &json!(400)));
    assert!(message.starts_with(begins), "{message} and not {begins}");
}

/// The answers of every operation that has a user in its path.
fn at_every_user_path(service: &TestService, escaped: &str) -> [TestAnswer; 3] {
    let diagnosis = format!("/admin/threedeye/users/{escaped}");
    let reset = format!("/admin/threedeye/users/{escaped}/reset");
    let credentials = format!("/users/{escaped}/3deye-credentials");
    [
        send(service, Method::GET, &diagnosis, None),
        send(service, Method::POST, &reset, None),
        service.get(&credentials).person("x").send(),
    ]
}

#[test]
fn a_user_id_that_is_too_long_or_no_text_is_refused() {
    let service = TestService::new();
    for character in ["a", "é", "𝄞"] {
        let longest = character.repeat(128);
        let escaped = utf8_percent_encode(&longest, NON_ALPHANUMERIC).to_string();
        let path = format!("/admin/threedeye/users/{escaped}");
        let found = send(&service, Method::GET, &path, None);
        assert_eq!(found.json()["userId"], longest);
        for answer in at_every_user_path(&service, &format!("{escaped}a")) {
            assert_refused(&answer, "userId: must be at most 128 characters");
        }
    }
    for escaped in [
        "%00", "a%00b", "%0A", "a%0d%0ab", "%09", "%1f", "%7F", "%C2%85",
    ] {
        for answer in at_every_user_path(&service, escaped) {
            assert_refused(&answer, "userId: must not contain control characters");
        }
    }
    for escaped in ["%FF", "a%C3", "%ED%A0%80", "%c0%af"] {
        for answer in at_every_user_path(&service, escaped) {
            assert_refused(&answer, "path: ");
        }
    }
}

#[test]
fn a_user_id_is_any_text_and_is_compared_as_it_is() {
    let service = TestService::new();
    let ids = [
        "O'Brien",
        "\"; DROP TABLE users; --",
        "a/b",
        "%41",
        "100%",
        "a b",
        "a+b",
        "?x=1#y",
        "*",
        "\\",
        "<script>",
        "ünï",
        "' OR '1'='1",
        "Abc",
    ];
    for id in ids {
        service.add_user(id, None);
    }
    let path_of = |id: &str| {
        let escaped = utf8_percent_encode(id, NON_ALPHANUMERIC);
        format!("/admin/threedeye/users/{escaped}")
    };
    let diagnose = |id: &str| send(&service, Method::GET, &path_of(id), None).json();
    for id in ids {
        let found = diagnose(id);
        assert_eq!(
            (&found["userId"], &found["user"]["found"]),
            (&json!(id), &json!(true))
        );
        let reset = post(&service, &format!("{}/reset", path_of(id)), b"{}");
        assert_eq!((reset.status(), &reset.json()["userId"]), (200, &json!(id)));
    }
    for other in ["abc", "A%", "A_c", "Abc ", " Abc"] {
        assert_eq!(diagnose(other)["user"]["found"], false, "{other}");
    }
}

#[test]
fn a_refused_request_for_an_api_key_names_the_faulty_field() {
    let service = TestService::new();
    let before = service.database.total_changes();
    let scopes = json!(["threedeye:read"]);
    for (order, message) in [
        (json!({}), "scopes: required"),
        (json!({ "scopes": [] }), "scopes: must not be empty"),
        (json!({ "scopes": "threedeye:read" }), "scopes: expected "),
        (json!({ "scopes": [1] }), "scopes[0]: expected "),
        (
            json!({ "scopes": ["threedeye:read", "threedeye:write"] }),
            "scopes[1]: expected ",
        ),
        (json!({ "scopes": [null] }), "scopes[0]"),
        (
            json!({ "scopes": scopes, "userId": 7 }),
            "userId: expected a string",
        ),
        (
            json!({ "scopes": scopes, "userId": "" }),
            "userId: must not be empty",
        ),
        (
            json!({ "scopes": scopes, "userId": "x".repeat(129) }),
            "userId: must be at most 128 characters",
        ),
        (
            json!({ "scopes": scopes, "userId": "a\0" }),
            "userId: must not contain control characters",
        ),
        (
            json!({ "scopes": scopes, "label": false }),
            "label: expected a string",
        ),
        (
            json!({ "scopes": scopes, "label": "x".repeat(101) }),
            "label: must be at most 100 characters",
        ),
        (
            json!({ "scopes": scopes, "label": "a\nb" }),
            "label: must not contain control characters",
        ),
        (
            json!({ "scopes": scopes, "key": "mine" }),
            "key: unknown field",
        ),
    ] {
        assert_refused(&post(&service, KEYS, order.to_string().as_bytes()), message);
    }
    // No key, and no row of the audit trail.
    assert_eq!(service.database.total_changes(), before);
}

#[test]
fn a_query_parameter_is_read_strictly() {
    let service = TestService::new();
    for (method, path, max) in [
        (Method::POST, "/admin/backfill-threedeye", 500),
        (Method::GET, "/admin/threedeye/backfill/runs", 200),
    ] {
        let ask = |query: &str| send(&service, method.clone(), &format!("{path}?{query}"), None);
        let message = format!("limit: must be an integer from 1 to {max}");
        let above = (max + 1).to_string();
        for limit in ["", "0", "1,2", "%FF", "%00", &above] {
            assert_refused(&ask(&format!("limit={limit}")), &message);
        }
        assert_refused(&ask("limit=1&limit=2"), "limit: given more than once");
        assert_refused(&ask("Limit=1"), "Limit: unknown parameter");
    }
}
