//! One backfill run: plan, claim, survey, batch, ledger.

use std::collections::BTreeSet;

use crate::kernel::audit::{Action, Entry};
use crate::kernel::sealing::Purpose;
use crate::kernel::{Clock, Deadline, Random, UserId, ids};
use crate::threedeye::{Upstream, UpstreamError, password};

use crate::db::DatabaseError;
use crate::provisioning::account::{End, Takeovers};
use crate::provisioning::batch::{Batch, Leases, Outcome, Stop};
use crate::provisioning::listing::{Candidate, Listed};
use crate::provisioning::policy::{CLOCK_SKEW, LEASE, RUN_BUDGET};
use crate::provisioning::store::{Bid, LeaseToken, RunClosing, RunOpening, Tally, Terms, Trigger};
use crate::provisioning::{Failure, Store, Toolbox};

/// What to run.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// What started it.
    pub trigger: Trigger,
    /// Users to take up at most.
    pub limit: u32,
    /// Existing accounts to delete and re-create at most.
    pub max_takeovers: u32,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Finished {
    /// The row in the ledger.
    pub run_id: String,
    /// Whether the run went to its end.
    pub success: bool,
    /// The sums.
    pub tally: Tally,
    /// Users that still wait, those not yet due included.
    pub remaining: u64,
    /// The upstream's failure that kept the run from looking at anybody.
    pub blind: Option<UpstreamError>,
}

/// What a run would take up.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The users, in order.
    pub users: Vec<UserId>,
    /// Users that wait, those not yet due included.
    pub remaining: u64,
}

impl<U: Upstream, S: Store, C: Clock, R: Random> Toolbox<'_, U, S, C, R> {
    /// Lists what a run would take up, and changes nothing.
    pub async fn plan(&self, limit: u32) -> Result<Plan, DatabaseError> {
        let due_by = self.clock.now().plus(CLOCK_SKEW);
        let users = self.store.due(due_by, limit).await?;
        Ok(Plan {
            users: users.into_iter().map(|candidate| candidate.user).collect(),
            remaining: self.store.waiting().await?,
        })
    }

    /// Runs a backfill and leaves its row in the ledger.
    pub async fn backfill(&self, order: Order) -> Result<Finished, DatabaseError> {
        let started_at = self.clock.now();
        let opening = RunOpening {
            run_id: ids::prefixed_ulid("run", started_at, self.random),
            trigger: order.trigger,
            origin: self.origin.clone(),
            limit: order.limit,
            started_at,
        };
        let candidates = self
            .store
            .open_run(&opening, started_at.plus(CLOCK_SKEW))
            .await?;
        let mut tally = Tally {
            total: u32::try_from(candidates.len()).unwrap_or(u32::MAX),
            ..Tally::default()
        };
        let (free, rivals) = part_rivals(candidates);
        let takeovers = Takeovers::limited(order.max_takeovers);
        let outcome = self.provision_all(free, &takeovers, &mut tally).await?;
        self.put_aside(rivals, &mut tally).await?;
        let stop = outcome.stop;
        let blind = outcome.blind.clone();
        count(outcome, &mut tally);
        tell_early_end(stop, blind.as_ref(), &mut tally);
        let success = stop.is_none() && blind.is_none();
        let closing = RunClosing {
            run_id: opening.run_id.clone(),
            completed: success,
            tally: tally.clone(),
            finished_at: self.clock.now(),
        };
        let remaining = self.store.close_run(&closing).await?;
        Ok(Finished {
            run_id: opening.run_id,
            success,
            tally,
            remaining,
            blind,
        })
    }

    /// 3. A second user with the same e-mail fails once and is then set aside.
    pub(super) async fn put_aside(
        &self,
        rivals: Vec<UserId>,
        tally: &mut Tally,
    ) -> Result<(), DatabaseError> {
        if rivals.is_empty() {
            return Ok(());
        }
        let error = Failure::Duplicate.to_string();
        let now = self.clock.now();
        let entries: Vec<Entry> = rivals
            .iter()
            .map(|user| Entry {
                at: now,
                origin: self.origin.clone(),
                action: Action::Provision,
                subject: user.to_string(),
                outcome: error.clone(),
            })
            .collect();
        self.store.set_aside(&rivals, &error, now, &entries).await?;
        for user in rivals {
            tally.failed += 1;
            tally.errors.push(format!("{user}: {error}"));
        }
        Ok(())
    }

    /// Claims them, and takes those that were granted as far as they go.
    pub(super) async fn provision_all(
        &self,
        free: Vec<Candidate>,
        takeovers: &Takeovers,
        tally: &mut Tally,
    ) -> Result<Outcome, DatabaseError> {
        let mut bids = Vec::with_capacity(free.len());
        for candidate in free {
            match self.bid(&candidate.user, Some(candidate.listed)) {
                Ok(bid) => bids.push(bid),
                Err(failure) => {
                    tally.failed += 1;
                    tally.errors.push(format!("{}: {failure}", candidate.user));
                }
            }
        }
        if bids.is_empty() {
            return Ok(Outcome::default());
        }
        let terms = self.terms();
        let claimed = self.store.claim(&bids, &terms).await?;
        let refused = bids.len().saturating_sub(claimed.len());
        tally.skipped += u32::try_from(refused).unwrap_or(u32::MAX);
        if claimed.is_empty() {
            return Ok(Outcome::default());
        }
        let leases = Leases::new(terms.token, terms.until, &claimed);
        let deadline = Deadline::at(terms.now.plus(RUN_BUDGET));
        // Few enough writes to cost little and keep to the platform's limit, many
        // enough to keep a crash cheap.
        let bundle = (claimed.len() / 10).max(25);
        Batch::new(*self, leases, takeovers, deadline, bundle)
            .run(claimed)
            .await
    }

    /// Asks for a user's lease, with a new password in case none is recorded.
    pub(super) fn bid(&self, user: &UserId, listed: Option<Listed>) -> Result<Bid, Failure> {
        let plain = password::generate(self.random);
        let password = self
            .sealer
            .seal(Purpose::ThreedeyePassword, user, &plain, self.random)
            .map_err(|_| Failure::Unsealable)?;
        Ok(Bid {
            user: user.clone(),
            password,
            listed,
        })
    }

    /// The terms of a claim made now.
    pub(super) fn terms(&self) -> Terms {
        let now = self.clock.now();
        Terms {
            token: LeaseToken(ids::prefixed_ulid("lease", now, self.random)),
            now,
            until: now.plus(LEASE),
        }
    }
}

