//! Doubles for tests: a clock that jumps instead of waiting, and a transport
//! whose answers are scripted.

use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::kernel::{Clock, Timestamp};

/// A clock whose time passes only when nothing else is left to do.
#[derive(Default)]
pub struct VirtualClock {
    now: Cell<Timestamp>,
    serial: Cell<u64>,
    timers: RefCell<BTreeMap<(Timestamp, u64), Waker>>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl VirtualClock {
    /// A clock that shows `now`.
    pub fn starting(now: Timestamp) -> Self {
        let clock = Self::default();
        clock.now.set(now);
        clock
    }

    /// Runs `future` to its end; whenever it waits, time jumps to the next timer.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(flag.clone());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            if !flag.0.swap(false, Ordering::Relaxed) {
                let next = self.timers.borrow_mut().pop_first();
                let ((moment, _), timer) = next.expect("waits for something that never happens");
                self.now.set(moment.max(self.now.get()));
                timer.wake();
            }
        }
    }
}

struct Timer<'a>(&'a VirtualClock, (Timestamp, u64));

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.0.timers.borrow_mut().remove(&self.1);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            self.serial.set(self.serial.get() + 1);
            let timer = Timer(self, (self.now().plus(duration), self.serial.get()));
            poll_fn(|context| {
                if self.now() >= timer.1.0 {
                    return Poll::Ready(());
                }
                let waker = context.waker().clone();
                self.timers.borrow_mut().insert(timer.1, waker);
                Poll::Pending
            })
            .await;
        })
    }
}

/// What a script answers, and after how long.
pub struct Reply {
    after: Duration,
    result: Result<HttpResponse, HttpError>,
}

impl Reply {
    /// An answer with this status and body, after 20 ms.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            after: Duration::from_millis(20),
            result: Ok(HttpResponse {
                status,
                headers: HeaderMap::new(),
                body: body.into(),
            }),
        }
    }

    /// No answer.
    pub fn lost(cause: HttpError) -> Self {
        Self {
            after: Duration::from_millis(20),
            result: Err(cause),
        }
    }

    /// The same, after another time.
    pub fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }

    /// The same, with a header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(response) = &mut self.result {
            let value = HeaderValue::from_str(value).unwrap();
            response
                .headers
                .insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The answer itself, for tests of parsers.
    pub fn response(self) -> HttpResponse {
        self.result.unwrap()
    }
}

type Answer<'a> = Box<dyn FnMut(&HttpRequest) -> Reply + 'a>;

/// A transport that answers from a script and remembers what it was asked.
pub struct Script<'a> {
    clock: &'a VirtualClock,
    answer: RefCell<Answer<'a>>,
    /// Every request, in order.
    pub requests: RefCell<Vec<HttpRequest>>,
    running: Cell<usize>,
    /// How many requests were under way at once, at most.
    pub most_at_once: Cell<usize>,
}

impl<'a> Script<'a> {
    /// A transport that answers every request with `answer`.
    pub fn new(clock: &'a VirtualClock, answer: impl FnMut(&HttpRequest) -> Reply + 'a) -> Self {
        Self {
            clock,
            answer: RefCell::new(Box::new(answer)),
            requests: RefCell::default(),
            running: Cell::default(),
            most_at_once: Cell::default(),
        }
    }
}

/// A header of the request.
pub fn header_of<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let mut headers = request.headers.iter();
    headers
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.as_str())
}

impl HttpClient for Script<'_> {
    fn send(
        &self,
        request: HttpRequest,
        timeout: Duration,
        max_bytes: usize,
    ) -> LocalBoxFuture<'_, Result<HttpResponse, HttpError>> {
        Box::pin(async move {
            let reply = (self.answer.borrow_mut())(&request);
            self.requests.borrow_mut().push(request);
            self.running.set(self.running.get() + 1);
            self.most_at_once
                .set(self.most_at_once.get().max(self.running.get()));
            self.clock.sleep(reply.after.min(timeout)).await;
            self.running.set(self.running.get() - 1);
            match reply.result {
                _ if reply.after >= timeout => Err(HttpError::TimedOut),
                Ok(response) if response.body.len() > max_bytes => Err(HttpError::TooLarge),
                result => result,
            }
        })
    }
}
