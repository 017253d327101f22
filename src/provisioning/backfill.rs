//! One backfill run: plan, claim, batch, ledger.

use std::collections::BTreeSet;

use crate::db::DatabaseError;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Deadline, UserId, ids};
use crate::provisioning::attempt::{AttemptResult, ReplacementBudget};
use crate::provisioning::batch::{BatchReport, RunWatch};
use crate::provisioning::fanout::silence;
use crate::provisioning::offboarding::{RemovalOrder, Removals};
use crate::provisioning::policy::{CLOCK_SKEW, RUN_BUDGET};
use crate::provisioning::store::{
    self, Candidate, ClaimRequest, Quarantined, RunClosing, RunOpening, Tally, Trigger,
};
use crate::provisioning::{Context, Failure, Provisioner};
use crate::threedeye::UpstreamError;

#[derive(Debug, Clone, Copy)]
pub struct RunOrder {
    pub trigger: Trigger,
    /// Users to take up at most.
    pub limit: u32,
    /// Existing accounts to delete and re-create at most.
    pub max_replacements: u32,
    pub removals: RemovalOrder,
}

/// Why there was no run.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    #[error("runs are paused")]
    Paused,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Finished {
    pub run_id: String,
    /// Whether the run went to its end.
    pub success: bool,
    pub tally: Tally,
    /// Accounts of deleted users that were removed.
    pub removed: u32,
    /// Users that still wait, those not yet due included.
    pub remaining: u64,
    /// Set if the customer's list could not be read at all, so that no user was looked at.
    pub scan_error: Option<UpstreamError>,
}

/// What a run would take up.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The users, in order.
    pub users: Vec<UserId>,
    /// Users that wait, those not yet due included.
    pub remaining: u64,
}

impl Context<'_> {
    /// Lists what a run would take up, and changes nothing.
    pub async fn plan(&self, limit: u32) -> Result<Plan, DatabaseError> {
        let due_by = self.clock.now().plus(CLOCK_SKEW);
        let users = store::list_due(self.database, due_by, limit).await?;
        Ok(Plan {
            users: users.into_iter().map(|candidate| candidate.user).collect(),
            remaining: store::count_waiting(self.database).await?,
        })
    }
}

