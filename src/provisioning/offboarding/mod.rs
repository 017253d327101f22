//! Off-boarding: the account of a user that was deleted is deleted too, after a wait in which the user
//! may return as if it had never been away.
//!
//! Triggers (`migrations/0004_offboarding.sql`) note who left. A run works off those whose wait is over.
//!
//! | module | what it does |
//! |---|---|
//! | `removal` | which accounts are the user's, and their removal |
//! | `on_purpose` | deletes a user and its account at once, and tells before what would go |

mod on_purpose;
mod removal;

use std::cell::Cell;
use std::time::Duration;

use crate::db::DatabaseError;
use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Deadline, Timestamp, UserId};
use crate::provisioning::batch::leases::Leases;
use crate::provisioning::batch::{RunWatch, Stop};
use crate::provisioning::policy::{OUTAGES_TO_STOP, REMOVAL_BUDGET, SETTLING, next_attempt};
use crate::provisioning::record::Mapping;
use crate::provisioning::sighting::check_list;
use crate::provisioning::store::{self, DueLeavings, LeaseTerms, Leaving, LeavingOutcome};
use crate::provisioning::{Context, Failure, Provisioner};
use crate::threedeye::{ScanQuery, UpstreamError};

pub use on_purpose::{Deletion, DeletionRefused, Preview};
pub use removal::Departed;
use removal::{Departure, NotRemoved};
pub(super) use removal::{look_for, may_have_accounts};

/// Why an account is left in place.
const PROTECTED: &str = "the account is protected and was left in place";

/// On what terms a run removes accounts of users that left.
#[derive(Debug, Clone, Copy)]
pub struct RemovalOrder {
    /// Accounts to remove at most.
    pub limit: u32,
    /// How long a user may return.
    pub wait: Duration,
}

impl RemovalOrder {
    pub(super) fn due(self, now: Timestamp) -> DueLeavings {
        DueLeavings {
            since: now.minus(self.wait),
            now,
            limit: self.limit,
        }
    }
}

/// What a run did about users that left.
#[derive(Debug, Default)]
pub struct Removals {
    /// Accounts that were deleted.
    pub removed: u32,
    /// One line a user whose removal failed, and one for an early end or a limit reached.
    pub errors: Vec<String>,
    /// Whether it ended early.
    pub stopped: bool,
}

impl Provisioner<'_> {
    /// Removes the accounts of those of `users` that have not returned and that no other actor holds.
    /// The customer's list is read once.
    pub(super) async fn remove_leaving(
        &self,
        users: &[UserId],
        order: RemovalOrder,
        watch: &RunWatch,
    ) -> Result<Removals, DatabaseError> {
        if users.is_empty() {
            return Ok(Removals::default());
        }
        let terms = LeaseTerms::new(self.clock, self.random);
        let leaving = store::lease_leaving(self.database, users, &terms).await?;
        let run = RemovalRun {
            provisioner: *self,
            order,
            leases: Leases::new(terms, leaving.iter().map(|one| one.user.clone())),
            deadline: Deadline::after(self.clock, REMOVAL_BUDGET),
            left: Cell::new(order.limit),
            watch,
        };
        run.run(&leaving).await
    }
}

/// What all users of one run share.
struct RemovalRun<'a> {
    provisioner: Provisioner<'a>,
    order: RemovalOrder,
    leases: Leases,
    deadline: Deadline,
    /// How many accounts may still be deleted.
    left: Cell<u32>,
    watch: &'a RunWatch,
}

