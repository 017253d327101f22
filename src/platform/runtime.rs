//! The runtime's clock and its CSPRNG.

use futures_util::future::LocalBoxFuture;
use std::cell::RefCell;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use wasm_bindgen::JsValue;

use crate::kernel::{Clock, Random, Timestamp};

/// The platform's clock. In production it stands still between I/O.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock;

impl Clock for RuntimeClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the ambient time"
    )]
    fn now(&self) -> Timestamp {
        // A float of whole milliseconds, far below 2^53.
        Timestamp::from_millis(js_sys::Date::now() as i64)
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            // A timer of no time at all would still take a turn of the event loop.
            if duration.is_zero() {
                return;
            }
            // A `Delay` wakes whom it knows from its first poll. That must not be the one poll of a request before
            // there is a promise that could be woken.
            let mut is_first = true;
            poll_fn(|context| {
                if std::mem::take(&mut is_first) {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(())
            })
            .await;
            worker::Delay::from(duration).await;
        })
    }
}

/// The platform's CSPRNG (`crypto.getRandomValues`).
///
/// Its bytes are drawn in stock: a call into JavaScript costs more than the
/// bytes do, and a password alone takes some thirty draws.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeRandom;

impl Random for RuntimeRandom {
    fn fill(&self, buffer: &mut [u8]) {
        STOCK.with_borrow_mut(|stock| stock.fill(buffer));
    }
}

thread_local! {
    /// An isolate has one thread.
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; STOCK_BYTES], used: STOCK_BYTES }) };
}

const STOCK_BYTES: usize = 1024;

/// Random bytes, each handed out once and wiped.
struct Stock {
    bytes: [u8; STOCK_BYTES],
    used: usize,
}

impl Stock {
    fn fill(&mut self, buffer: &mut [u8]) {
        for target in buffer {
            if self.used >= STOCK_BYTES {
                self.restock();
            }
            if let Some(byte) = self.bytes.get_mut(self.used) {
                *target = std::mem::take(byte);
            }
            self.used += 1;
        }
    }

    #[allow(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "the one place that draws ambient randomness; going on without any would mint guessable secrets"
    )]
    fn restock(&mut self) {
        if let Err(error) = getrandom::fill(&mut self.bytes) {
            panic!("the platform's CSPRNG failed: {error}");
        }
        self.used = 0;
    }
}

/// Has futures woken by way of a settled promise and not by `queueMicrotask`,
/// which is a native call of 5 µs on workerd where `then` takes a tenth of
/// that: every answer that is waited for wakes a future. The executor uses
/// whichever it finds, and nothing else here asks for `queueMicrotask`.
pub fn schedule_by_promises() {
    let name = JsValue::from_str("queueMicrotask");
    // Were it to stay, futures would be woken by it.
    let _ = js_sys::Reflect::set(&js_sys::global(), &name, &JsValue::UNDEFINED);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_handed_out_twice_and_none_is_left_out() {
        let mut stock = Stock {
            bytes: [7; STOCK_BYTES],
            used: 0,
        };
        let mut buffer = [0; 16];
        stock.fill(&mut buffer);
        assert_eq!(buffer, [7; 16]);
        assert_eq!(stock.bytes.iter().filter(|byte| **byte == 0).count(), 16);
        // More than is left, and more than a whole stock.
        let mut long = [0; 3 * STOCK_BYTES];
        stock.fill(&mut long);
        assert_eq!(stock.used, 16);
        assert!(long.iter().filter(|byte| **byte == 0).count() < 100);
    }
}
