//! Many leased users at once: first pass, re-reads, and writing down how each ended.
//!
//! Outcomes are written in bundles while further calls to 3dEye are under way.
//! That an outcome may be lost with the process is part of the design: the
//! intent was stored before the create, so the next run finds the account and
//! its own password opens it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, Fuse, FutureExt as _, select};
use futures_util::stream::{self, StreamExt as _};
use futures_util::{pin_mut, select_biased};

use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock, Deadline, Random, Timestamp, UserId};
use crate::threedeye::{Survey, Upstream, UpstreamError};

use crate::db::DatabaseError;
use crate::provisioning::account::{Case, Doubt, End, Step, Takeovers, wanted};
use crate::provisioning::policy::{
    CONCURRENCY, LEASE, LEASE_MARGIN, LEASE_RENEWAL, LEASE_WATCH, OUTAGES_TO_STOP, REREAD_DELAYS,
    SETTLING, list_deadline, next_attempt,
};
use crate::provisioning::record::Claimed;
use crate::provisioning::store::{LeaseToken, Settlement, Verdict};
use crate::provisioning::{Failure, Store, Toolbox};

/// Why a run ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// 3dEye answered 429.
    #[error("3dEye limits our rate")]
    RateLimited {
        /// How long 3dEye asked us to wait, if it did so credibly.
        retry_after: Option<Duration>,
    },
    /// Five failures of 3dEye in a row.
    #[error("five upstream failures in a row")]
    Outages,
    /// The time allowed was used up.
    #[error("the time allowed was used up")]
    OutOfTime,
}

/// What happened to one user, for the caller's report.
#[derive(Debug)]
pub struct Report {
    /// The user.
    pub user: UserId,
    /// How it ended.
    pub end: End,
}

/// What happened to all of them.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One report a user.
    pub reports: Vec<Report>,
    /// Set when the run ended early.
    pub stop: Option<Stop>,
    /// Set when the customer's list could not be read at all.
    pub blind: Option<UpstreamError>,
}

/// The leases under which a batch works, prolonged as it goes.
pub struct Leases {
    token: LeaseToken,
    until: Cell<Timestamp>,
    held: RefCell<BTreeSet<UserId>>,
    /// Those whose outcome could not be written any more.
    lost: RefCell<BTreeSet<UserId>>,
    renewing: Cell<bool>,
}

impl Leases {
    /// The leases that a claim granted under `token` until `until`.
    pub fn new(token: LeaseToken, until: Timestamp, claimed: &[Claimed]) -> Self {
        Self {
            token,
            until: Cell::new(until),
            held: RefCell::new(claimed.iter().map(|claim| claim.user.clone()).collect()),
            lost: RefCell::default(),
            renewing: Cell::new(false),
        }
    }

    fn holds(&self, user: &UserId) -> bool {
        self.held.borrow().contains(user)
    }

    fn settled(&self, user: &UserId) {
        self.held.borrow_mut().remove(user);
    }

    /// No call to 3dEye may last beyond this.
    fn deadline(&self) -> Deadline {
        Deadline::at(self.until.get().minus(LEASE_MARGIN))
    }
}

/// What all users of one batch share.
pub struct Batch<'a, U, S, C, R> {
    /// The tools.
    pub tools: Toolbox<'a, U, S, C, R>,
    /// The hold on the users.
    pub leases: Leases,
    /// How many accounts may be replaced.
    pub takeovers: &'a Takeovers,
    /// When the batch must have ended.
    pub deadline: Deadline,
    /// How many outcomes are written together.
    pub bundle: usize,
    stop: Cell<Option<Stop>>,
    outages: Cell<u32>,
}

impl<'a, U: Upstream, S: Store, C: Clock, R: Random> Batch<'a, U, S, C, R> {
    /// A batch that has not begun.
    pub fn new(
        tools: Toolbox<'a, U, S, C, R>,
        leases: Leases,
        takeovers: &'a Takeovers,
        deadline: Deadline,
        bundle: usize,
    ) -> Self {
        Self {
            tools,
            leases,
            takeovers,
            deadline,
            bundle: bundle.max(1),
            stop: Cell::new(None),
            outages: Cell::new(0),
        }
    }

