//! HTTP as every route speaks it.

use http::Method;
use serde_json::{Value, json};

use super::{ADA, path_of};
use crate::app::ROUTES;
use crate::kernel::RequestId;
use crate::operators::Role;
use crate::testing::service::{TestAnswer, TestRequest, TestService};
use crate::web::ApiError;
use crate::web::router::refuse;

#[test]
fn every_answer_tells_browsers_and_caches_to_keep_nothing() {
    let service = TestService::new();
    let check = |answer: &TestAnswer, path: &str| {
        for (name, value) in [
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
    };
    for route in ROUTES {
        let path = path_of(route.path);
        check(&service.request(route.method.clone(), &path).send(), &path);
        let answer = service.request(route.method.clone(), &path).admin().send();
        check(&answer, &path);
    }
    for path in ["/", "/admin/", "/api/", "/v1/", "/v1.1/instances/x/user/"] {
        check(&service.get(path).send(), path);
        check(&service.request(Method::OPTIONS, path).send(), path);
    }
    let deleted = service.request(Method::DELETE, "/admin/api-keys/x").admin();
    let deleted = deleted.send();
    assert_eq!(deleted.status(), 204);
    check(&deleted, "204");
    let refused = refuse(ApiError::internal("cause"), &RequestId::example());
    check(&TestAnswer(refused), "500");
}

#[test]
fn head_is_answered_as_get_is_with_the_length_of_its_body() {
    let service = TestService::new();
    for path in ["/health", "/admin/api-keys", "/admin/x"] {
        let ask = |method| service.request(method, path).admin().send().0.reply;
        let (get, head) = (ask(Method::GET), ask(Method::HEAD));
        assert_eq!((get.status, get.body.len()), (head.status, head.body.len()));
        assert!(!head.body.is_empty(), "{path}");
    }
}

#[test]
fn every_change_under_admin_that_reads_no_body_refuses_one() {
    let service = TestService::new();
    let changes = ROUTES.iter().filter(|route| route.refuses_unread_body());
    let mut refusing = Vec::new();
    for route in changes {
        let path = path_of(route.path);
        let ask = |body: &str| {
            let request = service.request(route.method.clone(), &path).admin();
            let request = request.header("content-type", "application/json");
            request.body(body.as_bytes().to_vec()).send()
        };
        // No route has fields of these names.
        let json = ask(r#"{"dryRun":true,"limit":1}"#);
        assert_eq!(json.status(), 400, "{path}");
        let message = json.json()["message"].as_str().unwrap().to_owned();
        if !message.starts_with("body: ") {
            assert!(message.ends_with(": unknown field"), "{path} {message}");
            continue;
        }
        refusing.push(route.operation);
        assert_eq!(ask("limit=1&dryRun=true").status(), 400, "{path}");
        assert_eq!(ask("{}").status(), ask("").status(), "{path}");
        assert_ne!(ask("{}").status(), 400, "{path}");
    }
    assert!(refusing.contains(&"backfill"), "{refusing:?}");
    assert!(refusing.contains(&"revokeApiKey"), "{refusing:?}");
    let count = "SELECT count(*) FROM provisioning_runs";
    let runs: Vec<i64> = service.database.query(count, [], |row| row.get(0));
    // One for each body that said nothing.
    assert_eq!(runs, [3]);
}

#[test]
fn a_compressed_body_is_415_and_a_byte_order_mark_is_skipped() {
    let service = TestService::new();
    service.add_user(ADA, Some("ada@example.com"));
    let post = |body: &[u8]| {
        let request = service.post("/admin/api-keys").admin();
        let request = request.header("content-type", "application/json");
        request.body(body.to_vec())
    };
    let compressed = post(b"\x1f\x8b").header("content-encoding", "gzip").send();
    assert_eq!(compressed.status(), 415);
    assert_eq!(compressed.header("accept-encoding"), Some("identity"));
    let marked = "\u{feff}{\"scopes\":[\"threedeye:read\"]}".as_bytes();
    assert_eq!(post(marked).send().status(), 201);
    let identity = post(marked).header("content-encoding", "identity").send();
    assert_eq!(identity.status(), 201);

    let patch = |body: &[u8]| {
        let request = service.request(Method::PATCH, "/api/users/@me").person(ADA);
        let request = request.header("content-type", "application/json");
        request.body(body.to_vec())
    };
    let compressed = patch(b"\x1f\x8b").header("content-encoding", "br").send();
    assert_eq!(compressed.status(), 415);
    assert_eq!(compressed.header("accept-encoding"), Some("identity"));
    assert_eq!(compressed.json()["code"], "unsupported_media_type");
    let marked = "\u{feff}{\"first_name\":\"Ada\"}".as_bytes();
    assert_eq!(patch(marked).send().status(), 200);
}

#[test]
fn a_get_that_head_is_answered_for_writes_nothing_for_any_kind_of_caller() {
    let service = TestService::new();
    let sql = "INSERT INTO users (uuid, email, created_at) VALUES (?1, 'ada@example.com', '2024-01-15T10:30:00.000Z')";
    service.database.execute(sql, [ADA]);
    let create = |path: &str, body: Value, member: &str| {
        let answer = service.post(path).admin().json(&body).send();
        assert_eq!(answer.status(), 201, "{path}");
        let found = answer.json()[member].clone();
        assert!(!found.is_null(), "{path}");
        found.to_string().replace('"', "")
    };
    create("/admin/instances", json!({ "name": "rivia" }), "name");
    let user = json!({ "username": "geralt" });
    let user_key = create("/admin/instances/rivia/users", user, "userKey");
    let instance_key = create("/admin/instances/rivia/api-keys", json!({}), "apiKey");
    let scopes = json!({ "scopes": ["threedeye:read", "user:verify", "user:write"] });
    let api_key = create("/admin/api-keys", scopes, "key");
    let session = service.sign_in(Role::Admin);
    let callers: [&dyn Fn(TestRequest) -> TestRequest; 7] = [
        &|request| request,
        &|request| request.admin(),
        &|request| request.session(&session),
        &|request| request.person(ADA),
        &|request| request.header("x-api-key", &api_key),
        &|request| request.bearer(&api_key),
        &|request| {
            let request = request.header("x-api-key", &instance_key);
            request.header("x-user-key", &user_key)
        },
    ];
    let call = |method: Method, path: &str, number: usize| {
        let before = service.database.total_changes();
        let answer = callers[number](service.request(method, path)).send();
        (answer.status(), service.database.total_changes() - before)
    };
    let mut served = [0; 7];
    for route in ROUTES.iter().filter(|route| route.method == Method::GET) {
        // A program names the person.
        let path = path_of(&route.path.replace("{uuid}", ADA));
        for (number, served) in served.iter_mut().enumerate() {
            if route.has_head {
                let (status, written) = call(Method::GET, &path, number);
                assert_eq!(written, 0, "GET {path} {number}");
                *served += u32::from(status == 200);
            }
            let (_, written) = call(Method::HEAD, &path, number);
            assert_eq!(written, 0, "HEAD {path} {number}");
        }
    }
    // That each of them is served, but for programs' keys, whose every read is noted.
    assert!(
        served.iter().filter(|count| **count > 0).count() >= 5,
        "{served:?}"
    );
    let status = path_of("/api/users/{userId}/two_factor_status");
    let export = path_of("/admin/users/{userId}/export");
    for (path, number) in [(export, 1), (status, 5)] {
        let (answered, written) = call(Method::GET, &path, number);
        assert_eq!(answered, 200, "{path}");
        assert!(written > 0, "{path}");
    }
}
