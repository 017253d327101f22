//! The other services, as the service of a test calls them.

use std::cell::{Cell, RefCell};
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::transport::header_of;
use crate::auth::fake;
use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse, USER_AGENT};

pub const JWKS_URL: &str = "https://id.example/jwks";
pub const WEBHOOK_URL: &str = "https://receiver.example/notices";

/// The other services, told apart by their addresses.
pub struct Outside {
    pub remote: Rc<dyn HttpClient>,
    pub receiver: Option<Rc<dyn HttpClient>>,
    pub delivered: Rc<RefCell<Vec<HttpRequest>>>,
    pub key_fetches: Rc<Cell<u32>>,
}

impl HttpClient for Outside {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        assert_eq!(header_of(&request, "user-agent"), Some(USER_AGENT));
        let body = match request.url.as_str() {
            JWKS_URL => {
                self.key_fetches.set(self.key_fetches.get() + 1);
                fake::document(&[fake::rsa_jwk("key-1", 1)])
            }
            WEBHOOK_URL => {
                if let Some(receiver) = &self.receiver {
                    return receiver.send(request, timeout, max_bytes);
                }
                self.delivered.borrow_mut().push(request);
                Vec::new()
            }
            _ => return self.remote.send(request, timeout, max_bytes),
        };
        Box::pin(ready(Ok(HttpResponse {
            status: 200,
            headers: http::HeaderMap::new(),
            body,
        })))
    }
}

pub struct Unreachable;

impl HttpClient for Unreachable {
    fn send(
        &self,
        _: HttpRequest,
        _: Duration,
        _: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(ready(Err(HttpError::Connection)))
    }
}
