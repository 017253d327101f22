//! The runtime's clock and its CSPRNG.

use std::time::Duration;

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

    async fn sleep(&self, duration: Duration) {
        worker::Delay::from(duration).await;
    }
}

/// The platform's CSPRNG (`crypto.getRandomValues`).
#[derive(Debug, Clone, Copy)]
pub struct RuntimeRandom;

impl Random for RuntimeRandom {
    #[allow(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "the one place that draws ambient randomness; going on without any would mint guessable secrets"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(error) = getrandom::fill(buffer) {
            panic!("the platform's CSPRNG failed: {error}");
        }
    }
}
