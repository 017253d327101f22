//! Time as a parameter.
//!
//! `std::time` panics on Wasm, and the runtime's clock advances only with I/O, so the time comes
//! from a [`Clock`].

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize, Serializer};

/// A moment, in whole milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(
    rename = "Moment",
    description = "A moment in UTC with milliseconds.",
    extend(
        "format" = "date-time",
        "pattern" = "Z$",
        "examples" = ["2026-11-21T10:30:00.000Z"],
    )
))]
pub struct Timestamp(#[cfg_attr(test, schemars(with = "String"))] i64);

impl Timestamp {
    /// The moment `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved later by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(clamp_millis(by)))
    }

    /// This moment moved earlier by `by`.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(clamp_millis(by)))
    }

    /// How long after `earlier` this moment is; zero when it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment as a `chrono` value; the epoch when it is out of range.
    pub fn to_datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }

    /// ISO 8601 in UTC with milliseconds: `2024-01-15T10:30:00.000Z`.
    pub fn to_iso(self) -> String {
        self.to_datetime()
            .to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// Parses ISO 8601 (RFC 3339 profile).
    pub fn parse_iso(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|moment| Self(moment.timestamp_millis()))
    }
}

impl Serialize for Timestamp {
    /// As ISO 8601, in every answer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_iso())
    }
}

fn clamp_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub trait Clock {
    fn now(&self) -> Timestamp;

    /// Returns once `duration` has passed.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()>;
}

#[cfg(test)]
impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        (**self).sleep(duration)
    }
}

impl<C: Clock + ?Sized> Clock for std::rc::Rc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        (**self).sleep(duration)
    }
}

/// The moment by which a piece of work must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Timestamp);

impl Deadline {
    pub fn after(clock: &dyn Clock, within: Duration) -> Self {
        Self(clock.now().plus(within))
    }

    pub const fn at(moment: Timestamp) -> Self {
        Self(moment)
    }

    pub const fn moment(self) -> Timestamp {
        self.0
    }

    /// The time left at `now`; zero once the deadline has passed.
    pub fn remaining(self, now: Timestamp) -> Duration {
        self.0.since(now)
    }

    pub fn passed(self, now: Timestamp) -> bool {
        now >= self.0
    }

    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_the_iso_form_of_the_users_table() {
        let moment = Timestamp::parse_iso("2024-01-15T10:30:00.000Z").unwrap();
        assert_eq!(moment.as_millis(), 1_705_314_600_000);
        assert_eq!(moment.to_iso(), "2024-01-15T10:30:00.000Z");
    }

    #[test]
    fn since_is_zero_for_a_later_moment() {
        let now = Timestamp::from_millis(5);
        assert_eq!(now.since(Timestamp::from_millis(9)), Duration::ZERO);
    }
}
