use super::*;
use crate::services::RateLimit;

#[test]
fn a_token_with_any_defect_signs_no_one_in() {
    let old = fake::NOW - 28_800 - 61;
    for (name, value, cause) in [
        ("nonce", json!("other"), "nonce_wrong"),
        ("nonce", Value::Null, "nonce_wrong"),
        ("aud", json!("spkey"), "audience_wrong"),
        ("aud", json!(["console", "other"]), "authorized_party_wrong"),
        ("azp", json!("other"), "authorized_party_wrong"),
        ("iss", json!("https://evil.example/"), "issuer_wrong"),
        ("exp", json!(fake::NOW - 61), "expired"),
        ("sub", Value::Null, "subject_missing"),
        ("email", Value::Null, "email_missing"),
        ("email_verified", json!(false), "email_not_verified"),
        ("email_verified", Value::Null, "email_not_verified"),
        ("auth_time", json!(old), "auth_time_too_old"),
        ("auth_time", Value::Null, "auth_time_too_old"),
        ("auth_time", json!(fake::NOW + 61), "auth_time_in_future"),
    ] {
        // Settings for access tokens that relax their rules do not reach this far.
        let scene = Scene::with(&[
            ("JWT_EMAIL_VERIFIED", "unless_false"),
            ("JWT_AUTH_TIME", "or_iat"),
        ]);
        let begun = scene.begin("");
        let mut claims = scene.claims(&begun, "support");
        claims[name] = value;
        assert_refused(&scene.come_back(&begun, claims), 400, cause);
        assert_eq!(scene.sessions(), 0, "{cause}");
    }
}

#[test]
fn a_callback_that_answers_no_sign_in_of_this_browser_asks_the_provider_nothing() {
    let scene = Scene::new();
    let begun = scene.begin("");
    let other = scene.begin("");
    let asked = scene.provider.requests.borrow().len();
    let state = begun.parameter("state");
    let good = format!("?code=c&state={state}");
    for (query, cookie, cause) in [
        (good.as_str(), "", "login_missing"),
        (&good, "__Host-spkey_login=v2.x.y", "login_missing"),
        (&good, &format!("{0}; {0}", begun.cookie), "login_missing"),
        (&good, &other.cookie, "state_wrong"),
        ("?code=c&state=x", &begun.cookie, "state_wrong"),
        ("?code=c", &begun.cookie, "callback_malformed"),
        ("", &begun.cookie, "callback_malformed"),
        (
            &format!("{good}&iss=https%3A%2F%2Fevil.example%2F"),
            &begun.cookie,
            "issuer_wrong",
        ),
        (
            &format!("?error=server_error&state={state}"),
            &begun.cookie,
            "provider_error",
        ),
        (
            &format!("?error=access_denied&state={state}"),
            &begun.cookie,
            "provider_denied",
        ),
    ] {
        assert_refused(&scene.call_back(query, cookie), 400, cause);
    }
    scene.service.pass(Duration::from_secs(600));
    assert_refused(&scene.call_back(&good, &begun.cookie), 400, "login_late");
    assert_eq!(scene.provider.requests.borrow().len(), asked);
    assert_eq!(scene.trail(), [""; 0]);
    // Guessing is braked by address; what the person decided at the provider is no guess.
    assert_eq!(scene.service.counted.borrow().len(), 10);
}

#[test]
fn what_comes_back_counts_once_against_the_address_before_the_provider_is_asked() {
    let scene = Scene::new();
    let counted_by = |act: &dyn Fn() -> u16| {
        let before = scene.service.counted.borrow().len();
        let status = act();
        let counted = scene.service.counted.borrow_mut().split_off(before);
        let of_address = (RateLimit::Authentication, "unknown".to_owned());
        assert!(counted.iter().all(|one| *one == of_address), "{counted:?}");
        (status, counted.len())
    };
    let come_back = |name: &str, member: &str, value: Value| {
        let begun = scene.begin("");
        let mut claims = scene.claims(&begun, name);
        claims[member] = value;
        scene.come_back(&begun, claims).status()
    };
    let operator = || come_back("support", "x", Value::Null);
    let stranger = || come_back("stranger", "x", Value::Null);
    let replayed = || come_back("support", "nonce", json!("other"));
    let unverified = || come_back("support", "email_verified", json!(false));
    assert_eq!(counted_by(&operator), (303, 1));
    assert_eq!(counted_by(&stranger), (303, 1));
    assert_eq!(counted_by(&replayed), (400, 1));
    assert_eq!(counted_by(&unverified), (400, 1));
    let refusal = (400, json!({ "error": "invalid_grant" }));
    scene.provider.refusal.replace(Some(refusal));
    assert_eq!(counted_by(&operator), (400, 1));
    scene.provider.refusal.replace(None);

    let exhausted = &scene.service.exhausted;
    exhausted.borrow_mut().push(RateLimit::Authentication);
    let asked = scene.provider.requests.borrow().len();
    assert_eq!(counted_by(&operator), (429, 1));
    assert_eq!(scene.provider.requests.borrow().len(), asked);
}