    /// Takes every claimed user as far as it goes, and gives every lease back.
    pub async fn run(&self, claimed: Vec<Claimed>) -> Result<Outcome, DatabaseError> {
        let mut cases: Vec<Case> = claimed
            .into_iter()
            .map(|claimed| Case {
                claimed,
                deleted: false,
                token: self.leases.token.clone(),
            })
            .collect();
        let mut outcome = Outcome::default();
        let survey = match self.survey(&cases).await? {
            Ok(survey) => survey,
            Err(error) => {
                outcome.blind = Some(error);
                self.release_all(cases, &mut outcome).await?;
                return Ok(self.without_lost(outcome));
            }
        };
        let mut unresolved = self
            .pass(
                cases.drain(..).map(|case| (case, None)),
                &survey,
                &mut outcome,
            )
            .await?;
        let mut seen_whole = survey.complete;
        let mut unseen = None;
        for delay in REREAD_DELAYS {
            // A list that could not be read whole would not be, the second time.
            if unresolved.is_empty() || self.stop.get().is_some() || !seen_whole {
                break;
            }
            // What is seen must still be acted on.
            if self.deadline.remaining(self.tools.clock.now()) <= delay {
                self.stop.set(Some(Stop::OutOfTime));
                break;
            }
            self.tools.clock.sleep(delay).await;
            self.keep_leases().await?;
            let again = unresolved.iter().map(|(case, _)| case);
            let survey = match self.survey(again).await? {
                Ok(survey) => survey,
                Err(error) => {
                    self.note_failure(&error);
                    // Not having seen is not having seen nothing.
                    unseen = Some(error);
                    break;
                }
            };
            seen_whole = survey.complete;
            let again = unresolved
                .into_iter()
                .map(|(case, doubt)| (case, Some(doubt)));
            unresolved = self.pass(again, &survey, &mut outcome).await?;
        }
        self.conclude(unresolved, seen_whole, unseen.as_ref(), &mut outcome)
            .await?;
        outcome.stop = self.stop.get();
        Ok(self.without_lost(outcome))
    }

    /// What could not be written down did not happen, whatever was noted.
    fn without_lost(&self, mut outcome: Outcome) -> Outcome {
        let lost = self.leases.lost.borrow();
        for report in &mut outcome.reports {
            if lost.contains(&report.user) {
                report.end = End::LeaseLost;
            }
        }
        outcome
    }

    /// One pass over `cases`, six at a time; returns those that need another look.
    async fn pass(
        &self,
        cases: impl Iterator<Item = (Case, Option<Doubt>)>,
        survey: &Survey,
        outcome: &mut Outcome,
    ) -> Result<Vec<(Case, Doubt)>, DatabaseError> {
        let work = stream::iter(cases)
            .map(|(case, doubt)| self.step(case, doubt, survey))
            .buffer_unordered(CONCURRENCY);
        let writing = Fuse::terminated();
        pin_mut!(work, writing);
        let mut written = Vec::new();
        let mut unresolved = Vec::new();
        let mut done = false;
        // Ends when the work is done and what it brought is being written at
        // most; the last bundle is written after the loop.
        while !done {
            // Biased, because a schedule must be the same whenever it is played; the
            // writing comes first, or a quick upstream would hold it up.
            select_biased! {
                result = writing => result?,
                stepped = work.next() => match stepped {
                    None => done = true,
                    Some(stepped) => match stepped? {
                        (case, Step::Unresolved(doubt)) => unresolved.push((case, doubt)),
                        (case, Step::Done(end)) => written.extend(self.note(&case, end, outcome)),
                    },
                },
            }
            if written.len() >= self.bundle
                && futures_util::future::FusedFuture::is_terminated(&writing)
            {
                let bundle = std::mem::take(&mut written);
                writing.set(self.write(bundle).fuse());
            }
        }
        if !futures_util::future::FusedFuture::is_terminated(&writing) {
            writing.await?;
        }
        if !written.is_empty() {
            self.write(written).await?;
        }
        Ok(unresolved)
    }

