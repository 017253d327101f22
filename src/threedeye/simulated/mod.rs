//! 3dEye in memory, behind the HTTP boundary: it takes the requests that `wire`
//! makes and answers what `wire` reads, so that retries, permits, tokens and
//! parsing are part of every test that runs on it.
//!
//! | module | what it holds |
//! |---|---|
//! | `directory` | the accounts of all customers, and how slowly changes show |
//! | `answers` | the API: routes, checks and answers |
//! | `faults` | what can go wrong with one exchange |
//!
//! The suite of `conformance` holds it to what the simulator in JavaScript does.

mod answers;
pub mod directory;
pub mod faults;
mod tests;

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::future::pending;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture, select};
use http::HeaderMap;

use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::kernel::{Clock, EmailKey, Secret, Timestamp};
use crate::threedeye::config::{ProtectedAccounts, ThreedeyeConfig, ThreedeyeLogin};

use directory::Directory;
use faults::{Fault, Faults};

/// Where it can be reached.
const BASE_URL: &str = "https://upstream.example/v3";

/// An account that is never deleted.
pub const PROTECTED: &str = "keep@example.com";

/// The domain of accounts that are never deleted.
pub const STAFF_DOMAIN: &str = "staff.example";

const API_KEY: &str = "the key";
const CUSTOMER: &str = "our customer";
const LOGIN_PASSWORD: &str = "the login's own";

/// The calls of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `POST /auth/token`.
    Token,
    /// `GET /users`, one page.
    List,
    /// `POST /users`.
    Create,
    /// `DELETE /users/{id}`.
    Delete,
    /// `POST /roles/{roleId}/users/{userId}`.
    Attach,
    /// Anything else.
    Unknown,
}

/// How it speaks, as far as that is a guess (docs/3DEYE.md).
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Names of fields are in PascalCase.
    pub pascal_case: bool,
    /// A created user comes under `data`.
    pub enveloped: bool,
    /// Roles are told as bare ids.
    pub bare_roles: bool,
    /// A page tells how many users there are.
    pub told_total: bool,
    /// A taken e-mail is a 400 with words, not a 409.
    pub taken_in_words: bool,
    /// How long a token lives.
    pub token_lifetime: Duration,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            pascal_case: false,
            enveloped: false,
            bare_roles: false,
            told_total: true,
            taken_in_words: false,
            token_lifetime: Duration::from_secs(600),
        }
    }
}

/// The upstream. Clones share it, as its clients do.
pub struct Simulated<C, F>(Rc<Inner<C, F>>);

impl<C, F> Clone for Simulated<C, F> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

struct Inner<C, F> {
    clock: C,
    faults: F,
    login: String,
    style: Cell<Style>,
    directory: RefCell<Directory>,
    /// Whose token each is, and until when.
    tokens: RefCell<BTreeMap<String, (String, Timestamp)>>,
    calls: RefCell<BTreeMap<Operation, u32>>,
    /// Requests whose caller has given up, and that take effect all the same.
    under_way: RefCell<Vec<UnderWay>>,
}

struct UnderWay {
    lands_at: Timestamp,
    actor: usize,
    request: HttpRequest,
}

impl<C: Clock, F: Faults> Simulated<C, F> {
    /// An upstream without accounts. `login` is the user name that we log in with.
    pub fn new(login: &str, clock: C, faults: F) -> Self {
        Self(Rc::new(Inner {
            clock,
            faults,
            login: login.to_owned(),
            style: Cell::default(),
            directory: RefCell::default(),
            tokens: RefCell::default(),
            calls: RefCell::default(),
            under_way: RefCell::default(),
        }))
    }

    /// What a client has to know to call it.
    pub fn config(&self, page_size: u32) -> ThreedeyeConfig {
        ThreedeyeConfig {
            base_url: BASE_URL.to_owned(),
            api_key: Secret::new(API_KEY),
            customer_id: CUSTOMER.to_owned(),
            login: Some(ThreedeyeLogin {
                username: self.0.login.clone(),
                password: Secret::new(LOGIN_PASSWORD),
            }),
            protected: ProtectedAccounts {
                emails: [self.0.login.as_str(), PROTECTED]
                    .iter()
                    .filter_map(|email| EmailKey::of(email))
                    .collect(),
                domains: vec![STAFF_DOMAIN.to_owned()],
            },
            page_size,
            timeout: Duration::from_secs(10),
            dialect: Rc::default(),
        }
    }

    /// What goes wrong.
    pub fn faults(&self) -> &F {
        &self.0.faults
    }

    /// The accounts, to look at.
    pub fn directory(&self) -> Ref<'_, Directory> {
        self.0.directory.borrow()
    }

    /// The accounts, to be changed by others than us.
    pub fn directory_mut(&self) -> RefMut<'_, Directory> {
        self.0.directory.borrow_mut()
    }

    /// Makes it speak otherwise from now on.
    pub fn speak(&self, style: Style) {
        self.0.style.set(style);
    }

    /// Revokes all tokens.
    pub fn revoke_tokens(&self) {
        self.0.tokens.borrow_mut().clear();
    }

    /// How many requests of a kind have arrived.
    pub fn calls(&self, operation: Operation) -> u32 {
        let calls = self.0.calls.borrow();
        calls.get(&operation).copied().unwrap_or_default()
    }

    /// When the next request takes effect whose caller has given up.
    pub fn next_landing(&self) -> Option<Timestamp> {
        let under_way = self.0.under_way.borrow();
        under_way.iter().map(|one| one.lands_at).min()
    }

    /// Lets the next such request take effect if its moment has come, and tells
    /// whose it was.
    pub fn land(&self) -> Option<usize> {
        let now = self.0.clock.now();
        let landing = {
            let mut under_way = self.0.under_way.borrow_mut();
            let place = under_way.iter().position(|one| one.lands_at <= now)?;
            under_way.remove(place)
        };
        self.answer(&landing.request);
        Some(landing.actor)
    }

    /// One exchange, for as long as it takes.
    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let operation = answers::operation(request);
        let fault = self.0.faults.before(operation).await;
        {
            let mut calls = self.0.calls.borrow_mut();
            *calls.entry(operation).or_default() += 1;
        }
        let answer = match fault {
            Fault::Refused(response) => Ok(response),
            Fault::Unreachable => Err(HttpError::Connection),
            Fault::Hangs => pending().await,
            Fault::Lands { after, actor } => {
                self.0.under_way.borrow_mut().push(UnderWay {
                    lands_at: self.0.clock.now().plus(after),
                    actor,
                    request: request.clone(),
                });
                pending().await
            }
            Fault::AnswerLost => {
                self.answer(request);
                Err(HttpError::Connection)
            }
            Fault::Mangled(mangle) => Ok(mangle(self.answer(request))),
            Fault::None => Ok(self.answer(request)),
        };
        self.0.faults.after(operation).await;
        answer
    }
}

impl<C: Clock, F: Faults> HttpClient for Simulated<C, F> {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            let answered = {
                let exchange = pin!(self.exchange(&request));
                match select(exchange, pin!(self.0.clock.sleep(timeout))).await {
                    Either::Left((answer, _)) => Some(answer),
                    Either::Right(_) => None,
                }
            };
            let Some(answer) = answered else {
                self.0.faults.after(answers::operation(&request)).await;
                return Err(HttpError::TimedOut);
            };
            let answer = answer?;
            if answer.body.len() > max_bytes {
                return Err(HttpError::TooLarge);
            }
            Ok(answer)
        })
    }
}

/// An answer of this status and body.
pub fn response(status: u16, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse {
        status,
        headers: HeaderMap::new(),
        body: body.into(),
    }
}
