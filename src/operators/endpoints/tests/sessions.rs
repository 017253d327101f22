use super::*;

#[test]
fn who_is_signed_in_and_for_how_long() {
    let scene = Scene::new();
    let cookie = scene.sign_in("viewer");
    scene.service.pass(Duration::from_secs(60));
    let session = scene
        .service
        .get("/console/session")
        .session(&cookie)
        .send();
    let body = session.json();
    let at = |seconds| json!(fake::at(seconds));
    assert_eq!(body["authenticatedAt"], at(0));
    assert_eq!(
        (&body["endsAt"], &body["idleEndsAt"]),
        (&at(28_800), &at(3_600))
    );
    assert_eq!(body["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(session.header("cache-control"), Some("no-store"));
    // Not by the admin pair, nor by both.
    for request in [
        scene.service.get("/console/session").admin(),
        scene
            .service
            .get("/console/session")
            .admin()
            .session(&cookie),
        scene.service.get("/console/session"),
    ] {
        assert_eq!(request.send().status(), 401);
    }
}

#[test]
fn signing_out_ends_the_session_and_clears_the_browser() {
    let scene = Scene::new();
    let (cookie, other) = (scene.sign_in("viewer"), scene.sign_in("viewer"));
    let end = |path: &str, cookie: &str| scene.service.post(path).session(cookie).send();
    let ended = end("/console/session/end", &cookie);
    assert_eq!(ended.status(), 204);
    assert_eq!(
        ended.header("clear-site-data"),
        Some("\"cache\",\"storage\"")
    );
    assert_eq!(
        cookies(&ended),
        ["__Host-spkey_console=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"]
    );
    assert_eq!(end("/console/session/end", &cookie).status(), 401);
    let third = scene.sign_in("viewer");
    let foreign = scene.sign_in("support");
    assert_eq!(end("/console/sessions/end", &other).status(), 204);
    let status = |cookie: &str| scene.status(cookie);
    assert_eq!(
        [&other, &third, &foreign].map(|cookie| status(cookie)),
        [401, 401, 200]
    );
    let outcomes = scene
        .trail()
        .into_iter()
        .filter(|line| line.starts_with("session.end "));
    assert_eq!(
        outcomes.collect::<Vec<_>>(),
        [
            "session.end operator:op_viewer v***@smartphonekey.com op_viewer signed out",
            "session.end operator:op_viewer v***@smartphonekey.com op_viewer signed out everywhere",
        ]
    );
}

#[test]
fn no_other_site_can_sign_a_person_out() {
    let scene = Scene::new();
    let cookie = scene.sign_in("viewer");
    for path in ["/console/session/end", "/console/sessions/end"] {
        let request = scene.service.post(path).header("cookie", &cookie);
        let answer = request.header("sec-fetch-site", "same-site").send();
        assert_eq!(answer.status(), 403);
    }
    assert_eq!(scene.sessions(), 1);
}

#[test]
fn ones_own_sessions_are_listed_without_what_opens_them() {
    let scene = Scene::new();
    let first = scene.sign_in("viewer");
    scene.service.pass(Duration::from_secs(1));
    scene.sign_in("viewer");
    scene.sign_in("support");
    let list = scene
        .service
        .get("/console/sessions")
        .session(&first)
        .send();
    let body = list.json();
    let sessions = body["sessions"].as_array().unwrap();
    let current: Vec<&Value> = sessions.iter().map(|session| &session["current"]).collect();
    assert_eq!(current, [false, true]);
    let (_, token) = first.split_once('=').unwrap();
    assert!(!body.to_string().contains(token));
    scene.service.pass(Duration::from_secs(3600));
    let fresh = scene.sign_in("viewer");
    let list = scene
        .service
        .get("/console/sessions")
        .session(&fresh)
        .send();
    assert_eq!(list.json()["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn an_operator_has_ten_sessions_and_a_further_sign_in_ends_the_oldest() {
    let scene = Scene::new();
    let foreign = scene.sign_in("support");
    let cookies: Vec<String> = (0..12).map(|_| scene.sign_in("viewer")).collect();
    assert_eq!(scene.sessions(), 1 + 10);
    let status = |cookie: &str| scene.status(cookie);
    // All of the same moment: the one that begins is never the one that ends.
    assert_eq!(status(&cookies[11]), 200);
    assert_eq!(status(&foreign), 200);
    scene.service.pass(Duration::from_secs(1));
    let newer: Vec<String> = (0..9).map(|_| scene.sign_in("viewer")).collect();
    assert!(newer.iter().all(|cookie| status(cookie) == 200));
    let old = cookies.iter().filter(|cookie| status(cookie) == 200);
    assert_eq!(old.count(), 1);
    // One that replaces another leaves the others alone.
    let begun = scene.begin_with("?maxAge=900", &newer[0]);
    let claims = scene.claims(&begun, "viewer");
    session_of(&scene.come_back(&begun, claims));
    assert_eq!(scene.sessions(), 1 + 10);
    assert_eq!(
        cookies
            .iter()
            .filter(|cookie| status(cookie) == 200)
            .count(),
        1
    );
}

#[test]
fn a_session_ends_with_the_settings_by_which_it_began() {
    for (name, value, own) in [
        ("CONSOLE_CLIENT_ID", "", 503),
        ("CREDENTIALS_KEY", "", 503),
        ("ADMIN_EMAIL_DOMAINS", "spkey.co", 401),
        ("CONSOLE_REQUIRE_MFA", "true", 401),
    ] {
        let mut scene = Scene::new();
        let cookie = scene.sign_in("viewer");
        let ask = |scene: &Scene, path: &str| scene.service.get(path).session(&cookie).send();
        assert_eq!(ask(&scene, "/admin/api-keys").status(), 200);
        scene.service = scene.service.setting(name, value);
        scene.service.restart();
        let answer = ask(&scene, "/admin/api-keys");
        assert_eq!(answer.status(), 401, "{name}");
        assert_eq!(answer.0.cause.as_deref(), Some("session_not_allowed"));
        assert_eq!(scene.status(&cookie), own, "{name}");
        // Nor is it lost, if the setting was a mistake.
        assert_eq!(scene.sessions(), 1);
    }
}

#[test]
fn a_session_with_a_second_factor_outlives_that_one_is_required() {
    let mut scene = Scene::new();
    let begun = scene.begin("");
    let mut claims = scene.claims(&begun, "viewer");
    claims["amr"] = json!(["pwd", "mfa"]);
    let cookie = session_of(&scene.come_back(&begun, claims));
    scene.service = scene.service.setting("CONSOLE_REQUIRE_MFA", "true");
    scene.service.restart();
    assert_eq!(scene.status(&cookie), 200);
}

#[test]
fn the_cron_trigger_deletes_sessions_that_have_ended() {
    let scene = Scene::new();
    scene.sign_in("viewer");
    scene.service.pass(Duration::from_secs(8 * 60 * 60 - 1));
    let last = scene.sign_in("support");
    scene.service.run_schedule();
    assert_eq!(scene.sessions(), 2);
    scene.service.pass(Duration::from_secs(1));
    scene.service.run_schedule();
    assert_eq!(scene.sessions(), 1);
    assert_eq!(scene.status(&last), 200);
}

#[test]
fn a_disabled_operators_open_page_ends_at_its_next_call() {
    let scene = Scene::new();
    let cookie = scene.sign_in("viewer");
    let path = "/admin/operators/op_viewer";
    let disabled = scene
        .service
        .request(http::Method::DELETE, path)
        .admin()
        .send();
    assert_eq!(disabled.status(), 204);
    assert_eq!(scene.sessions(), 0);
    let call = scene.service.get("/admin/api-keys").session(&cookie).send();
    assert_eq!(call.status(), 401);
}