    async fn step(
        &self,
        mut case: Case,
        doubt: Option<Doubt>,
        survey: &Survey,
    ) -> Result<(Case, Step), DatabaseError> {
        if self.deadline.passed(self.tools.clock.now()) && self.stop.get().is_none() {
            self.stop.set(Some(Stop::OutOfTime));
        }
        if self.stop.get().is_some() {
            let step = match doubt {
                None => Step::Done(End::Untouched),
                Some(doubt) => Step::Unresolved(doubt),
            };
            return Ok((case, step));
        }
        self.keep_leases().await?;
        if !self.leases.holds(&case.claimed.user) {
            return Ok((case, Step::Done(End::LeaseLost)));
        }
        let deadline = self.deadline.min(self.leases.deadline());
        let tools = &self.tools;
        let step = match doubt {
            None => {
                tools
                    .begin(&mut case, survey, self.takeovers, deadline)
                    .await?
            }
            Some(doubt) => {
                tools
                    .resolve(&mut case, doubt, survey, self.takeovers, deadline)
                    .await?
            }
        };
        match &step {
            Step::Done(End::Failed(Failure::Upstream(error)) | End::RolesPending(_, error)) => {
                self.note_failure(error)
            }
            Step::Unresolved(Doubt::AnswerLost) => {
                self.note_failure(&UpstreamError::UnknownOutcome)
            }
            Step::Done(End::Ready(..)) | Step::Unresolved(Doubt::Taken | Doubt::IdUntold) => {
                self.outages.set(0);
            }
            Step::Done(_) => {}
        }
        Ok((case, step))
    }

    /// Those that stayed in doubt: decide what it means. With `unseen`, or when
    /// the run was stopped, the last look is missing and nothing is concluded.
    async fn conclude(
        &self,
        unresolved: Vec<(Case, Doubt)>,
        seen_whole: bool,
        unseen: Option<&UpstreamError>,
        outcome: &mut Outcome,
    ) -> Result<(), DatabaseError> {
        if unresolved.is_empty() {
            return Ok(());
        }
        self.keep_leases().await?;
        let deadline = self.deadline.min(self.leases.deadline());
        let stopped = self.stop.get().is_some();
        let ends = stream::iter(unresolved)
            .map(|(case, doubt)| async move {
                let end = match (unseen, doubt) {
                    // Whatever else went wrong, this is what has to be remembered.
                    (_, Doubt::AnswerLost) if stopped || unseen.is_some() => {
                        End::Failed(UpstreamError::UnknownOutcome.into())
                    }
                    (Some(error), _) => End::Failed(error.clone().into()),
                    (None, _) if stopped => End::Failed(Failure::OutOfTime),
                    (None, _) => {
                        self.tools
                            .give_up(&case, doubt, seen_whole, deadline)
                            .await?
                    }
                };
                Ok::<_, DatabaseError>((case, end))
            })
            .buffer_unordered(CONCURRENCY);
        pin_mut!(ends);
        let mut written = Vec::new();
        while let Some(ended) = ends.next().await {
            let (case, end) = ended?;
            written.extend(self.note(&case, end, outcome));
        }
        if written.is_empty() {
            return Ok(());
        }
        self.write(written).await
    }

    async fn release_all(
        &self,
        cases: Vec<Case>,
        outcome: &mut Outcome,
    ) -> Result<(), DatabaseError> {
        let mut written = Vec::new();
        for case in cases {
            written.extend(self.note(&case, End::Untouched, outcome));
        }
        self.write(written).await
    }