#[test]
fn a_place_to_return_to_is_in_the_console() {
    let scene = Scene::new();
    for bad in [
        "https://evil.example",
        "//evil.example",
        "/users",
        "#",
        "#users",
        "%23%2F%0d%0aset-cookie:x",
        "%23%2F%7F",
        &format!("%23%2F{}", "a".repeat(1023)),
    ] {
        let path = format!("/console/auth/login?return={}", bad.replace('#', "%23"));
        let answer = scene.service.get(&path).send();
        assert_eq!(answer.status(), 400, "{bad:.40}");
        assert!(answer.0.cause.as_deref().unwrap().starts_with("return: "));
        assert_eq!(cookies(&answer), [""; 0]);
    }
    for bad in ["maxAge=59", "maxAge=28801", "maxAge=x", "maxAge=", "what=1"] {
        let path = format!("/console/auth/login?{bad}");
        assert_eq!(scene.service.get(&path).send().status(), 400, "{bad}");
    }
}

#[test]
fn a_person_who_is_no_operator_is_told_so_and_the_trail_too() {
    let scene = Scene::new();
    scene.service.database.execute(
        "INSERT INTO operators (id, email_key, role, created_at, created_by, disabled_at)
         VALUES ('op_leaver', 'leaver@smartphonekey.com', 'admin', 1, 'test', 2)",
        [],
    );
    for (name, email, cause) in [
        ("stranger", "stranger@smartphonekey.com", "not_an_operator"),
        ("leaver", "leaver@smartphonekey.com", "operator_disabled"),
        ("support", "support@elsewhere.example", "domain_not_allowed"),
    ] {
        let begun = scene.begin("");
        let mut claims = scene.claims(&begun, name);
        claims["email"] = json!(email);
        let answer = scene.come_back(&begun, claims);
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.header("location"), Some("/console/#/no-access"));
        assert_eq!(cookies(&answer), [""; 0]);
        let masked = crate::kernel::mask_email(email);
        let line = format!("session.refuse sign-in:{masked} (auth0|{name}) {masked} {cause}");
        assert_eq!(scene.trail().last(), Some(&line));
    }
    scene
        .service
        .exhausted
        .borrow_mut()
        .push(RateLimit::Authentication);
    let begun = scene.begin("");
    let claims = scene.claims(&begun, "stranger");
    assert_eq!(scene.come_back(&begun, claims).status(), 429);
    assert_eq!(scene.trail().len(), 3);
}

#[test]
fn the_same_refusal_is_in_the_trail_once_an_hour() {
    let scene = Scene::new();
    let refuse = |name: &str, email: &str| {
        let begun = scene.begin("");
        let mut claims = scene.claims(&begun, name);
        claims["email"] = json!(email);
        assert_eq!(scene.come_back(&begun, claims).status(), 303);
        scene.trail().len()
    };
    assert_eq!(refuse("eve", "eve@smartphonekey.com"), 1);
    assert_eq!(refuse("eve", "eve@smartphonekey.com"), 1);
    // Another person, even with the same mask, and another reason.
    assert_eq!(refuse("eva", "eva@smartphonekey.com"), 2);
    assert_eq!(refuse("eve", "eve@elsewhere.example"), 3);
    scene.service.pass(Duration::from_secs(3_599));
    assert_eq!(refuse("eve", "eve@smartphonekey.com"), 3);
    scene.service.pass(Duration::from_secs(1));
    assert_eq!(refuse("eve", "eve@smartphonekey.com"), 4);
    let list = scene.service.get("/admin/audit?actor=sign-in").admin();
    let entries = list.send().json()["entries"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 4);
    assert_eq!(
        entries[0]["actor"],
        json!({ "kind": "sign-in", "id": null, "name": "e***@smartphonekey.com (auth0|eve)" })
    );
}

