//! One user of a list after the other, each by the code of the single act.
//!
//! A user is claimed before and settled after it; one call of the database does both. One whose holder died is
//! claimed again when the claim ends. The audit trail then tells what was done on behalf of the run, because its rows
//! are written together with what they tell of: a reset or a deletion that took place is never done again.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::db::DatabaseError;
use crate::kernel::audit::{Action, Origin};
use crate::kernel::{Deadline, Timestamp, UserId, ids};
use crate::provisioning::attempt::ReplacementBudget;
use crate::provisioning::batch::Stop;
use crate::provisioning::bulk::outcome::{Outcome, UserState};
use crate::provisioning::bulk::{Act, BulkOrder};
use crate::provisioning::fanout::ChunkId;
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::policy::{
    BULK_CLAIMS, BULK_CREW, LEASE, LIST_USERS_A_PROCESS, OUTAGES_TO_STOP,
};
use crate::provisioning::reset::{Plan, ResetTerms};
use crate::provisioning::store::bulk::{BulkRun, Claim, ClaimTerms, Settled, next_bulk_user};
use crate::provisioning::store::{self, Tally};
use crate::provisioning::{Context, Failure, ProvisioningError};
use crate::threedeye::{Client, RemoteId};

/// The accounts that the preview of a provisioning named.
fn named(seen: &str) -> Vec<RemoteId> {
    let ids: Vec<String> = serde_json::from_str(seen).unwrap_or_default();
    ids.into_iter().map(RemoteId).collect()
}

/// What came of it.
#[derive(Debug, Default)]
pub struct BulkReport {
    pub tally: Tally,
    /// Why no further user was begun.
    pub stop: Option<Stop>,
}

/// What the workers share.
struct Shared<'a> {
    remote: Option<&'a Client>,
    /// By the runs' ids.
    runs: BTreeMap<&'a str, (BulkOrder, Origin)>,
    chunks: &'a [ChunkId],
    removals: RemovalOrder,
    deadline: Deadline,
    stop: Cell<Option<Stop>>,
    /// Users that may still be begun.
    left: Cell<u32>,
    outages: Cell<u32>,
    tally: RefCell<Tally>,
}

