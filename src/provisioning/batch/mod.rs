//! Many leased users at once: first pass, re-reads, and writing down how each ended.
//!
//! Outcomes are written in bundles while further calls to 3dEye are under way. That an outcome may be
//! lost with the process is part of the design: the intent was stored before the create, so the next
//! run finds the account and its own password opens it.

pub(super) mod leases;
mod outcomes;
mod report;
mod watch;

use std::cell::Cell;

use futures_util::future::{Fuse, FusedFuture as _, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use futures_util::{pin_mut, select_biased};

use crate::db::DatabaseError;
use crate::kernel::Deadline;
use crate::provisioning::attempt::{
    Attempt, AttemptResult, Ended, Pass, ReplacementBudget, RescanReason, Step, scan_query,
};
use crate::provisioning::policy::{CONCURRENCY, OUTAGES_TO_STOP, REREAD_DELAYS};
use crate::provisioning::record::Claimed;
use crate::provisioning::store::{ClaimRequest, LeaseTerms, Quarantined, UserOutcome};
use crate::provisioning::{Failure, Provisioner, store};
use crate::threedeye::{DirectoryScan, UpstreamError};

use leases::Leases;
pub use report::{BatchReport, Stop, UserReport};
pub use watch::RunWatch;

impl Provisioner<'_> {
    /// Claims these users, and takes those that were granted as far as they go. It does not report
    /// those that another actor has. Users in quarantine are due again if the list shows their account.
    pub(super) async fn run_batch(
        &self,
        requests: &[ClaimRequest],
        quarantined: &[Quarantined],
        budget: &ReplacementBudget,
        deadline: Deadline,
        watch: Option<&RunWatch>,
    ) -> Result<BatchReport, DatabaseError> {
        if requests.is_empty() {
            return Ok(BatchReport::default());
        }
        let terms = LeaseTerms::new(self.clock, self.random);
        let claims = store::claim(self.database, requests, &terms).await?;
        let claimed = claims.granted;
        if claimed.is_empty() {
            return Ok(BatchReport::default());
        }
        let run = BatchRun {
            provisioner: *self,
            leases: Leases::new(terms, claimed.iter().map(|claim| claim.user.clone())),
            has_accounts: claims.has_accounts,
            quarantined,
            budget,
            deadline,
            watch,
            // Few enough writes to cost little and keep to the platform's limit, many enough to keep a
            // crash cheap.
            bundle: (claimed.len() / 10).max(25),
            stop: Cell::new(None),
            outages: Cell::new(0),
        };
        run.run(claimed).await
    }
}

/// What all users of one batch share.
struct BatchRun<'a> {
    provisioner: Provisioner<'a>,
    leases: Leases,
    /// Whether the list cannot be empty.
    has_accounts: bool,
    /// Whose accounts to look out for.
    quarantined: &'a [Quarantined],
    /// How many accounts may be replaced.
    budget: &'a ReplacementBudget,
    /// When the batch must have ended.
    deadline: Deadline,
    /// `None`: a single user, whom neither a stop nor a pause concerns.
    watch: Option<&'a RunWatch>,
    /// How many outcomes are written together.
    bundle: usize,
    stop: Cell<Option<Stop>>,
    /// Failures of 3dEye in a row.
    outages: Cell<u32>,
}

/// Users whose attempt is not finished after a pass.
type Unresolved = Vec<(Attempt, RescanReason)>;