#[test]
fn where_a_second_factor_is_required_a_sign_in_without_one_is_refused() {
    let scene = Scene::with(&[("CONSOLE_REQUIRE_MFA", "true")]);
    for (amr, cause) in [
        (json!(["pwd"]), Some("second_factor_missing")),
        (json!(["pwd", "mfa"]), None),
    ] {
        let begun = scene.begin("");
        let mut claims = scene.claims(&begun, "support");
        claims["amr"] = amr;
        let answer = scene.come_back(&begun, claims);
        match cause {
            Some(cause) => assert_refused(&answer, 403, cause),
            None => drop(session_of(&answer)),
        }
    }
    assert!(scene.trail()[0].starts_with("session.refuse "));
}

#[test]
fn a_provider_that_does_not_do_its_part_is_a_page_as_well() {
    let scene = Scene::new();
    let begin = || scene.service.get("/console/auth/login").send();
    let cause = |answer: &TestAnswer| {
        assert_eq!(answer.status(), 503);
        assert_eq!(cookies(answer), [""; 0]);
        answer.0.cause.clone().unwrap()
    };
    for (member, value, expected) in [
        (
            "issuer",
            "https://other.example/",
            "the document names another issuer",
        ),
        (
            "issuer",
            "https://id.example",
            "the document names another issuer",
        ),
        (
            "token_endpoint",
            "http://id.example/t",
            "an endpoint is neither https nor on a loopback host",
        ),
        (
            "authorization_endpoint",
            "javascript:x",
            "an endpoint is neither https nor on a loopback host",
        ),
        (
            "authorization_endpoint",
            "https://id.example/#x",
            "an endpoint is neither https nor on a loopback host",
        ),
    ] {
        let good = scene.provider.document.borrow()[member].clone();
        scene.provider.document.borrow_mut()[member] = json!(value);
        scene.service.pass(Duration::from_secs(1));
        assert_eq!(
            cause(&begin()),
            format!("identity provider: {expected}"),
            "{member}"
        );
        scene.provider.document.borrow_mut()[member] = good;
    }
    scene.service.pass(Duration::from_secs(1));
    scene.provider.fails.set(Some(HttpError::TimedOut));
    assert_eq!(cause(&begin()), "identity provider: timed out");
    scene.provider.fails.set(None);
    scene.service.pass(Duration::from_secs(1));
    for (status, body, expected) in [
        (400, json!({ "error": "invalid_grant" }), None),
        (
            401,
            json!({ "error": "invalid_client" }),
            Some("the client is refused"),
        ),
        (
            403,
            json!({ "error": "access_denied" }),
            Some("the client is refused"),
        ),
        (400, json!({}), Some("status 400")),
        (302, json!({}), Some("status 302")),
        (500, json!({}), Some("status 500")),
        (
            200,
            json!({ "access_token": "x" }),
            Some("malformed answer"),
        ),
    ] {
        scene.provider.refusal.replace(Some((status, body)));
        let begun = scene.begin("");
        let answer = scene.come_back(&begun, json!({}));
        match expected {
            Some(expected) => assert_eq!(cause(&answer), format!("identity provider: {expected}")),
            None => assert_refused(&answer, 400, "code_refused"),
        }
    }
}

#[test]
fn without_its_settings_sign_in_says_what_to_set() {
    for missing in ["CONSOLE_CLIENT_ID", "CREDENTIALS_KEY", "JWT_ISSUER"] {
        let scene = Scene::with(&[(missing, "")]);
        for path in [
            "/console/auth/login",
            "/console/auth/callback?code=c&state=s",
            "/console/session",
        ] {
            let answer = scene.service.get(path).send();
            assert_eq!(answer.status(), 503, "{missing} {path}");
            let text = page(&answer);
            assert!(text.contains("Sign-in is not configured"), "{text}");
            assert!(text.contains("CONSOLE_CLIENT_ID"), "{text}");
        }
    }
}
