//! When an alert fires.

use std::time::Duration;

use crate::kernel::Timestamp;
use crate::metrics::gauges::{Gauges, LATELY};

/// For how long a user may be due, and a notice undelivered.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// `/health` answers 503.
    Health,
    /// More users were quarantined within an hour than `ALERT_QUARANTINED` allows.
    Quarantined,
    /// The user that is due longest has been due for an hour.
    OldestDue,
    /// A message of a planned run failed too often within the last hour.
    DeadLetter,
    /// A run died within the last hour.
    RunDied,
    /// A notice has failed for an hour.
    NoticesFailing,
}

impl Condition {
    /// `alerts.name`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Quarantined => "quarantined",
            Self::OldestDue => "oldest_due",
            Self::DeadLetter => "dead_letter",
            Self::RunDied => "run_died",
            Self::NoticesFailing => "notices_failing",
        }
    }
}

/// Whether a condition holds, and what an operator reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub condition: Condition,
    pub is_firing: bool,
    /// Without personal data. What is over is told as well.
    pub text: String,
}

/// What conditions are judged by.
#[derive(Debug)]
pub struct Observed<'a> {
    pub gauges: &'a Gauges,
    /// What `/health` says is wrong; empty where all is well.
    pub health_problems: Vec<String>,
    pub last_dead_letter_at: Option<Timestamp>,
    /// Whether scheduled runs do anything: 3dEye is configured, and they are not paused.
    pub runs_are_on: bool,
    /// `ALERT_QUARANTINED`.
    pub most_quarantined: u32,
}

impl Observed<'_> {
    /// Every condition, once.
    pub fn findings(&self) -> [Finding; 6] {
        let now = self.gauges.at;
        let is_old = |since: Option<Timestamp>| since.is_some_and(|at| now.since(at) >= PATIENCE);
        let minutes =
            |since: Option<Timestamp>| since.map_or(0, |since| now.since(since).as_secs() / 60);
        let Gauges {
            quarantined_lately,
            oldest_due_at,
            died_runs,
            notices_failing_since,
            ..
        } = *self.gauges;
        let dead = self.last_dead_letter_at;
        let problems = self.health_problems.join("; ");
        let (limit, runs_are_on) = (self.most_quarantined, self.runs_are_on);
        [
            finding(
                Condition::Health,
                !problems.is_empty(),
                || format!("GET /health answers 503: {problems}"),
                "GET /health answers 200 again",
            ),
            finding(
                Condition::Quarantined,
                quarantined_lately > limit,
                || {
                    format!(
                        "{quarantined_lately} user(s) quarantined within an hour, more than {limit}"
                    )
                },
                "no more users are quarantined than usual",
            ),
            finding(
                Condition::OldestDue,
                runs_are_on && is_old(oldest_due_at),
                || format!("a user has been due for {} minutes", minutes(oldest_due_at)),
                "no user has been due for an hour",
            ),
            finding(
                Condition::DeadLetter,
                dead.is_some_and(|at| now.since(at) < LATELY),
                || {
                    "a message of a planned run failed too often or never came; users of a backfill wait for the next run, those \
                     of a list are left as they were"
                        .to_owned()
                },
                "no message has failed too often for an hour",
            ),
            finding(
                Condition::RunDied,
                died_runs > 0,
                || {
                    format!(
                        "{died_runs} run(s) died within an hour; a backfill's users wait for the next, a list tells who was \
                         left once it is stopped"
                    )
                },
                "no run has died for an hour",
            ),
            finding(
                Condition::NoticesFailing,
                is_old(notices_failing_since),
                || {
                    format!(
                        "a notice could not be delivered for {} minutes",
                        minutes(notices_failing_since)
                    )
                },
                "no notice has failed for an hour",
            ),
        ]
    }
}

fn finding(
    condition: Condition,
    is_firing: bool,
    what: impl FnOnce() -> String,
    over: &str,
) -> Finding {
    let text = if is_firing {
        what()
    } else {
        format!("over: {over}")
    };
    Finding {
        condition,
        is_firing,
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn ago(minutes: u64) -> Option<Timestamp> {
        Some(NOW.minus(Duration::from_secs(minutes * 60)))
    }

    fn quiet() -> Gauges {
        Gauges {
            at: NOW,
            ..Gauges::default()
        }
    }

    fn firing(change: impl FnOnce(&mut Gauges, &mut Observed<'_>)) -> Vec<&'static str> {
        let mut gauges = quiet();
        let still = quiet();
        let mut observed = Observed {
            gauges: &still,
            health_problems: Vec::new(),
            last_dead_letter_at: None,
            runs_are_on: true,
            most_quarantined: 10,
        };
        change(&mut gauges, &mut observed);
        let observed = Observed {
            gauges: &gauges,
            ..observed
        };
        let findings = observed.findings().into_iter();
        let firing = findings.filter(|finding| finding.is_firing);
        firing.map(|finding| finding.condition.as_str()).collect()
    }

    #[test]
    fn each_condition_fires_by_itself_and_at_its_limit() {
        assert_eq!(firing(|_, _| ()), [""; 0]);
        let health = firing(|_, it| it.health_problems.push("database: unreachable".to_owned()));
        assert_eq!(health, ["health"]);
        assert_eq!(firing(|it, _| it.quarantined_lately = 10), [""; 0]);
        assert_eq!(firing(|it, _| it.quarantined_lately = 11), ["quarantined"]);
        assert_eq!(firing(|it, _| it.oldest_due_at = ago(59)), [""; 0]);
        assert_eq!(firing(|it, _| it.oldest_due_at = ago(60)), ["oldest_due"]);
        let letter = |minutes| firing(|_, it| it.last_dead_letter_at = ago(minutes));
        assert_eq!(letter(59), ["dead_letter"]);
        assert_eq!(letter(60), [""; 0]);
        assert_eq!(firing(|it, _| it.died_runs = 1), ["run_died"]);
        let notices = |minutes| firing(|it, _| it.notices_failing_since = ago(minutes));
        assert_eq!(notices(59), [""; 0]);
        assert_eq!(notices(60), ["notices_failing"]);
    }

    #[test]
    fn users_may_be_due_for_long_while_no_run_takes_them_up_on_purpose() {
        let paused = firing(|gauges, it| {
            gauges.oldest_due_at = ago(600);
            it.runs_are_on = false;
        });
        assert_eq!(paused, [""; 0]);
    }
}
