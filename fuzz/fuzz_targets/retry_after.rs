//! `Retry-After`, and the wait that we make of it.
//!
//! Input: a line with the time in milliseconds since the epoch, then the
//! header's value.
#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use spkey_edge::kernel::{Deadline, Random, Timestamp};
use spkey_edge::threedeye::UpstreamError;
use spkey_edge::threedeye::retry::{MAX_RETRY_AFTER, MIN_WAIT, next_wait, parse_retry_after};
use spkey_edge_fuzz::lines;

/// The least random source there is: the shortest wait every time.
struct Zeros;

impl Random for Zeros {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fuzz_target!(|input: &[u8]| {
    let ([now], value) = lines(input);
    let (Ok(now), Ok(value)) = (std::str::from_utf8(now), std::str::from_utf8(value)) else {
        return;
    };
    let now = Timestamp::from_millis(now.trim().parse().unwrap_or(1_700_000_000_000));
    let Some(asked) = parse_retry_after(value, now) else {
        return;
    };
    assert!(asked <= MAX_RETRY_AFTER);
    assert_eq!(parse_retry_after(&format!(" {value}\t"), now), Some(asked));
    match value.trim().parse::<u64>() {
        Ok(seconds) => assert_eq!(asked, Duration::from_secs(seconds)),
        Err(_) => {
            let date = httpdate::parse_http_date(value.trim()).expect("neither number nor date");
            let date = date.duration_since(UNIX_EPOCH).expect("before the epoch");
            assert_eq!(now.plus(asked).as_millis() as u128, date.as_millis());
        }
    }

    let error = UpstreamError::RateLimited {
        retry_after: Some(asked),
    };
    for within in [Duration::ZERO, asked, asked * 2, MAX_RETRY_AFTER * 2] {
        let deadline = Deadline::at(now.plus(within));
        if let Some(wait) = next_wait(&error, 1, deadline, now, &Zeros) {
            assert!(wait >= asked && wait >= MIN_WAIT && wait < within);
        }
    }
});
