//! The log: one JSON object a line, dotted field names, units in names.
//!
//! A failure is logged once, where it is handled. No line takes a header, a body, a query or a
//! whole path, so no secret and no e-mail can come along.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::RequestId;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Info,
    Warn,
    Error,
}

/// Where lines go.
pub trait Log {
    fn write(&self, level: Level, line: &str);
}

/// The line of one request or event.
#[derive(Serialize)]
pub struct Line<'a, T> {
    pub event: &'static str,
    pub level: Level,
    #[serde(rename = "request.id")]
    pub request_id: &'a str,
    /// What only this kind of event tells.
    #[serde(flatten)]
    pub fields: T,
    #[serde(rename = "error.cause")]
    pub cause: Option<&'a str>,
    /// As far as the runtime's clock moves.
    #[serde(rename = "duration.ms", serialize_with = "millis")]
    pub duration: Duration,
}

impl<T: Serialize> Line<'_, T> {
    pub fn write(&self, log: &dyn Log) {
        if let Ok(text) = serde_json::to_string(self) {
            log.write(self.level, &text);
        }
    }
}

/// The line of an event of which there is nothing to tell but why it failed.
pub fn write_failure(
    log: &dyn Log,
    event: &'static str,
    request_id: &RequestId,
    cause: &str,
    duration: Duration,
) {
    #[derive(Serialize)]
    struct Nothing {}

    let line = Line {
        event,
        level: Level::Error,
        request_id: request_id.as_str(),
        cause: Some(cause),
        fields: Nothing {},
        duration,
    };
    line.write(log);
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
