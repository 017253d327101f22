//! When a call to 3dEye is sent again, and after how long.
//!
//! Only what [`UpstreamError::is_retryable`] says, at most [`MAX_TRIES`] tries
//! in all, waits with full jitter, and nothing past the caller's deadline.

use std::time::{Duration, UNIX_EPOCH};

use crate::kernel::{Clock, Deadline, Random, Timestamp};

use crate::threedeye::UpstreamError;

/// How many times one call is sent at most, the first time included.
pub const MAX_TRIES: u32 = 3;

pub const MIN_WAIT: Duration = Duration::from_millis(250);

/// The longest wait that we choose ourselves; `Retry-After` may ask for more.
pub const MAX_WAIT: Duration = Duration::from_secs(4);

/// The longest `Retry-After` that is believed.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Reads a `Retry-After` header (RFC 9110, section 10.2.3): whole seconds or an
/// HTTP date. `None` when it is neither, negative (a date in the past included)
/// or beyond [`MAX_RETRY_AFTER`]: such a value says nothing worth obeying.
///
/// Row 15: GUESS that 3dEye sends the header at all.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(value.parse().ok()?)
    } else {
        let moment = httpdate::parse_http_date(value).ok()?;
        let since_epoch = moment.duration_since(UNIX_EPOCH).ok()?;
        let now = Duration::from_millis(u64::try_from(now.as_millis()).ok()?);
        since_epoch.checked_sub(now)?
    };
    (wait <= MAX_RETRY_AFTER).then_some(wait)
}

/// How long to wait after the `tries`-th failure (counted from 1) before the
/// next try; `None` to give up now.
///
/// The wait is drawn evenly from [`MIN_WAIT`] up to a ceiling of 1 s, then of
/// [`MAX_WAIT`]. A `Retry-After` is a lower bound. A wait that the deadline
/// would cut short is not begun.
pub fn next_wait(
    error: &UpstreamError,
    tries: u32,
    deadline: Deadline,
    now: Timestamp,
    random: &dyn Random,
) -> Option<Duration> {
    if !error.is_retryable() || tries >= MAX_TRIES {
        return None;
    }
    let asked = match error {
        UpstreamError::RateLimited { retry_after } => retry_after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let wait = asked.max(jitter(tries, random));
    (wait < deadline.remaining(now)).then_some(wait)
}

fn jitter(tries: u32, random: &dyn Random) -> Duration {
    let growth = 4u32.saturating_pow(tries);
    let ceiling = MIN_WAIT.saturating_mul(growth).min(MAX_WAIT);
    let span = ceiling.saturating_sub(MIN_WAIT).as_millis();
    let span = u32::try_from(span).unwrap_or(u32::MAX);
    let drawn = random.below(span.saturating_add(1));
    MIN_WAIT.saturating_add(Duration::from_millis(u64::from(drawn)))
}

/// Runs `attempt` until it succeeds or [`next_wait`] gives up; the error is the
/// last attempt's.
pub async fn with_retries<A>(
    clock: &dyn Clock,
    random: &dyn Random,
    deadline: Deadline,
    mut attempt: impl AsyncFnMut() -> Result<A, UpstreamError>,
) -> Result<A, UpstreamError> {
    let mut tries = 0;
    loop {
        let error = match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        tries += 1;
        match next_wait(&error, tries, deadline, clock.now(), random) {
            Some(wait) => clock.sleep(wait).await,
            None => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
