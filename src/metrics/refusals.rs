//! Requests that were refused, counted in the isolate and written down once a minute with a request that was not: a
//! refusal costs no call of the database. What an isolate has not written down when it ends is lost, so the counter is a
//! lower bound.

use std::cell::Cell;
use std::time::Duration;

use http::StatusCode;

use super::counters::{REFUSED, add};
use crate::db::Batch;
use crate::kernel::Timestamp;

/// How often an isolate writes down what it has counted.
const INTERVAL: Duration = Duration::from_secs(60);

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 401: no proof of who calls, or one that does not hold.
    Unauthenticated,
    /// 403: the caller is known and may not.
    Forbidden,
    /// 429: more often than allowed.
    RateLimited,
}

impl Refusal {
    pub const ALL: [Self; 3] = [Self::Unauthenticated, Self::Forbidden, Self::RateLimited];

    /// `counters.kind`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
        }
    }

    const fn of(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::UNAUTHORIZED => Some(Self::Unauthenticated),
            StatusCode::FORBIDDEN => Some(Self::Forbidden),
            StatusCode::TOO_MANY_REQUESTS => Some(Self::RateLimited),
            _ => None,
        }
    }
}

/// What an isolate has counted and not yet written down.
#[derive(Debug, Default)]
pub struct Refusals {
    counts: Cell<Counts>,
    /// When the first of them was counted.
    since: Cell<Option<Timestamp>>,
}

/// How many refusals, in the order of [`Refusal::ALL`].
pub type Counts = [u32; 3];

impl Refusals {
    /// Counts an answer, if it is a refusal. After any other tells what is to be written down, once a minute has passed
    /// since the first refusal. The clock is asked only where something is counted: most requests have nothing to tell.
    pub fn note(&self, status: StatusCode, now: impl FnOnce() -> Timestamp) -> Option<Counts> {
        if let Some(refusal) = Refusal::of(status) {
            let mut counts = self.counts.get();
            for (known, count) in Refusal::ALL.into_iter().zip(&mut counts) {
                *count = count.saturating_add(u32::from(known == refusal));
            }
            self.counts.set(counts);
            self.since.set(self.since.get().or_else(|| Some(now())));
            return None;
        }
        let since = self.since.get()?;
        (now().since(since) >= INTERVAL).then(|| self.take())
    }

    /// Takes what has been counted.
    pub fn take(&self) -> Counts {
        self.since.set(None);
        self.counts.take()
    }

    /// Takes back what could not be written down.
    pub fn give_back(&self, counts: Counts, now: Timestamp) {
        let mut all = self.counts.get();
        for (count, more) in all.iter_mut().zip(counts) {
            *count = count.saturating_add(more);
        }
        self.counts.set(all);
        self.since.set(self.since.get().or(Some(now)));
    }
}

/// Adds what writes these down.
pub fn add_refusals(batch: &mut Batch, counts: Counts, now: Timestamp) {
    let counted = Refusal::ALL.into_iter().zip(counts);
    let counted = counted.filter(|(_, count)| *count > 0);
    batch.execute_all(counted.map(|(refusal, count)| add(REFUSED, refusal.as_str(), count, now)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn refusals_are_told_a_minute_after_the_first() {
        let refusals = Refusals::default();
        let note = |status, seconds| refusals.note(status, || at(seconds));
        assert_eq!(note(StatusCode::OK, 0), None);
        assert_eq!(note(StatusCode::UNAUTHORIZED, 100), None);
        assert_eq!(note(StatusCode::FORBIDDEN, 110), None);
        assert_eq!(note(StatusCode::BAD_REQUEST, 120), None);
        assert_eq!(note(StatusCode::OK, 159), None);
        assert_eq!(note(StatusCode::UNAUTHORIZED, 160), None);
        assert_eq!(note(StatusCode::OK, 160), Some([2, 1, 0]));
        assert_eq!(note(StatusCode::OK, 400), None);
        assert_eq!(note(StatusCode::TOO_MANY_REQUESTS, 401), None);
        assert_eq!(note(StatusCode::TOO_MANY_REQUESTS, 461), None);
        assert_eq!(note(StatusCode::NOT_FOUND, 461), Some([0, 0, 2]));
    }

    #[test]
    fn what_could_not_be_written_is_told_again() {
        let refusals = Refusals::default();
        refusals.note(StatusCode::FORBIDDEN, || at(0));
        refusals.note(StatusCode::FORBIDDEN, || at(59));
        let counts = refusals.note(StatusCode::OK, || at(60)).unwrap();
        refusals.note(StatusCode::UNAUTHORIZED, || at(61));
        refusals.give_back(counts, at(62));
        assert_eq!(refusals.note(StatusCode::OK, || at(120)), None);
        assert_eq!(refusals.note(StatusCode::OK, || at(121)), Some([1, 2, 0]));
    }
}