    /// Reports an end and says what has to be written down for it.
    fn note(&self, case: &Case, end: End, outcome: &mut Outcome) -> Option<Settlement> {
        let claimed = &case.claimed;
        let now = self.tools.clock.now();
        let attempts = claimed.attempts.saturating_add(1);
        let (verdict, told) = match &end {
            End::Ready(id, how) => {
                let verdict = Verdict::Complete { id: id.clone() };
                (Some(verdict), Some(how.as_str().to_owned()))
            }
            End::RolesPending(id, cause) => {
                let failure = Failure::RolesPending(cause.clone());
                let verdict = Verdict::Attaching {
                    id: id.clone(),
                    next_attempt_at: next_attempt(attempts, failure.is_outage(), now),
                    error: failure.to_string(),
                };
                (Some(verdict), Some(failure.to_string()))
            }
            End::Failed(failure) => {
                let error = failure.to_string();
                let due = next_attempt(attempts, failure.is_outage(), now);
                let verdict = Verdict::Failed {
                    next_attempt_at: if *failure == Failure::Settling {
                        due.max(claimed.settled_at)
                    } else {
                        due
                    },
                    error: error.clone(),
                    settled_at: failure.is_open().then(|| now.plus(SETTLING)),
                };
                (Some(verdict), Some(error))
            }
            End::Orphan => {
                let error = Failure::Orphan.to_string();
                let verdict = Verdict::Quarantined {
                    error: error.clone(),
                };
                (Some(verdict), Some(error))
            }
            End::Duplicate => {
                let error = Failure::Duplicate.to_string();
                let verdict = Verdict::SetAside {
                    email: claimed.email.clone(),
                    error: error.clone(),
                };
                (Some(verdict), Some(error))
            }
            // To the end of the queue, or the same users would come first for ever.
            End::TakeoverLimit => (Some(Verdict::Released { due_at: Some(now) }), None),
            End::Untouched => (Some(Verdict::Released { due_at: None }), None),
            End::LeaseLost => {
                self.leases.settled(&claimed.user);
                (None, None)
            }
        };
        outcome.reports.push(Report {
            user: claimed.user.clone(),
            end,
        });
        verdict.map(|verdict| Settlement {
            user: claimed.user.clone(),
            verdict,
            entry: told.map(|told| Entry {
                at: now,
                origin: self.tools.origin.clone(),
                action: Action::Provision,
                subject: claimed.user.to_string(),
                outcome: told,
            }),
        })
    }

    /// Writes a bundle. Until then its users stay among those whose lease is
    /// kept, or another actor could take them before their outcome is known.
    async fn write(&self, settlements: Vec<Settlement>) -> Result<(), DatabaseError> {
        let now = self.tools.clock.now();
        let lost = self
            .tools
            .store
            .settle(&self.leases.token, &settlements, now)
            .await?;
        self.leases.lost.borrow_mut().extend(lost);
        for settlement in &settlements {
            self.leases.settled(&settlement.user);
        }
        Ok(())
    }

    /// Reads the list, however long it is, with the leases kept meanwhile: what
    /// it shows must not be what another actor is just replacing.
    async fn survey(
        &self,
        cases: impl IntoIterator<Item = &Case>,
    ) -> Result<Result<Survey, UpstreamError>, DatabaseError> {
        let wanted = wanted(cases);
        let clock = self.tools.clock;
        let deadline = list_deadline(self.deadline, clock.now());
        let upstream = self.tools.upstream;
        let mut reading = pin!(upstream.survey(std::future::ready(wanted), deadline));
        loop {
            let watch = pin!(clock.sleep(LEASE_WATCH));
            let looked = select(reading, watch).await;
            self.keep_leases().await?;
            match looked {
                Either::Left((survey, _)) => return Ok(survey),
                Either::Right(((), still_reading)) => reading = still_reading,
            }
        }
    }

    /// Prolongs the leases in good time, all of them in one call. Whoever comes
    /// by while that call is under way goes on with what is left of the old ones.
    async fn keep_leases(&self) -> Result<(), DatabaseError> {
        let now = self.tools.clock.now();
        let leases = &self.leases;
        if leases.until.get().since(now) >= LEASE_RENEWAL || leases.renewing.replace(true) {
            return Ok(());
        }
        let until = now.plus(LEASE);
        let users: Vec<UserId> = leases.held.borrow().iter().cloned().collect();
        let renewed = self.tools.store.renew(&leases.token, &users, until).await;
        leases.renewing.set(false);
        let kept: BTreeSet<UserId> = renewed?.into_iter().collect();
        leases.until.set(until);
        for user in users {
            if !kept.contains(&user) {
                leases.settled(&user);
            }
        }
        Ok(())
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
