//! Doubles for tests: a clock that jumps instead of waiting, and a transport
//! whose answers are scripted.

use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::kernel::http_client::{HttpClient, HttpError, HttpRequest, HttpResponse};
use crate::kernel::{Clock, Timestamp};

/// A clock whose time passes only when nothing else is left to do, and then jumps to the next moment
/// that is waited for.
#[derive(Default)]
pub struct VirtualClock {
    now: Cell<Timestamp>,
    timers_so_far: Cell<u64>,
    timers: RefCell<BTreeMap<(Timestamp, u64), Waker>>,
}

/// The clock's resolution.
const TICK: Duration = Duration::from_millis(1);

impl VirtualClock {
    /// A clock that shows `now`.
    pub fn starting(now: Timestamp) -> Self {
        let clock = Self::default();
        clock.now.set(now);
        clock
    }

    /// The next moment that is waited for.
    pub fn next(&self) -> Option<Timestamp> {
        let timers = self.timers.borrow();
        timers.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// Lets time pass up to `moment`, and wakes what waited for it.
    pub fn advance_to(&self, moment: Timestamp) {
        self.now.set(self.now.get().max(moment));
        let due: Vec<Waker> = {
            let mut timers = self.timers.borrow_mut();
            let later = timers.split_off(&(self.now.get().plus(TICK), 0));
            std::mem::replace(&mut *timers, later)
                .into_values()
                .collect()
        };
        due.into_iter().for_each(Waker::wake);
    }

    /// Returns at `moment`.
    pub fn until(&self, moment: Timestamp) -> impl Future<Output = ()> + '_ {
        let number = self.timers_so_far.get();
        self.timers_so_far.set(number + 1);
        Timer {
            clock: self,
            key: (moment, number),
        }
    }

    /// Runs `future` to its end; whenever it waits, time jumps to the next timer.
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let flag = Flag::raised();
        let waker = Waker::from(Arc::clone(&flag));
        loop {
            flag.lower();
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return output;
            }
            if !flag.is_raised() {
                let next = self.next();
                self.advance_to(next.expect("waits for something that never happens"));
            }
        }
    }
}

struct Timer<'a> {
    clock: &'a VirtualClock,
    key: (Timestamp, u64),
}

impl Future for Timer<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.clock.now() >= self.key.0 {
            return Poll::Ready(());
        }
        let mut timers = self.clock.timers.borrow_mut();
        timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer<'_> {
    /// It is not waited for any more, so time need not stop there.
    fn drop(&mut self) {
        self.clock.timers.borrow_mut().remove(&self.key);
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if duration.is_zero() {
                yield_once().await;
            } else {
                self.until(self.now().plus(duration)).await;
            }
        })
    }
}

/// Whether a future was woken since it was polled last.
#[derive(Default)]
pub struct Flag(AtomicBool);

impl Flag {
    /// Raised, so that its future is polled a first time.
    pub fn raised() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub fn lower(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Lets every other future have a turn.
pub async fn yield_once() {
    let mut yielded = false;
    poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        // Those who poll many futures only poll the woken ones again.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// What a script answers, and after how long.
#[derive(Clone)]
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
    let mut headers = request.headers().iter();
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
