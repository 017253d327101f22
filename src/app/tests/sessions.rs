//! What a session of the console opens.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::path_of;
use crate::app::ROUTES;
use crate::auth::SignIn;
use crate::operators::Role;
use crate::testing::service::TestService;
use crate::web::Route;
use crate::web::error::STEP_UP_CHALLENGE;

const ROLES: [Role; 3] = [Role::Viewer, Role::Support, Role::Admin];

/// The routes of administrators, each with its least role and when they must have signed in.
fn routes() -> impl Iterator<Item = (&'static Route, Role, SignIn)> {
    ROUTES.iter().filter_map(|route| {
        let (role, sign_in) = (route.handler.caller)().least_role?;
        Some((route, role, sign_in))
    })
}

#[test]
fn a_route_opens_to_its_least_role_and_those_above() {
    let service = TestService::new();
    let cookies = ROLES.map(|role| (role, service.sign_in(role)));
    for (route, least, _) in routes() {
        let path = path_of(route.path);
        for (role, cookie) in &cookies {
            let request = service.request(route.method.clone(), &path);
            let answer = request.session(cookie).send();
            let what = format!("{} {path} as {}", route.method, role.as_str());
            if *role < least {
                assert_eq!(answer.status(), 403, "{what}");
                assert_eq!(answer.0.cause.as_deref(), Some("role_too_low"), "{what}");
            } else {
                assert!(
                    !matches!(answer.status(), 401 | 403),
                    "{what}: {}",
                    answer.json()
                );
            }
        }
    }
}

#[test]
fn what_takes_a_recent_sign_in_asks_the_console_for_one() {
    let service = TestService::new();
    let cookie = service.sign_in(Role::Admin);
    service.pass(Duration::from_secs(15 * 60));
    for (route, _, sign_in) in routes() {
        let path = path_of(route.path);
        let request = service.request(route.method.clone(), &path);
        let answer = request.session(&cookie).send();
        if sign_in == SignIn::AnyTime {
            assert!(!matches!(answer.status(), 401 | 403), "{path}");
        } else {
            assert_eq!(answer.status(), 401, "{path}");
            assert_eq!(answer.header("www-authenticate"), Some(STEP_UP_CHALLENGE));
        }
    }
    // A person who is known guesses nothing.
    assert!(
        service
            .counted
            .borrow()
            .iter()
            .all(|(limit, _)| *limit != crate::services::RateLimit::Authentication)
    );
}

#[test]
fn every_change_under_admin_names_a_role_and_reads_are_open_to_viewers() {
    for (route, role, sign_in) in routes() {
        assert!(route.path.starts_with("/admin/"), "{}", route.path);
        let is_read = route.method == Method::GET;
        // Who may use the console, and from where, is for those who decide on it.
        if route.path.starts_with("/admin/operators") {
            assert_eq!(role, Role::Admin, "{}", route.path);
        } else if is_read && !route.path.ends_with("/export") {
            assert_eq!(
                (role, sign_in),
                (Role::Viewer, SignIn::AnyTime),
                "{}",
                route.path
            );
        }
    }
    let under_admin = ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/admin/"));
    assert_eq!(under_admin.count(), routes().count());
}

#[test]
fn a_header_with_credentials_beats_the_cookie() {
    let service = TestService::new();
    let cookie = service.sign_in(Role::Admin);
    let get = || service.get("/admin/api-keys").session(&cookie);
    assert_eq!(get().send().status(), 200);
    for (name, value) in [
        ("authorization", "Bearer x"),
        ("authorization", ""),
        ("x-api-key", "x"),
        ("x-admin-api-key", "x"),
    ] {
        assert_eq!(get().header(name, value).send().status(), 401, "{name}");
    }
    let pair = get().admin().send();
    assert_eq!(pair.status(), 200);
    assert!(pair.0.caller.unwrap().starts_with("admin-key:"));
}

#[test]
fn other_cookies_mean_nothing() {
    let service = TestService::new();
    let post = service
        .post("/admin/api-keys")
        .header("cookie", "theme=dark");
    assert_eq!(post.send().status(), 401);
    let pair = service
        .get("/admin/api-keys")
        .header("cookie", "theme=dark");
    assert_eq!(pair.admin().send().status(), 200);
}

#[test]
fn a_cookie_opens_nothing_outside_the_console() {
    let service = TestService::new();
    let cookie = service.sign_in(Role::Admin);
    for path in [
        "/users/ada/3deye-credentials",
        "/api/users/@me",
        "/api/users/@me/two_factor_status",
    ] {
        let answer = service.get(path).session(&cookie).send();
        assert_eq!(answer.status(), 401, "{path}");
    }
}

#[test]
fn a_change_that_another_site_caused_is_refused_before_the_session_is_looked_up() {
    let service = TestService::new();
    let cookie = service.sign_in(Role::Admin);
    let send = |name, value| {
        let request = service.post("/admin/threedeye/users/ada/reset");
        request.header("cookie", &cookie).header(name, value).send()
    };
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let (answer, batches) = service.batches_of(|| send(name, value));
        assert_eq!((answer.status(), batches), (403, 0), "{name}: {value}");
        assert_eq!(answer.0.cause.as_deref(), Some("cross_site"));
    }
}

#[test]
fn a_session_costs_one_read_and_a_bad_cookie_counts_against_the_address() {
    let service = TestService::new();
    let cookie = service.sign_in(Role::Viewer);
    let list = |cookie: &str| service.get("/admin/api-keys").session(cookie).send();
    let (pair, of_pair) = service.batches_of(|| service.get("/admin/api-keys").admin().send());
    let (session, of_session) = service.batches_of(|| list(&cookie));
    assert_eq!((pair.status(), session.status()), (200, 200));
    assert_eq!((of_pair, of_session), (1, 2));
    service.counted.take();
    let unknown = format!("{cookie:.30}{}", "A".repeat(cookie.len() - 30));
    for (cookie, batches) in [("__Host-spkey_console=x", 0), (unknown.as_str(), 1)] {
        let (refused, made) = service.batches_of(|| list(cookie));
        assert_eq!((refused.status(), made), (401, batches), "{cookie}");
    }
    assert_eq!(service.counted.borrow().len(), 2);
}

#[test]
fn the_trail_names_the_operator() {
    let service = TestService::new();
    let cookie = service.sign_in(Role::Admin);
    let body = json!({ "scopes": ["threedeye:read"] });
    let made = service.post("/admin/api-keys").session(&cookie).json(&body);
    assert_eq!(made.send().status(), 201);
    let actors: Vec<String> = service
        .database
        .query("SELECT actor FROM audit_log", [], |row| row.get(0));
    assert_eq!(actors, ["operator:op_admin a***@smartphonekey.com"]);
}
