//! Every route through the router, natively.

mod alerts;
mod delivery;
mod metrics;
mod notices;
mod personal_data;
mod protocol;
mod retention;
mod schedule;
mod sessions;

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::ROUTES;
use crate::auth::fake;
use crate::services::RateLimit;
use crate::testing::service::{ADMIN_KEY, TestRequest, TestService, claims, token};
use crate::web::{ErrorFormat, Route};

const ADA: &str = "0b9f3c1e-5d1f-4c8e-9d57-000000000001";

/// The paths that ask for no credentials.
const PUBLIC: [&str; 4] = [
    "/health",
    "/api/users/verify_email",
    "/console/auth/login",
    "/console/auth/callback",
];

/// The route's path with a value for each parameter.
fn path_of(template: &str) -> String {
    template
        .replace("{userId}", ADA)
        .replace("{uuid}", "@me")
        .replace("{instance}", "rivia")
        .replace("{name}", "rivia")
        .replace("{operatorId}", "op_none")
        .replace("{runId}", "run_1")
        .replace("{id}", "1")
}

#[test]
fn no_route_lets_a_stranger_in() {
    let service = TestService::new();
    for route in ROUTES {
        let path = path_of(route.path);
        let answer = service.request(route.method.clone(), &path).send();
        if (route.handler.caller)().security.is_empty() {
            assert!(PUBLIC.contains(&route.path), "{path}");
            assert_ne!(answer.status(), 401, "{path}");
        } else if ErrorFormat::of_path(route.path) == ErrorFormat::UserKeys {
            // This API never answers 401.
            assert_eq!(answer.status(), 403, "{path}");
        } else {
            assert_eq!(answer.status(), 401, "{path}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{path}");
            assert!(answer.0.cause.is_some(), "{path}");
        }
    }
}

#[test]
fn every_method_that_a_path_does_not_have_is_405() {
    let service = TestService::new();
    for route in ROUTES {
        if ErrorFormat::of_path(route.path) == ErrorFormat::UserKeys {
            continue;
        }
        let path = path_of(route.path);
        let is_sibling = |other: &&Route| other.path == route.path || other.covers(&path);
        let siblings = ROUTES.iter().filter(is_sibling);
        let siblings: Vec<_> = siblings.collect();
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::TRACE] {
            if siblings.iter().any(|route| route.answers(&method)) {
                continue;
            }
            let answer = service.request(method.clone(), &path).send();
            assert_eq!(answer.status(), 405, "{method} {path}");
            let allow = answer.header("allow").unwrap();
            assert!(allow.contains(route.method.as_str()), "{method} {path}");
        }
    }
}

#[test]
fn an_id_that_is_the_name_of_another_route_is_told_from_it_by_the_method() {
    let service = TestService::new();
    service.add_user("search", Some("search@example.com"));
    let path = "/admin/users/search";
    let found = service.get(path).admin().send();
    assert_eq!(found.status(), 200);
    assert_eq!(found.json()["userId"], "search");
    let search = json!({ "query": "search" });
    let searched = service.post(path).admin().json(&search).send();
    assert_eq!(searched.json()["users"][0]["userId"], "search");
    let encoded = service.get("/admin/users/%73earch").admin().send();
    assert_eq!(encoded.json()["userId"], "search");
    let preview = service.request(Method::DELETE, "/admin/users/search?dryRun=true");
    assert_eq!(preview.admin().send().status(), 200);
    let unknown = service.request(Method::PUT, path).admin().send();
    assert_eq!(unknown.header("allow"), Some("DELETE, POST, GET, HEAD"));
}

#[test]
fn a_path_that_ends_where_a_parameter_should_be_is_unknown() {
    let service = TestService::new();
    for path in ["/admin/users/", "/admin/threedeye/users/", "/api/users//"] {
        assert_eq!(service.get(path).send().status(), 404, "{path}");
    }
    // Of one that is empty before the end the endpoint says what is wrong.
    let path = "/users//3deye-credentials";
    assert_eq!(service.get(path).send().status(), 401);
    assert_eq!(service.get(path).admin().send().status(), 400);
}