impl BatchRun<'_> {
    /// Takes every claimed user as far as it goes, and gives every lease back.
    async fn run(&self, claimed: Vec<Claimed>) -> Result<BatchReport, DatabaseError> {
        let attempts: Vec<Attempt> = claimed
            .into_iter()
            .map(|claimed| Attempt::new(claimed, self.leases.token.clone()))
            .collect();
        let mut report = BatchReport::default();
        let scan = match self.scan(&attempts).await? {
            Ok(scan) => scan,
            Err(error) => {
                report.scan_error = Some(error);
                self.release_all(attempts, &mut report).await?;
                return Ok(self.without_lost(report));
            }
        };
        self.provisioner
            .release_seen(self.quarantined, &scan)
            .await?;
        let attempts = attempts.into_iter().map(|attempt| (attempt, None));
        let mut unresolved = self.pass(attempts, &scan, &mut report).await?;
        let mut list_complete = scan.complete;
        let mut reread_error = None;
        for delay in REREAD_DELAYS {
            // A list that could not be read whole would not be, the second time.
            if unresolved.is_empty() || self.stop.get().is_some() || !list_complete {
                break;
            }
            // There must be time left to act on what is seen.
            if self.deadline.remaining(self.provisioner.clock.now()) <= delay {
                self.stop.set(Some(Stop::OutOfTime));
                break;
            }
            self.provisioner.clock.sleep(delay).await;
            self.keep_leases().await?;
            let again = unresolved.iter().map(|(attempt, _)| attempt);
            let scan = match self.scan(again).await? {
                Ok(scan) => scan,
                Err(error) => {
                    self.note_failure(&error);
                    // A list that could not be read is not an empty list.
                    reread_error = Some(error);
                    break;
                }
            };
            list_complete = scan.complete;
            let again = unresolved
                .into_iter()
                .map(|(attempt, reason)| (attempt, Some(reason)));
            unresolved = self.pass(again, &scan, &mut report).await?;
        }
        self.conclude(
            unresolved,
            list_complete,
            reread_error.as_ref(),
            &mut report,
        )
        .await?;
        report.stop = self.stop.get();
        Ok(self.without_lost(report))
    }

    /// An outcome that could not be written down counts as a lost lease.
    fn without_lost(&self, mut report: BatchReport) -> BatchReport {
        for user in &mut report.users {
            if self.leases.was_lost(&user.user) {
                user.result = AttemptResult::LeaseLost;
            }
        }
        report
    }

    /// One pass over `attempts`, six at a time; returns those that need another look.
    async fn pass(
        &self,
        attempts: impl Iterator<Item = (Attempt, Option<RescanReason>)>,
        scan: &DirectoryScan,
        report: &mut BatchReport,
    ) -> Result<Unresolved, DatabaseError> {
        let work = stream::iter(attempts)
            .map(|(attempt, reason)| self.step(attempt, reason, scan))
            .buffer_unordered(CONCURRENCY);
        let writing = Fuse::terminated();
        pin_mut!(work, writing);
        let mut ended: Vec<UserOutcome> = Vec::new();
        let mut unresolved = Vec::new();
        let mut done = false;
        // Ends when the work is done; then one bundle may still be under way and another waiting,
        // both of which are finished after the loop.
        while !done {
            // Biased, so that a schedule is the same whenever it is replayed; writing comes first, or a
            // quick upstream would hold it up.
            select_biased! {
                result = writing => result?,
                stepped = work.next() => match stepped {
                    None => done = true,
                    Some(stepped) => match stepped? {
                        (attempt, Step::Rescan(reason)) => unresolved.push((attempt, reason)),
                        (attempt, Step::Done(result)) => {
                            ended.extend(self.note(&attempt, result, report));
                        }
                    },
                },
            }
            if ended.len() >= self.bundle && writing.is_terminated() {
                let bundle = std::mem::take(&mut ended);
                writing.set(self.write(bundle).fuse());
            }
        }
        if !writing.is_terminated() {
            writing.await?;
        }
        if !ended.is_empty() {
            self.write(ended).await?;
        }
        Ok(unresolved)
    }

    async fn step(
        &self,
        mut attempt: Attempt,
        reason: Option<RescanReason>,
        scan: &DirectoryScan,
    ) -> Result<(Attempt, Step), DatabaseError> {
        let provisioner = &self.provisioner;
        if self.deadline.passed(provisioner.clock.now()) && self.stop.get().is_none() {
            self.stop.set(Some(Stop::OutOfTime));
        }
        if let Some(watch) = self.watch
            && self.stop.get().is_none()
        {
            let halted = watch.look(provisioner).await?;
            self.stop.set(self.stop.get().or(halted));
        }
        if self.stop.get().is_some() {
            let step = match reason {
                None => Step::Done(AttemptResult::Untouched),
                Some(reason) => Step::Rescan(reason),
            };
            return Ok((attempt, step));
        }
        self.keep_leases().await?;
        if !self.leases.holds(&attempt.claimed.user) {
            return Ok((attempt, Step::Done(AttemptResult::LeaseLost)));
        }
        let pass = Pass {
            scan,
            budget: self.budget,
            deadline: self.deadline.min(self.leases.deadline()),
        };
        let stepped = match reason {
            None => provisioner.begin(&mut attempt, pass).await,
            Some(reason) => provisioner.resume(&mut attempt, reason, pass).await,
        };
        let step = match stepped {
            Ok(step) => step,
            Err(Ended::With(result)) => Step::Done(result),
            Err(Ended::Database(error)) => return Err(error),
        };
        match &step {
            Step::Done(
                AttemptResult::Failed(Failure::Upstream(error))
                | AttemptResult::RolesPending(_, error),
            ) => self.note_failure(error),
            Step::Rescan(RescanReason::AnswerLost) => {
                self.note_failure(&UpstreamError::UnknownOutcome);
            }
            Step::Done(AttemptResult::Ready(..))
            | Step::Rescan(RescanReason::EmailTaken | RescanReason::IdUnknown) => {
                self.outages.set(0);
            }
            Step::Done(_) => {}
        }
        Ok((attempt, step))
    }

    /// Decides what it means for the users that are still unresolved. With `reread_error`, or if the
    /// run was stopped, the last look is missing and nothing is concluded.
    async fn conclude(
        &self,
        unresolved: Unresolved,
        list_complete: bool,
        reread_error: Option<&UpstreamError>,
        report: &mut BatchReport,
    ) -> Result<(), DatabaseError> {
        if unresolved.is_empty() {
            return Ok(());
        }
        self.keep_leases().await?;
        let deadline = self.deadline.min(self.leases.deadline());
        let stopped = self.stop.get().is_some();
        let results = stream::iter(unresolved)
            .map(|(attempt, reason)| async move {
                let failure = match (reread_error, reason) {
                    // Whatever else went wrong, this is what has to be remembered.
                    (_, RescanReason::AnswerLost) if stopped || reread_error.is_some() => {
                        UpstreamError::UnknownOutcome.into()
                    }
                    (Some(error), _) => error.clone().into(),
                    (None, _) if stopped => Failure::OutOfTime,
                    (None, _) => {
                        self.provisioner
                            .conclude_unseen(&attempt, reason, list_complete, deadline)
                            .await?
                    }
                };
                Ok::<_, DatabaseError>((attempt, failure))
            })
            .buffer_unordered(CONCURRENCY);
        pin_mut!(results);
        let mut ended = Vec::new();
        while let Some(result) = results.next().await {
            let (attempt, failure) = result?;
            ended.extend(self.note(&attempt, AttemptResult::Failed(failure), report));
        }
        if ended.is_empty() {
            return Ok(());
        }
        self.write(ended).await
    }

    async fn release_all(
        &self,
        attempts: Vec<Attempt>,
        report: &mut BatchReport,
    ) -> Result<(), DatabaseError> {
        let ended = attempts
            .iter()
            .filter_map(|attempt| self.note(attempt, AttemptResult::Untouched, report))
            .collect();
        self.write(ended).await
    }

    async fn scan(
        &self,
        attempts: impl IntoIterator<Item = &Attempt>,
    ) -> Result<Result<DirectoryScan, UpstreamError>, DatabaseError> {
        let mut query = scan_query(attempts);
        let watched = self.quarantined.iter().map(|one| one.email.clone());
        query.watched.extend(watched);
        let provisioner = &self.provisioner;
        let scanned = self.leases.scan(provisioner, query, self.deadline).await?;
        Ok(scanned.and_then(|scan| match scan.total {
            0 if self.has_accounts => Err(UpstreamError::EmptyList),
            _ => Ok(scan),
        }))
    }

    async fn keep_leases(&self) -> Result<(), DatabaseError> {
        self.leases.keep(&self.provisioner).await
    }

    fn note_failure(&self, error: &UpstreamError) {
        if let UpstreamError::RateLimited { retry_after } = error {
            // Calls under way at once are refused together: the longest wait counts.
            let retry_after = match self.stop.get() {
                Some(Stop::RateLimited { retry_after: asked }) => asked.max(*retry_after),
                _ => *retry_after,
            };
            self.stop.set(Some(Stop::RateLimited { retry_after }));
        } else if error.is_outage() {
            let outages = self.outages.get().saturating_add(1);
            self.outages.set(outages);
            if outages >= OUTAGES_TO_STOP {
                self.stop.set(self.stop.get().or(Some(Stop::Outages)));
            }
        }
    }
}
