//! How a result is reported and written down.

use crate::db::DatabaseError;
use crate::kernel::audit::Action;
use crate::provisioning::Failure;
use crate::provisioning::attempt::{Attempt, AttemptResult};
use crate::provisioning::batch::{BatchReport, BatchRun, UserReport};
use crate::provisioning::policy::{SETTLING, next_attempt};
use crate::provisioning::store::{self, Counted, Outcome, UserOutcome};

impl BatchRun<'_> {
    /// Reports a result and says what has to be written down for it.
    pub(super) fn note(
        &self,
        attempt: &Attempt,
        result: AttemptResult,
        report: &mut BatchReport,
    ) -> Option<UserOutcome> {
        let user = &attempt.claimed.user;
        let outcome = self.outcome_of(attempt, &result);
        let audited = match &result {
            AttemptResult::Ready(_, origin) => Some(origin.as_str().to_owned()),
            _ => outcome
                .as_ref()
                .and_then(Outcome::failure)
                .map(ToString::to_string),
        };
        let provisioner = self.provisioner;
        let entry = audited.map(|text| provisioner.entry(Action::Provision, user, text));
        let counted = counted(&result).filter(|_| entry.is_some());
        if outcome.is_none() {
            self.leases.drop_lease(user);
        }
        let is_ready = matches!(result, AttemptResult::Ready(..));
        let entered_at = attempt.claimed.entered_at.filter(|_| is_ready);
        let waited = entered_at.map(|entered_at| provisioner.clock.now().since(entered_at));
        report.users.push(UserReport {
            user: user.clone(),
            result,
        });
        outcome.map(|outcome| UserOutcome {
            user: user.clone(),
            outcome,
            entry,
            counted,
            waited,
        })
    }

    /// What becomes of the user's row; `None` if it is another actor's by now.
    fn outcome_of(&self, attempt: &Attempt, result: &AttemptResult) -> Option<Outcome> {
        let claimed = &attempt.claimed;
        let now = self.provisioner.clock.now();
        let attempts = claimed.attempts.saturating_add(1);
        let lost = attempt.create_lost.then(|| now.plus(SETTLING));
        Some(match result {
            AttemptResult::Ready(id, _) => Outcome::Complete {
                id: id.clone(),
                settled_at: lost,
            },
            AttemptResult::RolesPending(id, cause) => {
                let failure = Failure::RolesPending(cause.clone());
                Outcome::Attaching {
                    id: id.clone(),
                    next_attempt_at: next_attempt(attempts, failure.is_outage(), now),
                    failure,
                }
            }
            AttemptResult::Failed(failure) if failure.quarantines() => Outcome::Quarantined {
                respelled: match failure {
                    Failure::OtherSpelling(id) => Some(id.clone()),
                    _ => None,
                },
                failure: failure.clone(),
            },
            // The next run may do what this caller may not.
            AttemptResult::Failed(Failure::TakeOverUnproved) => Outcome::Released { due_at: None },
            AttemptResult::Failed(failure @ Failure::Duplicate) => Outcome::SetAside {
                email: claimed.email.clone(),
                failure: failure.clone(),
            },
            AttemptResult::Failed(failure) => {
                let due = next_attempt(attempts, failure.is_outage(), now);
                Outcome::Failed {
                    next_attempt_at: if *failure == Failure::Settling {
                        due.max(claimed.settled_at)
                    } else {
                        due
                    },
                    failure: failure.clone(),
                    settled_at: match failure.is_unsettled() {
                        true => Some(now.plus(SETTLING)),
                        false => lost,
                    },
                }
            }
            // To the end of the queue, or the same users would always come first.
            AttemptResult::ReplacementLimit => Outcome::Released { due_at: Some(now) },
            AttemptResult::Untouched => Outcome::Released { due_at: None },
            AttemptResult::LeaseLost => return None,
        })
    }

    /// Writes outcomes. Until then the users stay among those whose lease is kept, or another actor
    /// could take them before their outcome is known.
    pub(super) async fn write(&self, outcomes: Vec<UserOutcome>) -> Result<(), DatabaseError> {
        let provisioner = &self.provisioner;
        let now = provisioner.clock.now();
        let lost = store::record_outcomes(provisioner.database, &self.leases.token, &outcomes, now)
            .await?;
        self.leases.note_lost(lost);
        for outcome in &outcomes {
            self.leases.drop_lease(&outcome.user);
        }
        Ok(())
    }
}

/// What a result counts as; `None`: it was no attempt.
fn counted(result: &AttemptResult) -> Option<Counted> {
    let (name, detail) = match result {
        AttemptResult::Ready(_, origin) => (origin.as_str(), ""),
        AttemptResult::RolesPending(_, cause) => {
            ("failed", Failure::RolesPending(cause.clone()).code())
        }
        AttemptResult::Failed(failure) if failure.quarantines() => ("quarantined", failure.code()),
        AttemptResult::Failed(failure @ Failure::Duplicate) => ("set_aside", failure.code()),
        AttemptResult::Failed(failure) => ("failed", failure.code()),
        AttemptResult::ReplacementLimit | AttemptResult::Untouched | AttemptResult::LeaseLost => {
            return None;
        }
    };
    Some(Counted { name, detail })
}
