use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::*;

/// A page without a session, that says what to do.
fn assert_refused(answer: &TestAnswer, status: u16, cause: &str) {
    assert_eq!(answer.0.cause.as_deref(), Some(cause));
    assert_eq!(answer.status(), status, "{cause}");
    assert_eq!(cookies(answer), [""; 0], "{cause}");
    assert_eq!(answer.header("location"), None);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page(answer).contains("<a href=\"/console/\">"), "{cause}");
}

#[test]
fn the_browser_is_sent_to_the_provider_with_all_that_protects_the_sign_in() {
    let scene = Scene::new();
    let begun = scene.begin("?return=%23%2Fusers%2Fada");
    assert!(
        begun
            .url
            .as_str()
            .starts_with("https://id.example/authorize?tenant=t&")
    );
    for (name, expected) in [
        ("client_id", "console"),
        ("redirect_uri", "https://api.example/console/auth/callback"),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("code_challenge_method", "S256"),
        ("max_age", "28800"),
    ] {
        assert_eq!(begun.parameter(name), expected);
    }
    let drawn = ["state", "nonce", "code_challenge"].map(|name| begun.parameter(name));
    assert!(drawn.iter().all(|text| text.len() == 43));
    let again = scene.begin("?maxAge=900");
    assert_eq!(again.parameter("max_age"), "900");
    for name in ["state", "nonce", "code_challenge"] {
        assert!(!drawn.contains(&again.parameter(name)), "{name}");
    }
    // The cookie is sealed.
    assert!(drawn.iter().all(|text| !begun.cookie.contains(text)));
}

#[test]
fn a_code_becomes_a_session_and_leads_back_to_where_the_person_was() {
    let scene = Scene::new();
    let begun = scene.begin("?return=%23%2Fusers%2Fada%3Fx%3D%22%C3%A9%22");
    let claims = scene.claims(&begun, "support");
    let answer = scene.come_back(&begun, claims);
    let cookie = session_of(&answer);
    let location = answer.header("location");
    assert_eq!(location, Some("/console/#/users/ada?x=%22%C3%A9%22"));
    let session = scene
        .service
        .get("/console/session")
        .session(&cookie)
        .send();
    assert_eq!(
        session.json()["operator"],
        json!({
            "id": "op_support", "email": "support@smartphonekey.com", "role": "support",
        })
    );
    assert_eq!(
        scene.trail(),
        ["session.begin operator:op_support s***@smartphonekey.com op_support signed in"]
    );
    // The exchange shows that this service asked for the code.
    let requests = scene.provider.requests.borrow();
    let [discovery, exchange] = requests.as_slice() else {
        panic!()
    };
    assert_eq!(discovery.url, DISCOVERY);
    assert_eq!(exchange.url, "https://id.example/oauth/token");
    let body = exchange.body.as_ref().unwrap();
    let form: std::collections::BTreeMap<_, _> =
        form_urlencoded::parse(body).into_owned().collect();
    assert_eq!(form["grant_type"], "authorization_code");
    assert_eq!(form["code"], "code-1");
    assert_eq!(
        form["redirect_uri"],
        "https://api.example/console/auth/callback"
    );
    assert_eq!(
        (&*form["client_id"], &*form["client_secret"]),
        ("console", "client-secret-of-the-tests")
    );
    assert_eq!(header_of(exchange, "authorization"), None);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
    assert_eq!(challenge, begun.parameter("code_challenge"));
}

#[test]
fn a_provider_that_announces_nothing_is_shown_the_secret_in_a_header() {
    let scene = Scene::with(&[("CONSOLE_CLIENT_SECRET", "a:b c")]);
    scene.provider.document.borrow_mut()["token_endpoint_auth_methods_supported"] = Value::Null;
    scene.sign_in("support");
    let requests = scene.provider.requests.borrow();
    let exchange = requests.last().unwrap();
    let expected = format!("Basic {}", STANDARD.encode("console:a%3Ab+c"));
    assert_eq!(
        header_of(exchange, "authorization"),
        Some(expected.as_str())
    );
    let body = String::from_utf8(exchange.body.clone().unwrap()).unwrap();
    assert!(!body.contains("client_secret"), "{body}");
}

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
fn a_sign_in_at_the_provider_may_be_as_old_as_was_asked_for() {
    let scene = Scene::new();
    for (age, query, expected) in [
        (28_860, "", 303),
        (28_861, "", 400),
        (960, "?maxAge=900", 303),
        (961, "?maxAge=900", 400),
    ] {
        let begun = scene.begin(query);
        let mut claims = scene.claims(&begun, "support");
        claims["auth_time"] = json!(fake::NOW - age);
        assert_eq!(
            scene.come_back(&begun, claims).status(),
            expected,
            "{age} {query}"
        );
    }
}

#[test]
fn claims_of_id_tokens_have_the_names_of_openid_connect() {
    let scene = Scene::with(&[
        ("JWT_EMAIL_CLAIM", "https://spkey.co/email"),
        (
            "JWT_EMAIL_VERIFIED_CLAIM",
            "https://spkey.co/email_verified",
        ),
        ("JWT_AUTH_TIME_CLAIM", "https://spkey.co/auth_time"),
        ("JWT_AMR_CLAIM", "https://spkey.co/amr"),
    ]);
    scene.sign_in("support");
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
        .push(crate::services::RateLimit::Authentication);
    let begun = scene.begin("");
    let claims = scene.claims(&begun, "stranger");
    assert_eq!(scene.come_back(&begun, claims).status(), 429);
    assert_eq!(scene.trail().len(), 3);
}

#[test]
fn the_first_sign_in_binds_the_providers_name_of_the_person() {
    let scene = Scene::new();
    scene.sign_in("support");
    scene.sign_in("support");
    let begun = scene.begin("");
    let mut claims = scene.claims(&begun, "support");
    claims["sub"] = json!("auth0|another");
    let answer = scene.come_back(&begun, claims);
    assert_eq!(answer.header("location"), Some("/console/#/no-access"));
    assert!(scene.trail().last().unwrap().ends_with("subject_differs"));
    assert_eq!(scene.sessions(), 2);
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
fn a_browser_with_a_session_comes_back_as_the_same_operator_and_gets_another_session() {
    let scene = Scene::new();
    let old = scene.sign_in("support");
    scene.service.pass(Duration::from_secs(20 * 60));
    let begun = scene.begin_with("?maxAge=900", &old);
    let claims = scene.claims(&begun, "admin");
    assert_refused(&scene.come_back(&begun, claims), 403, "operator_differs");
    let begun = scene.begin_with("?maxAge=900", &old);
    let claims = scene.claims(&begun, "support");
    let new = session_of(&scene.come_back(&begun, claims));
    let status = |cookie: &str| {
        scene
            .service
            .get("/console/session")
            .session(cookie)
            .send()
            .status()
    };
    assert_eq!((status(&old), status(&new)), (401, 200));
    assert_eq!(scene.sessions(), 1);
    // A session that has ended is in nobody's way.
    scene.service.pass(Duration::from_secs(60 * 60));
    let begun = scene.begin_with("", &new);
    let claims = scene.claims(&begun, "admin");
    session_of(&scene.come_back(&begun, claims));
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
fn discovery_is_fetched_once_in_a_while() {
    let scene = Scene::new();
    scene.begin("");
    scene.begin("");
    assert_eq!(scene.provider.requests.borrow().len(), 1);
    scene.service.pass(Duration::from_secs(300));
    scene.provider.fails.set(Some(HttpError::Connection));
    scene.begin("");
    assert_eq!(scene.provider.requests.borrow().len(), 2);
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