#[test]
fn a_brake_on_an_address_turns_a_401_into_a_429() {
    let service = TestService::new();
    service
        .exhausted
        .borrow_mut()
        .push(RateLimit::Authentication);
    for path in ["/admin/api-keys", "/api/users/@me"] {
        let answer = service.get(path).send();
        assert_eq!(answer.status(), 429, "{path}");
        assert!(answer.header("retry-after").is_some(), "{path}");
    }
    assert_eq!(service.get("/admin/api-keys").admin().send().status(), 200);
}

#[test]
fn every_door_counts_the_requests_of_a_person_and_of_an_administrator() {
    let service = TestService::new();
    service.add_user(ADA, Some("ada@example.com"));
    let credentials = format!("/users/{ADA}/3deye-credentials");
    let doors = ["/api/users/@me", &credentials, "/admin/api-keys"];
    let statuses = |limit: RateLimit| {
        *service.exhausted.borrow_mut() = vec![limit];
        let [account, credentials, admin] = doors;
        [
            service.get(account).person(ADA).send(),
            service.get(credentials).person(ADA).send(),
            service.get(account).admin().send(),
            service.get(credentials).admin().send(),
            service.get(admin).admin().send(),
        ]
        .map(|answer| answer.status() == 429)
    };
    assert_eq!(
        statuses(RateLimit::Person),
        [true, true, false, false, false]
    );
    assert_eq!(statuses(RateLimit::Admin), [false, false, true, true, true]);
    assert_eq!(statuses(RateLimit::Authentication), [false; 5]);
}

#[test]
fn a_rate_limit_without_a_binding_is_named_and_no_reason_to_be_degraded() {
    let service = TestService::new();
    let health = || service.get("/health").send();
    assert_eq!(health().json()["checks"]["missingRateLimits"], json!([]));
    service.unbound.borrow_mut().push(RateLimit::Person);
    let answer = health();
    let named = answer.json()["checks"]["missingRateLimits"].clone();
    assert_eq!(
        (answer.status(), named),
        (200, json!(["PERSON_RATE_LIMITER"]))
    );
}

#[test]
fn every_rate_limit_is_bound_from_the_start() {
    let wrangler = include_str!("../../../wrangler.toml");
    for limit in RateLimit::ALL {
        let line = format!("\nname = \"{}\"", limit.binding());
        assert!(wrangler.contains(&line), "{line}");
    }
}

#[test]
fn making_a_key_takes_a_sign_in_of_the_last_two_hours() {
    let service = TestService::new();
    let with_token = |claim: Option<i64>, request: TestRequest<'_>| {
        let mut claims = claims("auth0|anna");
        claims["email"] = json!("anna@smartphonekey.com");
        claims["email_verified"] = json!(true);
        claims["auth_time"] = json!(claim);
        let request = request.header("x-admin-api-key", ADMIN_KEY);
        request.bearer(&token(&claims)).send()
    };
    for (path, body) in [
        ("/admin/api-keys", json!({ "scopes": ["threedeye:read"] })),
        ("/admin/instances/rivia/api-keys", json!({})),
        (
            "/admin/account-keys",
            json!({ "instance": "rivia", "role": "read" }),
        ),
        (
            "/admin/instances/rivia/users",
            json!({ "username": "jane" }),
        ),
    ] {
        let made = |claim| with_token(claim, service.post(path).json(&body)).status();
        assert_eq!(
            (made(None), made(Some(fake::NOW - 7200))),
            (403, 403),
            "{path}"
        );
        assert!(matches!(made(Some(fake::NOW - 7199)), 201 | 404), "{path}");
    }
    let listed = with_token(None, service.get("/admin/api-keys"));
    assert_eq!(listed.status(), 200);
}

