//! How many things may be under way at once, within one client.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// A counting semaphore for one thread and one request: a client never lends
/// it to another request, whose end would strand the waiters.
pub struct Permits {
    free: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

impl Permits {
    pub const fn new(count: usize) -> Self {
        Self {
            free: Cell::new(count),
            waiting: RefCell::new(Vec::new()),
        }
    }

    /// Waits for a permit and holds it until the guard is dropped.
    pub async fn acquire(&self) -> Permit<'_> {
        poll_fn(|context| match self.free.get().checked_sub(1) {
            Some(rest) => {
                self.free.set(rest);
                Poll::Ready(Permit(self))
            }
            None => {
                let mut waiting = self.waiting.borrow_mut();
                if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    waiting.push(context.waker().clone());
                }
                Poll::Pending
            }
        })
        .await
    }
}

/// The right to proceed; given back on drop.
pub struct Permit<'a>(&'a Permits);

impl Drop for Permit<'_> {
    /// Wakes every waiter, not one: a waiter that was dropped meanwhile can
    /// then take no wake-up with it, and those who come too late wait again.
    fn drop(&mut self) {
        self.0.free.set(self.0.free.get() + 1);
        for waker in self.0.waiting.take() {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::time::Duration;

    use futures_util::future::{FutureExt as _, join_all};

    use super::*;
    use crate::kernel::Clock as _;
    use crate::threedeye::testing::VirtualClock;

    #[test]
    fn never_more_than_the_count_and_no_waiter_is_forgotten() {
        let clock = VirtualClock::default();
        let permits = Permits::new(6);
        let (running, most) = (Cell::new(0), Cell::new(0));
        clock.run(join_all((0..50).map(|i| {
            let (permits, running, most, clock) = (&permits, &running, &most, &clock);
            async move {
                let _permit = permits.acquire().await;
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                clock.sleep(Duration::from_millis(10 + i % 7)).await;
                running.set(running.get() - 1);
            }
        })));
        assert_eq!((running.get(), most.get(), permits.free.get()), (0, 6, 6));
    }

    #[test]
    fn a_dropped_waiter_takes_no_permit_and_no_wake_up_with_it() {
        let permits = Permits::new(1);
        let held = permits.acquire().now_or_never().unwrap();
        let mut patient = pin!(permits.acquire());
        {
            let mut impatient = pin!(permits.acquire());
            assert!(impatient.as_mut().now_or_never().is_none());
            assert!(patient.as_mut().now_or_never().is_none());
            drop(held);
            // Woken, and dropped before it could take the permit.
        }
        assert!(patient.now_or_never().is_some());
        assert_eq!(permits.free.get(), 1);
    }

    #[test]
    fn a_dropped_holder_gives_its_permit_back() {
        let permits = Permits::new(1);
        {
            let mut holder = pin!(async {
                let _permit = permits.acquire().await;
                std::future::pending::<()>().await;
            });
            assert!(holder.as_mut().now_or_never().is_none());
            assert_eq!(permits.free.get(), 0);
        }
        assert_eq!(permits.free.get(), 1);
    }
}