impl Context<'_> {
    /// Does the users of these chunks that wait, until none does or the run ends early.
    pub(in crate::provisioning) async fn work_off(
        &self,
        remote: Option<&Client>,
        runs: &[BulkRun],
        chunks: &[ChunkId],
        removals: RemovalOrder,
        deadline: Deadline,
    ) -> Result<BulkReport, DatabaseError> {
        if runs.is_empty() {
            return Ok(BulkReport::default());
        }
        let mut orders = BTreeMap::new();
        for run in runs {
            let order = run.order()?;
            let origin = run.origin(&order);
            orders.insert(run.run_id.as_str(), (order, origin));
        }
        let chunks: Vec<ChunkId> = chunks
            .iter()
            .filter(|chunk| orders.contains_key(chunk.run_id.as_str()))
            .cloned()
            .collect();
        let shared = Shared {
            remote,
            runs: orders,
            chunks: &chunks,
            removals,
            deadline,
            stop: Cell::new(None),
            left: Cell::new(LIST_USERS_A_PROCESS),
            outages: Cell::new(0),
            tally: RefCell::default(),
        };
        // All of them end, whichever fails: what was begun is written down.
        let ended = join_all((0..BULK_CREW).map(|_| self.work(&shared))).await;
        ended.into_iter().collect::<Result<(), _>>()?;
        Ok(BulkReport {
            stop: shared.stop.get(),
            tally: shared.tally.into_inner(),
        })
    }

    async fn work(&self, shared: &Shared<'_>) -> Result<(), DatabaseError> {
        let token = ids::prefixed_ulid("claim", self.clock.now(), self.random);
        let mut settled = None;
        loop {
            let now = self.clock.now();
            let terms = shared.may_begin(now).then_some(ClaimTerms {
                chunks: shared.chunks,
                until: now.plus(LEASE),
            });
            if terms.is_none() && settled.is_none() {
                return Ok(());
            }
            let next = next_bulk_user(self.database, &token, settled.as_ref(), terms, now);
            let Some(claim) = next.await? else {
                return Ok(());
            };
            let Some((order, origin)) = shared.runs.get(claim.chunk.run_id.as_str()) else {
                return Ok(());
            };
            let acting = Context { origin, ..*self };
            let outcome = acting.take(shared, order, &claim).await?;
            shared.note(&outcome);
            settled = Some(Settled {
                claim,
                state: outcome.state.as_str(),
                reason: outcome.reason,
                outcome: outcome.text,
            });
        }
    }

    /// Does one user, at most once.
    async fn take(
        &self,
        shared: &Shared<'_>,
        order: &BulkOrder,
        claim: &Claim,
    ) -> Result<Outcome, DatabaseError> {
        let user = UserId::new(&*claim.user_id);
        if claim.claims > 1
            && let Some(outcome) = self.after_interruption(shared, order, claim, &user).await?
        {
            return Ok(outcome);
        }
        Ok(match order.act {
            Act::Provision => {
                let budget = ReplacementBudget::of_run(&claim.chunk.run_id, named(&claim.seen));
                let walked = self.provision_within(shared.remote, &user, &budget);
                match walked.await {
                    Ok(walk) if walk.failure == Some(Failure::TakeOverUnproved) => {
                        ProvisioningError::PlanOutdated.into()
                    }
                    ended => ended.into(),
                }
            }
            Act::Reset => {
                let plan = Plan::kept(claim.seen.clone());
                let terms = ResetTerms {
                    plan: Some(&plan),
                    may_lose_roles: order.may_lose_roles,
                };
                self.reset(shared.remote, &user, order.reset, terms)
                    .await
                    .into()
            }
            Act::Offboard => {
                let reason = order.reason.as_deref().unwrap_or_default();
                let approve = |record: &_| match self.tag_of_departing(&user, record)? {
                    seen if seen == claim.seen => Ok(()),
                    _ => Err(ProvisioningError::PlanOutdated),
                };
                let removals = shared.removals;
                self.delete_user_if(shared.remote, &user, reason, removals, approve)
                    .await
                    .into()
            }
        })
    }

    /// What became of a user whose first holder died; `None`: it had not begun to change anything.
    async fn after_interruption(
        &self,
        shared: &Shared<'_>,
        order: &BulkOrder,
        claim: &Claim,
        user: &UserId,
    ) -> Result<Option<Outcome>, DatabaseError> {
        let has = |action: Action| claim.trail.iter().any(|one| one == action.as_str());
        Ok(match order.act {
            Act::Reset if has(Action::Reset) && order.reset.reprovision => {
                // What is left of it is safe to repeat.
                let mut outcome = Outcome::from(self.provision_now(shared.remote, user).await);
                outcome.text = format!("reset; then {}", outcome.text);
                if outcome.state == UserState::Refused {
                    outcome.state = UserState::Failed;
                }
                Some(outcome)
            }
            Act::Reset if has(Action::Reset) => Some(Outcome::done("reset")),
            Act::Reset if has(Action::DeleteAccount) => Some(Outcome::interrupted(
                "interrupted when its account was about to be deleted; the next run goes on with the user",
            )),
            Act::Offboard if has(Action::DeleteUser) => {
                let record = store::load(self.database, user).await?;
                let has_left = record.mapping.as_ref().is_some_and(|row| row.has_left());
                Some(match has_left {
                    _ if record.user.is_some() => Outcome::returned(),
                    true => Outcome::interrupted(
                        "The user is deleted, but not its account yet: interrupted. A scheduled run goes on with it",
                    ),
                    false => Outcome::done("deleted"),
                })
            }
            // Something about this user ends every process that takes it up.
            _ if claim.claims > BULK_CLAIMS => Some(Outcome::interrupted(
                "interrupted each time it was begun; the audit trail tells what was done",
            )),
            _ => None,
        })
    }
}

impl Shared<'_> {
    /// Whether a further user is begun now, which is then counted.
    fn may_begin(&self, now: Timestamp) -> bool {
        let stop = match self.left.get() {
            _ if self.stop.get().is_some() => return false,
            _ if self.deadline.passed(now) => Stop::OutOfTime,
            0 => Stop::UserLimit,
            left => {
                self.left.set(left - 1);
                return true;
            }
        };
        self.stop.set(Some(stop));
        false
    }

    fn note(&self, outcome: &Outcome) {
        let mut tally = self.tally.borrow_mut();
        tally.total += 1;
        match outcome.state {
            UserState::Done => tally.created += 1,
            _ => tally.failed += 1,
        }
        let mut outages = self.outages.get();
        if let Some(stop) = outcome.stop(&mut outages, OUTAGES_TO_STOP) {
            self.stop.set(Some(self.stop.get().unwrap_or(stop)));
        }
        self.outages.set(outages);
    }
}
