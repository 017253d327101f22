//! Requests to the [`TestService`], and its answers.

use std::future::ready;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::service::{ADMIN_KEY, TestService};
use crate::app::after_answer;
use crate::auth::fake;
use crate::kernel::RequestId;
use crate::services::Services;
use crate::web::request::{Body, BrokenBody, READ_HEADERS, Request};
use crate::web::router::Answer;

/// Claims of a person's token, with defaults that are accepted.
pub fn claims(subject: &str) -> Value {
    json!({
        "iss": "https://id.example/",
        "aud": "spkey",
        "exp": fake::NOW + 86_400,
        "auth_time": fake::NOW,
        "sub": subject,
    })
}

/// A token with these claims, signed by the issuer.
pub fn token(claims: &Value) -> String {
    fake::rsa_token("key-1", 1, claims)
}

/// Where the service runs.
pub const ORIGIN: &str = "https://api.example";

/// A request that is being put together.
pub struct TestRequest<'a> {
    service: &'a TestService,
    request: Request,
}

impl<'a> TestRequest<'a> {
    /// `path` may have a query.
    pub fn new(service: &'a TestService, method: Method, path: &str) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        Self {
            service,
            request: Request {
                method,
                origin: ORIGIN.to_owned(),
                path: path.to_owned(),
                query,
                headers: HeaderMap::new(),
                body: None,
            },
        }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let name = HeaderName::from_static(name);
        assert!(
            READ_HEADERS.contains(&name),
            "{name} does not reach the service"
        );
        self.request
            .headers
            .append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As a person with this subject who has just signed in.
    pub fn person(self, subject: &str) -> Self {
        self.bearer(&token(&claims(subject)))
    }

    /// As an administrator with the admin pair.
    pub fn admin(self) -> Self {
        let mut claims = claims("auth0|anna");
        claims["email"] = json!("anna@smartphonekey.com");
        claims["email_verified"] = json!(true);
        self.header("x-admin-api-key", ADMIN_KEY)
            .bearer(&token(&claims))
    }

    /// As a page of the console with this cookie.
    pub fn session(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string().into_bytes())
    }

    pub fn body(mut self, bytes: Vec<u8>) -> Self {
        self.request.body = Some(Rc::new(Bytes(bytes)));
        self
    }

    /// Sends it; time passes as the service waits.
    pub fn send(self) -> TestAnswer {
        let service = self.service;
        let answer = service.clock.run(self.answer(service.services()));
        service.run_background();
        answer
    }

    /// Sends it to the service as it stands with these services.
    pub async fn answer(self, services: Services) -> TestAnswer {
        let services = Rc::new(services);
        let request_id = RequestId::mint(services.now(), &services.random);
        let router = &self.service.router;
        let own = Rc::clone(&services);
        let answer = router.respond(self.request, own, request_id.clone()).await;
        let log = self.service.background_log.clone();
        after_answer(&services, answer.reply.status, &request_id, log);
        TestAnswer(answer)
    }
}

/// What the service answered.
pub struct TestAnswer(pub Answer);

impl TestAnswer {
    pub fn status(&self) -> u16 {
        self.0.reply.status.as_u16()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.reply.headers.get(name)?.to_str().ok()
    }

    /// The body; null where there is none.
    pub fn json(&self) -> Value {
        match self.0.reply.body.as_slice() {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        }
    }
}

struct Bytes(Vec<u8>);

impl Body for Bytes {
    fn read(
        &self,
        max_kept: usize,
        _: usize,
    ) -> LocalBoxFuture<'_, Result<Option<Vec<u8>>, BrokenBody>> {
        let bytes = (self.0.len() <= max_kept).then(|| self.0.clone());
        Box::pin(ready(Ok(bytes)))
    }
}
