use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::*;

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
fn cookies_that_are_no_ascii_keep_no_one_out() {
    let scene = Scene::new();
    let begun = scene.begin_with("", "x=é");
    let claims = scene.claims(&begun, "support");
    scene.provider.claims.replace(claims);
    let query = format!("?code=c&state={}", begun.parameter("state"));
    let answer = scene.call_back(&query, &format!("x=é; {}", begun.cookie));
    let cookie = format!("{}; x=é", session_of(&answer));
    assert_eq!(scene.status(&cookie), 200);
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
    let status = |cookie: &str| scene.status(cookie);
    assert_eq!((status(&old), status(&new)), (401, 200));
    assert_eq!(scene.sessions(), 1);
    // A session that has ended does not matter.
    scene.service.pass(Duration::from_secs(60 * 60));
    let begun = scene.begin_with("", &new);
    let claims = scene.claims(&begun, "admin");
    session_of(&scene.come_back(&begun, claims));
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
