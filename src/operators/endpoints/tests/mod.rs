//! Signing in through the router, with an identity provider whose answers the test decides on.

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::HeaderMap;
use serde_json::{Value, json};
use url::Url;

use crate::auth::fake;
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::testing::service::{TestAnswer, TestService, token};
use crate::testing::transport::{VirtualClock, header_of};

mod operators;
mod refusals;
mod sessions;
mod sign_in;

const DISCOVERY: &str = "https://id.example/.well-known/openid-configuration";

/// The provider: what it says of itself, and the claims of the next ID token.
struct IdProvider {
    document: RefCell<Value>,
    claims: RefCell<Value>,
    /// Status and body of the token endpoint, in place of an ID token.
    refusal: RefCell<Option<(u16, Value)>>,
    fails: Cell<Option<HttpError>>,
    requests: RefCell<Vec<HttpRequest>>,
}

impl HttpClient for IdProvider {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        assert_eq!((timeout, max_bytes), (Duration::from_secs(5), 64 * 1024));
        let is_discovery = request.url == DISCOVERY;
        self.requests.borrow_mut().push(request);
        if let Some(error) = self.fails.get() {
            return Box::pin(ready(Err(error)));
        }
        let (status, body) = if is_discovery {
            (200, self.document.borrow().clone())
        } else if let Some(refusal) = self.refusal.borrow().clone() {
            refusal
        } else {
            let id_token = token(&self.claims.borrow());
            (
                200,
                json!({ "id_token": id_token, "access_token": "unused" }),
            )
        };
        Box::pin(ready(Ok(HttpResponse {
            status,
            headers: HeaderMap::new(),
            body: body.to_string().into_bytes(),
        })))
    }
}

/// The service with its provider, and a browser.
struct Scene {
    service: TestService,
    provider: Rc<IdProvider>,
}

/// A browser that was sent to the provider.
struct Begun {
    /// Where it was sent.
    url: Url,
    /// `name=value`.
    cookie: String,
}

impl Begun {
    fn parameter(&self, name: &str) -> String {
        let mut pairs = self.url.query_pairs();
        let (_, value) = pairs.find(|(given, _)| given == name).unwrap();
        value.into_owned()
    }
}

impl Scene {
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(settings: &[(&'static str, &str)]) -> Self {
        let provider = Rc::new(IdProvider {
            document: RefCell::new(json!({
                "issuer": "https://id.example/",
                "authorization_endpoint": "https://id.example/authorize?tenant=t",
                "token_endpoint": "https://id.example/oauth/token",
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            })),
            claims: RefCell::default(),
            refusal: RefCell::default(),
            fails: Cell::default(),
            requests: RefCell::default(),
        });
        let clock = Rc::new(VirtualClock::starting(fake::at(0)));
        let mut service = TestService::with_remote(clock, Rc::clone(&provider) as _);
        for (name, value) in settings {
            service = service.setting(name, value);
        }
        let scene = Self { service, provider };
        for role in ["viewer", "support", "admin"] {
            scene.service.database.execute(
                "INSERT INTO operators (id, email_key, role, created_at, created_by)
                 VALUES ('op_' || ?1, ?1 || '@smartphonekey.com', ?1, 1, 'test')",
                [role],
            );
        }
        scene
    }

    /// Sends the browser to the provider.
    fn begin(&self, query: &str) -> Begun {
        self.begin_with(query, "theme=dark")
    }

    fn begin_with(&self, query: &str, cookie: &str) -> Begun {
        let path = format!("/console/auth/login{query}");
        let answer = self.service.get(&path).header("cookie", cookie).send();
        assert_eq!(answer.status(), 302, "{}", page(&answer));
        let cookies = cookies(&answer);
        assert_eq!(cookies.len(), 1);
        let [pair, attributes] = cookies[0].split("; ").fold(["", ""], |[pair, _], part| {
            if pair.is_empty() {
                [part, ""]
            } else {
                [pair, part]
            }
        });
        assert_eq!(attributes, "Max-Age=600");
        Begun {
            url: Url::parse(answer.header("location").unwrap()).unwrap(),
            cookie: pair.to_owned(),
        }
    }

    /// The claims of an ID token in answer to a sign-in, without a defect.
    fn claims(&self, begun: &Begun, name: &str) -> Value {
        let now = crate::kernel::Clock::now(&*self.service.clock).as_secs();
        json!({
            "iss": "https://id.example/",
            "aud": "console",
            "exp": now + 300,
            "iat": now,
            "auth_time": now,
            "nonce": begun.parameter("nonce"),
            "sub": format!("auth0|{name}"),
            "email": format!("{name}@smartphonekey.com"),
            "email_verified": true,
        })
    }

    /// The provider sends the browser back, with these claims in store.
    fn come_back(&self, begun: &Begun, claims: Value) -> TestAnswer {
        self.provider.claims.replace(claims);
        let state = begun.parameter("state");
        let query = format!("?code=code-1&state={state}");
        self.call_back(&query, &begun.cookie)
    }

    fn call_back(&self, query: &str, cookie: &str) -> TestAnswer {
        let path = format!("/console/auth/callback{query}");
        let request = self.service.get(&path).header("cookie", cookie);
        request.header("sec-fetch-site", "cross-site").send()
    }

    /// Signs in; tells the session's cookie.
    fn sign_in(&self, name: &str) -> String {
        let begun = self.begin("");
        let claims = self.claims(&begun, name);
        session_of(&self.come_back(&begun, claims))
    }

    /// What a request for the session of this cookie is answered.
    fn status(&self, cookie: &str) -> u16 {
        let session = self.service.get("/console/session");
        session.session(cookie).send().status()
    }

    /// The audit trail: action, subject and outcome.
    fn trail(&self) -> Vec<String> {
        let sql =
            "SELECT action || ' ' || actor || ' ' || subject || ' ' || outcome FROM audit_log";
        self.service.database.query(sql, [], |row| row.get(0))
    }

    fn sessions(&self) -> u32 {
        let sql = "SELECT count(*) FROM console_sessions";
        self.service.database.query(sql, [], |row| row.get(0))[0]
    }
}

/// The cookies that an answer sets.
fn cookies(answer: &TestAnswer) -> Vec<String> {
    let values = answer.0.reply.headers.get_all("set-cookie").iter();
    values
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

/// The session's cookie of an answer that began one, as it is sent.
fn session_of(answer: &TestAnswer) -> String {
    assert_eq!(answer.status(), 303, "{}", page(answer));
    let cookies = cookies(answer);
    let (pair, attributes) = cookies[0].split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-spkey_console="), "{pair}");
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict");
    assert_eq!(
        cookies[1..],
        ["__Host-spkey_login=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"]
    );
    pair.to_owned()
}

/// What a person sees.
fn page(answer: &TestAnswer) -> String {
    String::from_utf8(answer.0.reply.body.clone()).unwrap()
}

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