/// Parts those whose e-mail is free from those that lose it to another user,
/// of the database or of this very run.
pub(super) fn part_rivals(candidates: Vec<Candidate>) -> (Vec<Candidate>, Vec<UserId>) {
    let mut seen = BTreeSet::new();
    let (mut free, mut rivals) = (Vec::new(), Vec::new());
    for candidate in candidates {
        if !candidate.contested && seen.insert(candidate.listed.email.clone()) {
            free.push(candidate);
        } else {
            rivals.push(candidate.user);
        }
    }
    (free, rivals)
}

/// Adds up how they ended, and says of whom it is not well.
pub(super) fn count(outcome: Outcome, tally: &mut Tally) {
    let mut limited = 0_u32;
    for report in outcome.reports {
        let failure = match report.end {
            End::Ready(..) => {
                tally.created += 1;
                continue;
            }
            End::Untouched | End::LeaseLost => {
                tally.skipped += 1;
                continue;
            }
            End::TakeoverLimit => {
                tally.skipped += 1;
                limited += 1;
                continue;
            }
            End::RolesPending(_, error) => Failure::RolesPending(error),
            End::Orphan => {
                tally.quarantined += 1;
                Failure::Orphan
            }
            End::Duplicate => Failure::Duplicate,
            End::Failed(failure) => failure,
        };
        tally.failed += 1;
        tally.errors.push(format!("{}: {failure}", report.user));
    }
    if limited > 0 {
        tally.errors.push(format!(
            "take-over limit reached: {limited} existing account(s) left for the next run"
        ));
    }
}

fn tell_early_end(stop: Option<Stop>, blind: Option<&UpstreamError>, tally: &mut Tally) {
    let left = tally.skipped;
    if let Some(error) = blind {
        tally.errors.push(format!(
            "run ended early: the user list could not be read: {error}"
        ));
    }
    if let Some(stop) = stop {
        tally.errors.push(format!(
            "run ended early: {stop}; {left} user(s) left for the next run"
        ));
    }
}
