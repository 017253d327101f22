//! Prometheus' text format, version 0.0.4, and what a scrape tells in it.

use std::fmt::Write as _;

use super::counters::{DEAD_LETTERS, OUTCOMES, REFUSED};
use super::gauges::Gauges;
use super::refusals::Refusal;
use super::store::{Counter, RunStatus, Sample};
use crate::kernel::Timestamp;

/// The media type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// D1's limit for one database on Workers Paid.
pub const DATABASE_LIMIT_BYTES: u64 = 10_000_000_000;

/// What provisioning comes to: `daily_counts.name`.
const OUTCOME_KINDS: [&str; 7] = [
    "created",
    "adopted",
    "replaced",
    "roles_attached",
    "failed",
    "quarantined",
    "set_aside",
];

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

/// The samples of a scrape, as text.
struct Exposition {
    text: String,
}

/// Name and value of a label, where a sample has one.
type Label<'a> = Option<(&'static str, &'a str)>;

impl Exposition {
    fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        // Writing into a String cannot fail.
        let _ = write!(
            self.text,
            "# HELP spkey_{name} {help}\n# TYPE spkey_{name} {kind}\n"
        );
    }

    fn sample(&mut self, name: &str, label: Label<'_>, value: impl std::fmt::Display) {
        let _ = write!(self.text, "spkey_{name}");
        if let Some((key, text)) = label {
            let text = text
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            let _ = write!(self.text, "{{{key}=\"{text}\"}}");
        }
        let _ = writeln!(self.text, " {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, Kind::Gauge, help);
        self.sample(name, None, value);
    }

    /// The value for every kind there is, so that a counter begins with 0 and not with its first event.
    fn counters<'a>(
        &mut self,
        (name, label, help): (&str, &'static str, &str),
        kinds: impl IntoIterator<Item = &'a str>,
        counters: &[Counter],
        stored: &str,
    ) {
        self.family(name, Kind::Counter, help);
        for kind in kinds {
            let value = value_of(counters, stored, kind);
            self.sample(name, Some((label, kind)), value);
        }
    }
}

fn value_of(counters: &[Counter], name: &str, kind: &str) -> u64 {
    let found = counters
        .iter()
        .find(|one| one.name == name && one.kind == kind);
    found.map_or(0, |one| one.value)
}

/// What a scrape at `now` tells.
pub fn exposition(sample: &Sample, version: &'static str, now: Timestamp) -> String {
    let mut out = Exposition {
        text: String::with_capacity(8 * 1024),
    };
    out.family(
        "build_info",
        Kind::Gauge,
        "The version of this Worker; always 1.",
    );
    out.sample("build_info", Some(("version", version)), 1);
    if let Some(schema) = sample.schema {
        let help = "The version of the database's schema.";
        out.gauge("schema_version", help, schema);
    }
    let help = "Whether provisioning is paused: 1 or 0.";
    out.gauge("provisioning_paused", help, u8::from(sample.paused));
    if let Some(gauges) = &sample.gauges {
        expose_gauges(&mut out, gauges, now);
    }
    let outcomes = (
        "outcomes_total",
        "outcome",
        "What provisioning came to, users.",
    );
    out.counters(outcomes, OUTCOME_KINDS, &sample.counters, OUTCOMES);
    let refused = (
        "requests_refused_total",
        "kind",
        "Requests that were refused; a lower bound, because what an isolate has not written down is lost with it.",
    );
    let kinds = Refusal::ALL.map(Refusal::as_str);
    out.counters(refused, kinds, &sample.counters, REFUSED);
    let help = "Messages of planned runs that failed too often.";
    out.family("dead_letters_total", Kind::Counter, help);
    let dead = value_of(&sample.counters, DEAD_LETTERS, "");
    out.sample("dead_letters_total", None, dead);
    if let Some(run) = sample.last_run {
        let help = "When the last scheduled run began.";
        let began = run.started_at.as_secs();
        out.gauge("scheduled_run_start_timestamp_seconds", help, began);
        let help = "When the last scheduled run made progress that was recorded.";
        let active = run.active_at.as_secs();
        out.gauge("scheduled_run_active_timestamp_seconds", help, active);
        let help = "How the last scheduled run stands: 1 for its status, 0 for the others.";
        out.family("scheduled_run_status", Kind::Gauge, help);
        for status in RunStatus::ALL {
            let is_it = u8::from(status == run.status);
            let label = Some(("status", status.as_str()));
            out.sample("scheduled_run_status", label, is_it);
        }
    }
    out.text
}

/// What a scheduled run has taken. Ages are told as of now.
fn expose_gauges(out: &mut Exposition, gauges: &Gauges, now: Timestamp) {
    let age = |since: Option<Timestamp>| since.map_or(0, |since| now.since(since).as_secs());
    let help = "How old the gauges are that a scheduled run takes.";
    out.gauge("gauges_age_seconds", help, age(Some(gauges.at)));
    let help = "Users in the work queue.";
    out.gauge("users_waiting", help, gauges.waiting);
    let help = "Users whose next attempt is due, up to 10000.";
    out.gauge("users_due", help, gauges.due);
    let help = "For how long the user that is due longest has been due; 0: none is.";
    out.gauge("oldest_due_age_seconds", help, age(gauges.oldest_due_at));
    let help =
        "Users whose last attempt failed and who are tried again, by reason, up to 10000 each.";
    out.family("users_failing", Kind::Gauge, help);
    for (reason, count) in &gauges.failing {
        out.sample("users_failing", Some(("reason", reason)), count);
    }
    let help =
        "Users whose account is there and whose saved roles are not attached yet, up to 10000.";
    out.gauge("users_attaching", help, gauges.attaching);
    let help = "Users in quarantine, up to 10000.";
    out.gauge("users_quarantined", help, gauges.quarantined);
    let help = "Users whose e-mail another user holds, up to 10000.";
    out.gauge("users_set_aside", help, gauges.set_aside);
    if let Some(users) = gauges.users {
        let help = "Users, counted once a night.";
        out.gauge("users", help, users);
    }
    if let Some(complete) = gauges.complete {
        let help = "Users with an account, counted once a night.";
        out.gauge("users_complete", help, complete);
    }
    let help = "Runs that died within the hour before the gauges were taken.";
    out.gauge("runs_died", help, gauges.died_runs);
    let help = "Notices in the outbox, up to 10000.";
    out.gauge("notices_waiting", help, gauges.notices_waiting);
    let help = "Notices in the outbox that were tried before, up to 10000.";
    out.gauge("notices_failing", help, gauges.notices_failing);
    let help = "How old the oldest notice is whose delivery failed; 0: none did.";
    let since = gauges.notices_failing_since;
    out.gauge("notices_failing_age_seconds", help, age(since));
    let help = "The size of the database.";
    out.gauge("database_size_bytes", help, gauges.database_bytes);
    let help = "The size that D1 allows a database on Workers Paid.";
    out.gauge("database_size_limit_bytes", help, DATABASE_LIMIT_BYTES);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        let mut out = Exposition {
            text: String::new(),
        };
        out.sample("x", Some(("reason", "a\\b\"c\nd")), 1);
        assert_eq!(out.text, "spkey_x{reason=\"a\\\\b\\\"c\\nd\"} 1\n");
    }
}