impl Provisioner<'_> {
    /// Runs a backfill and leaves its row in the ledger.
    pub async fn backfill(&self, order: RunOrder) -> Result<Finished, NotRun> {
        let started_at = self.clock.now();
        let opening = RunOpening {
            run_id: ids::prefixed_ulid("run", started_at, self.random),
            trigger: order.trigger,
            origin: self.origin.clone(),
            limit: order.limit,
            started_at,
        };
        let due_by = started_at.plus(CLOCK_SKEW);
        let leavings = order.removals.due(started_at);
        let silence = silence(started_at);
        let opened = store::open_run(self.database, &opening, due_by, leavings, silence).await?;
        let opened = opened.ok_or(NotRun::Paused)?;
        self.give_up_abandoned(&opened.abandoned).await?;
        let watch = RunWatch::new(vec![opening.run_id.clone()], started_at);
        let budget = ReplacementBudget::limited(order.max_replacements);
        let deadline = Deadline::after(self.clock, RUN_BUDGET);
        let (report, mut tally) = self
            .provision(
                opened.candidates,
                &opened.quarantined,
                &budget,
                &watch,
                deadline,
            )
            .await?;
        tell_early_end(&report, &mut tally);
        let went_well = report.stop.is_none() && report.scan_error.is_none();
        let removals = match went_well {
            true => {
                self.remove_leaving(&opened.leaving, order.removals, &watch)
                    .await?
            }
            // What stopped the run would stop them too.
            false => Removals::default(),
        };
        tally.errors.extend(removals.errors);
        let success = went_well && !removals.stopped;
        let closing = RunClosing {
            run_id: opening.run_id,
            completed: success,
            tally,
            finished_at: self.clock.now(),
        };
        let remaining = store::close_run(self.database, &closing).await?;
        Ok(Finished {
            run_id: closing.run_id,
            success,
            tally: closing.tally,
            removed: removals.removed,
            remaining,
            scan_error: report.scan_error,
        })
    }

    /// Takes every candidate as far as it goes, and adds up how they ended.
    pub(super) async fn provision(
        &self,
        candidates: Vec<Candidate>,
        quarantined: &[Quarantined],
        budget: &ReplacementBudget,
        watch: &RunWatch,
        deadline: Deadline,
    ) -> Result<(BatchReport, Tally), DatabaseError> {
        if candidates.is_empty() {
            self.look_for_quarantined(quarantined, deadline).await?;
            return Ok(Default::default());
        }
        let mut tally = Tally {
            total: u32::try_from(candidates.len()).unwrap_or(u32::MAX),
            ..Tally::default()
        };
        let (free, duplicates) = split_duplicates(candidates);
        let requests = self.requests(free, &mut tally);
        let report = self
            .run_batch(&requests, quarantined, budget, deadline, Some(watch))
            .await?;
        let refused = requests.len().saturating_sub(report.users.len());
        tally.skipped += u32::try_from(refused).unwrap_or(u32::MAX);
        self.set_aside(duplicates, &mut tally).await?;
        count(&report, &mut tally);
        Ok((report, tally))
    }

    /// 3. A second user with the same e-mail fails once and is then set aside.
    async fn set_aside(&self, users: Vec<UserId>, tally: &mut Tally) -> Result<(), DatabaseError> {
        if users.is_empty() {
            return Ok(());
        }
        let error = Failure::Duplicate.to_string();
        let now = self.clock.now();
        let entries: Vec<Entry> = users
            .iter()
            .map(|user| self.entry(Action::Provision, user, error.clone()))
            .collect();
        store::set_aside(self.database, &users, now, &entries).await?;
        for user in users {
            tally.failed += 1;
            tally.errors.push(format!("{user}: {error}"));
        }
        Ok(())
    }

    fn requests(&self, candidates: Vec<Candidate>, tally: &mut Tally) -> Vec<ClaimRequest> {
        let mut requests = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            match self.claim_request(&candidate.user) {
                Ok(request) => requests.push(ClaimRequest {
                    entered_at: Some(candidate.entered_at),
                    has_intent: candidate.has_intent,
                    ..request
                }),
                Err(failure) => {
                    tally.failed += 1;
                    tally.errors.push(format!("{}: {failure}", candidate.user));
                }
            }
        }
        requests
    }
}

/// Splits off those who lose their e-mail to another user, of the database or of this very run.
fn split_duplicates(candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<UserId>) {
    let mut seen = BTreeSet::new();
    let (mut free, mut duplicates) = (Vec::new(), Vec::new());
    for candidate in candidates {
        if !candidate.contested && seen.insert(candidate.email.clone()) {
            free.push(candidate);
        } else {
            duplicates.push(candidate.user);
        }
    }
    (free, duplicates)
}

/// Adds up how they ended, with a line for each failure.
fn count(report: &BatchReport, tally: &mut Tally) {
    let mut limited = 0_u32;
    for user in &report.users {
        let failure = match &user.result {
            AttemptResult::Ready(..) => {
                tally.created += 1;
                continue;
            }
            AttemptResult::Untouched | AttemptResult::LeaseLost => {
                tally.skipped += 1;
                continue;
            }
            AttemptResult::ReplacementLimit => {
                tally.skipped += 1;
                limited += 1;
                continue;
            }
            AttemptResult::RolesPending(_, error) => Failure::RolesPending(error.clone()),
            AttemptResult::Failed(failure) => failure.clone(),
        };
        tally.failed += 1;
        tally.quarantined += u32::from(failure.quarantines());
        tally.errors.push(format!("{}: {failure}", user.user));
    }
    if limited > 0 {
        tally.errors.push(format!(
            "take-over limit reached: {limited} existing account(s) left for the next run"
        ));
    }
}

fn tell_early_end(report: &BatchReport, tally: &mut Tally) {
    let left = tally.skipped;
    if let Some(error) = &report.scan_error {
        tally.errors.push(format!(
            "run ended early: the user list could not be read: {error}"
        ));
    }
    if let Some(stop) = report.stop {
        tally.errors.push(format!(
            "run ended early: {stop}; {left} user(s) left for the next run"
        ));
    }
}