#[test]
fn a_call_with_the_admin_pair_reaches_the_database() {
    let service = TestService::new();
    let body = json!({"scopes": ["threedeye:read"], "label": "front door"});
    let made = service.post("/admin/api-keys").admin().json(&body).send();
    assert_eq!(made.status(), 201, "{}", made.json());
    let listed = service.get("/admin/api-keys").admin().send();
    assert_eq!(listed.json()["apiKeys"][0]["id"], made.json()["id"]);
}

#[test]
fn a_person_is_known_by_the_uuid_of_their_row() {
    let service = TestService::new();
    service.add_user(ADA, Some("ada@example.com"));
    let me = service.get("/api/users/@me/").person(ADA).send();
    assert_eq!(me.status(), 200, "{}", me.json());
    assert_eq!(me.json()["uuid"], ADA);
    let stranger = token(&claims("0b9f3c1e-5d1f-4c8e-9d57-00000000000f"));
    let refused = service.get("/api/users/@me/").bearer(&stranger).send();
    assert_eq!(refused.status(), 401);
}

#[test]
fn an_expired_token_is_refused_also_by_an_isolate_that_starts_anew() {
    let service = TestService::new();
    assert_eq!(service.get("/admin/api-keys").admin().send().status(), 200);
    service.pass(Duration::from_secs(2 * 86_400));
    assert_eq!(service.get("/admin/api-keys").admin().send().status(), 401);
    service.restart();
    assert_eq!(service.get("/admin/api-keys").admin().send().status(), 401);
}

#[test]
fn a_service_without_an_issuer_lets_no_administrator_in_and_says_so() {
    let service = TestService::new().setting("JWT_ISSUER", "");
    assert_eq!(service.get("/admin/api-keys").admin().send().status(), 401);
    let health = service.get("/health").send();
    assert_eq!(health.status(), 503);
    let problems = health.json()["checks"]["configuration"]["problems"].to_string();
    assert!(problems.contains("JWT_ISSUER"), "{problems}");
}

#[test]
fn a_planned_run_is_sent_to_the_queue_in_chunks() {
    let service = TestService::new().queue();
    for number in 0..51 {
        service.add_user(
            &format!("user-{number}"),
            Some(&format!("p{number}@example.com")),
        );
    }
    let path = "/admin/backfill-threedeye?mode=queue&limit=51";
    let planned = service.post(path).admin().send();
    assert_eq!(planned.status(), 202, "{}", planned.json());
    assert_eq!(service.queued.borrow().len(), 2);
}

#[test]
fn the_issuers_keys_are_refreshed_after_the_answer() {
    let service = TestService::new();
    service.add_user("jane", Some("jane@example.com"));
    let ask = || service.get("/api/users/@me").person("jane").send().status();
    assert_eq!((ask(), ask()), (200, 200));
    assert_eq!(service.key_fetches.get(), 1);
    service.pass(Duration::from_secs(300));
    let request = service.get("/api/users/@me").person("jane");
    let answer = service.clock.run(request.answer(service.services()));
    assert_eq!((answer.status(), service.key_fetches.get()), (200, 1));
    service.run_background();
    assert_eq!((ask(), service.key_fetches.get()), (200, 2));
}

#[test]
fn a_subject_that_is_another_users_id_means_that_user_to_the_account_api() {
    let service = TestService::new();
    service.add_user("jane", Some("jane@example.com"));
    service.add_user("adam", Some("adam@example.com"));
    // As a row that is older than the trigger which refuses it.
    let database = &service.database;
    database.execute("DROP TRIGGER users_update_subject", ());
    database.execute(
        "UPDATE users SET auth_subject = 'jane' WHERE uuid = 'adam'",
        (),
    );
    for subject in ["jane", "adam"] {
        let me = service.get("/api/users/@me").person(subject).send();
        assert_eq!(me.json()["uuid"], json!(subject));
    }
}
