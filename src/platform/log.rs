//! Logs: one JSON object a line, dotted field names, units in names.
//!
//! A failure is logged once, where it is handled. Nothing here takes a header,
//! a body, a query or a whole path, so no secret and no e-mail can come along.

use serde::Serialize;
use wasm_bindgen::prelude::*;

/// The line of one request.
#[derive(Serialize)]
pub struct RequestLine<'a> {
    /// `http.request`.
    pub event: &'static str,
    /// `info`, `warn` or `error`.
    pub level: &'static str,
    /// The request's name.
    #[serde(rename = "request.id")]
    pub request_id: &'a str,
    /// The method.
    #[serde(rename = "http.method")]
    pub method: &'a str,
    /// The route's template; null where no route matched.
    #[serde(rename = "http.route")]
    pub route: Option<&'a str>,
    /// The status.
    #[serde(rename = "http.status")]
    pub status: u16,
    /// Who called, where that is an administrator or comes with the keys of an instance.
    #[serde(rename = "caller.name")]
    pub caller: Option<&'a str>,
    /// The log's face of an error.
    #[serde(rename = "error.cause")]
    pub cause: Option<&'a str>,
    /// Time taken as far as the platform's clock moves.
    #[serde(rename = "duration.ms")]
    pub duration_ms: u64,
}

/// The line of one scheduled run. Of one that is left to the queue it tells
/// what was planned.
#[derive(Serialize)]
pub struct RunLine<'a> {
    /// `backfill.run`.
    pub event: &'static str,
    /// `info` or `error`.
    pub level: &'static str,
    /// The event's name.
    #[serde(rename = "request.id")]
    pub request_id: &'a str,
    /// The row in the ledger.
    #[serde(rename = "run.id")]
    pub run_id: Option<&'a str>,
    /// Users taken up.
    #[serde(rename = "run.total")]
    pub total: u32,
    /// Users that got their account.
    #[serde(rename = "run.created")]
    pub created: u32,
    /// Users that could not be provisioned.
    #[serde(rename = "run.failed")]
    pub failed: u32,
    /// Why the run did not go to its end.
    #[serde(rename = "error.cause")]
    pub cause: Option<&'a str>,
    /// Time taken.
    #[serde(rename = "duration.ms")]
    pub duration_ms: u64,
}

/// The line of one delivery of a queue.
#[derive(Serialize)]
pub struct DeliveryLine<'a> {
    /// `queue.delivery`.
    pub event: &'static str,
    /// `info`, `warn` or `error`.
    pub level: &'static str,
    /// The event's name.
    #[serde(rename = "request.id")]
    pub request_id: &'a str,
    /// The queue.
    #[serde(rename = "queue.name")]
    pub queue: &'a str,
    /// Messages delivered.
    #[serde(rename = "queue.messages")]
    pub messages: usize,
    /// Those of them that are to come again.
    #[serde(rename = "queue.retried")]
    pub retried: usize,
    /// Those of them that could not be read.
    #[serde(rename = "queue.unreadable")]
    pub unreadable: usize,
    /// The runs in the ledger that they belong to.
    #[serde(rename = "run.ids")]
    pub run_ids: &'a [&'a str],
    /// Users taken up.
    #[serde(rename = "run.total")]
    pub total: u32,
    /// Users that got their account.
    #[serde(rename = "run.created")]
    pub created: u32,
    /// Users that could not be provisioned.
    #[serde(rename = "run.failed")]
    pub failed: u32,
    /// What kept it from going to its end.
    #[serde(rename = "error.cause")]
    pub cause: Option<&'a str>,
    /// Time taken.
    #[serde(rename = "duration.ms")]
    pub duration_ms: u64,
}

/// The line of one round of delivering notices.
#[derive(Serialize)]
pub struct NoticesLine<'a> {
    /// `notices.delivery`.
    pub event: &'static str,
    /// `info`, `warn` or `error`.
    pub level: &'static str,
    /// The event's name.
    #[serde(rename = "request.id")]
    pub request_id: &'a str,
    /// Notices taken up.
    #[serde(rename = "notices.claimed")]
    pub claimed: usize,
    /// Those of them that the receiver took.
    #[serde(rename = "notices.delivered")]
    pub delivered: usize,
    /// Those of them that wait for another attempt.
    #[serde(rename = "notices.failed")]
    pub failed: usize,
    /// Those of them that were given back untried.
    #[serde(rename = "notices.deferred")]
    pub deferred: usize,
    /// Notices that were deleted because they had expired.
    #[serde(rename = "notices.expired")]
    pub expired: usize,
    /// Why notices failed, or the round.
    #[serde(rename = "error.cause")]
    pub cause: Option<&'a str>,
    /// Time taken.
    #[serde(rename = "duration.ms")]
    pub duration_ms: u64,
}

#[derive(Serialize)]
struct ConfigurationLine<'a> {
    event: &'static str,
    level: &'static str,
    #[serde(rename = "config.problems")]
    problems: &'a [String],
}

/// Says once an isolate what is wrong with the configuration.
pub fn configuration(problems: &[String]) {
    if !problems.is_empty() {
        write(
            "error",
            &ConfigurationLine {
                event: "config.invalid",
                level: "error",
                problems,
            },
        );
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console)]
    fn log(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    fn error(line: &str);
}

/// Writes one line.
pub fn write(level: &str, line: &impl Serialize) {
    let Ok(text) = serde_json::to_string(line) else {
        return;
    };
    if level == "error" {
        error(&text);
    } else {
        log(&text);
    }
}
