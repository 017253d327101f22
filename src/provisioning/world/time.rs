//! Virtual time: it stands still while anybody can work, and then jumps to
//! the next moment that somebody waits for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::kernel::{Clock, Timestamp};

/// The clock that all actors of a world share.
pub struct Time {
    now: Cell<Timestamp>,
    timers: RefCell<BTreeMap<(Timestamp, u64), Waker>>,
    timers_so_far: Cell<u64>,
}

impl Time {
    pub fn starting_at(now: Timestamp) -> Self {
        Self {
            now: Cell::new(now),
            timers: RefCell::default(),
            timers_so_far: Cell::new(0),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.now.get()
    }

    /// The next moment that somebody waits for.
    pub fn next(&self) -> Option<Timestamp> {
        let timers = self.timers.borrow();
        timers.first_key_value().map(|((moment, _), _)| *moment)
    }

    /// Lets time pass up to `moment`, and wakes whoever waited for it.
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
        Sleep {
            time: self,
            key: (moment, number),
        }
    }
}

/// The clock's resolution.
const TICK: Duration = Duration::from_millis(1);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if duration.is_zero() {
                yield_once().await;
            } else {
                self.until(self.now.get().plus(duration)).await;
            }
        })
    }
}

struct Sleep<'a> {
    time: &'a Time,
    key: (Timestamp, u64),
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.time.now() >= self.key.0 {
            return Poll::Ready(());
        }
        let mut timers = self.time.timers.borrow_mut();
        timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    /// Nobody waits any more, so time need not stop there.
    fn drop(&mut self) {
        self.time.timers.borrow_mut().remove(&self.key);
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
    std::future::poll_fn(|context| {
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