impl RemovalRun<'_> {
    async fn run(&self, leaving: &[Leaving]) -> Result<Removals, DatabaseError> {
        let mut done = Removals::default();
        if leaving.is_empty() {
            return Ok(done);
        }
        let mut query = ScanQuery::default();
        for one in leaving {
            look_for(&one.mapping, &mut query);
        }
        let scan = self.leases.scan(&self.provisioner, query, self.deadline);
        let mut stop = None;
        let scan = match scan.await? {
            Ok(scan) => check_list(self.provisioner.database, scan, None).await?,
            failed => failed,
        };
        let scan = match scan {
            Ok(scan) => Some(scan),
            Err(error) => {
                stop = Some(format!("the user list could not be read: {error}"));
                None
            }
        };
        let (mut outages, mut untouched, mut limited) = (0, 0_u32, 0_u32);
        for one in leaving {
            self.leases.keep(&self.provisioner).await?;
            if !self.leases.holds(&one.user) {
                continue;
            }
            if self.deadline.passed(self.provisioner.clock.now()) {
                stop.get_or_insert_with(|| Stop::OutOfTime.to_string());
            }
            if stop.is_none() {
                let halted = self.watch.look(&self.provisioner).await?;
                stop = halted.map(|halted| halted.to_string());
            }
            let (Some(scan), None) = (&scan, &stop) else {
                untouched += 1;
                self.release(one).await?;
                continue;
            };
            let departure = Departure {
                provisioner: self.provisioner,
                user: &one.user,
                mapping: &one.mapping,
                scan,
                of_others: None,
                deadline: self.deadline.min(self.leases.deadline()),
            };
            let token = &self.leases.token;
            let removal = departure.remove(token, one.recovery.as_ref(), &self.left);
            match removal.await {
                Ok(departed) => {
                    outages = 0;
                    let count = u32::try_from(departed.deleted.len()).unwrap_or(u32::MAX);
                    done.removed = done.removed.saturating_add(count);
                    if !departed.left_in_place.is_empty() {
                        done.errors.push(format!("{}: {PROTECTED}", one.user));
                    }
                    self.provisioner
                        .conclude_departure(token, &one.user, &departed)
                        .await?;
                }
                Err(NotRemoved::Limit(count)) => {
                    limited += 1;
                    done.removed = done.removed.saturating_add(count);
                    self.release(one).await?;
                }
                Err(NotRemoved::Returned) => self.release(one).await?,
                Err(NotRemoved::Failed(failure)) => {
                    stop = stop.or(stop_after(&failure, &mut outages));
                    done.errors.push(format!("{}: {failure}", one.user));
                    self.provisioner
                        .postpone_departure(token, &one.user, &one.mapping, &failure, self.order)
                        .await?;
                }
                Err(NotRemoved::Database(error)) => return Err(error),
            }
            self.leases.drop_lease(&one.user);
        }
        if limited > 0 {
            done.errors.push(format!(
                "removal limit reached: {limited} deleted user(s) left for the next run"
            ));
        }
        if let Some(stop) = stop {
            done.stopped = true;
            done.errors.push(format!(
                "removals ended early: {stop}; {untouched} deleted user(s) left for the next run"
            ));
        }
        Ok(done)
    }

    async fn release(&self, one: &Leaving) -> Result<(), DatabaseError> {
        self.leases.drop_lease(&one.user);
        let database = self.provisioner.database;
        store::release_lease(database, &self.leases.token, &one.user, None).await
    }
}

/// Why nothing more is begun after this failure.
fn stop_after(failure: &Failure, outages: &mut u32) -> Option<String> {
    if let Failure::Upstream(UpstreamError::RateLimited { retry_after }) = failure {
        let retry_after = *retry_after;
        return Some(Stop::RateLimited { retry_after }.to_string());
    }
    if failure.is_outage() {
        *outages += 1;
    }
    (*outages >= OUTAGES_TO_STOP).then(|| Stop::Outages.to_string())
}

impl Context<'_> {
    /// Writes down what became of the accounts. False: the user has returned.
    async fn conclude_departure(
        &self,
        token: &store::LeaseToken,
        user: &UserId,
        departed: &Departed,
    ) -> Result<bool, DatabaseError> {
        let outcome = if departed.left_in_place.is_empty() {
            LeavingOutcome::Gone
        } else {
            LeavingOutcome::LeftInPlace {
                reason: PROTECTED.to_owned(),
            }
        };
        let entry = self.departure_entry(user, describe(departed));
        store::conclude_leaving(self.database, token, user, &outcome, &entry).await
    }

    /// Leaves the removal to a later run.
    async fn postpone_departure(
        &self,
        token: &store::LeaseToken,
        user: &UserId,
        mapping: &Mapping,
        failure: &Failure,
        order: RemovalOrder,
    ) -> Result<bool, DatabaseError> {
        let now = self.clock.now();
        let attempts = mapping.attempts.saturating_add(1);
        let mut due = next_attempt(attempts, failure.is_outage(), now);
        if *failure == Failure::Settling {
            due = due.max(mapping.settled_at);
        }
        let outcome = LeavingOutcome::Failed {
            failure: failure.clone(),
            next_attempt_at: due,
            leaving_since: due.minus(order.wait),
            settled_at: failure.is_unsettled().then(|| now.plus(SETTLING)),
        };
        let entry = self.departure_entry(user, failure.to_string());
        store::conclude_leaving(self.database, token, user, &outcome, &entry).await
    }

    fn departure_entry(&self, user: &UserId, outcome: String) -> Entry {
        self.entry(Action::Offboard, user, outcome)
    }
}

/// The trail's account of it, the roles included: they are stored nowhere else any more.
fn describe(departed: &Departed) -> String {
    let list = |ids: &[&str]| ids.join(", ");
    let deleted: Vec<&str> = departed.deleted.iter().map(|id| id.0.as_str()).collect();
    let kept: Vec<&str> = departed
        .left_in_place
        .iter()
        .map(|id| id.0.as_str())
        .collect();
    let roles: Vec<&str> = departed.roles.iter().map(|role| role.0.as_str()).collect();
    let mut parts = Vec::new();
    if !deleted.is_empty() {
        parts.push(format!("deleted account {}", list(&deleted)));
    }
    if !kept.is_empty() {
        parts.push(format!("left protected account {} in place", list(&kept)));
    }
    if parts.is_empty() {
        parts.push("no account to delete".to_owned());
    }
    if !roles.is_empty() {
        parts.push(format!("{} role(s): {}", roles.len(), list(&roles)));
    }
    parts.join("; ")
}
