//! One user provisioned for a person of support, who sees how far it went.

use crate::kernel::{Deadline, UserId};
use crate::provisioning::attempt::{AccountOrigin, AttemptResult, ReplacementBudget, TakeOvers};
use crate::provisioning::policy::SINGLE_BUDGET;
use crate::provisioning::record::{ProvisioningRecord, State};
use crate::provisioning::single::refuse_hopeless;
use crate::provisioning::store;
use crate::provisioning::{Context, Failure, ProvisioningError};
use crate::threedeye::{Client, UpstreamError};

/// How far a user was taken.
#[derive(Debug)]
pub struct Walk {
    /// The rows afterwards.
    pub record: ProvisioningRecord,
    /// Why it did not go to the end.
    pub failure: Option<Failure>,
    /// One of each [`StepName`], in order.
    pub steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub name: StepName,
    pub outcome: StepOutcome,
    /// What was done, or why not.
    pub detail: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepName {
    /// There is a user who may be provisioned.
    User,
    /// The customer's list was read.
    List,
    /// There is an account that the stored password opens.
    Account,
    /// It holds all camera roles.
    Roles,
}

impl StepName {
    pub const ALL: [Self; 4] = [Self::User, Self::List, Self::Account, Self::Roles];

    /// The name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::List => "list",
            Self::Account => "account",
            Self::Roles => "roles",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepOutcome {
    Done,
    Failed,
    /// There was nothing to do, or a step before failed.
    Skipped,
}

impl StepOutcome {
    /// The name in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// How it ended, before the rows are read again.
enum Ending {
    /// The account was complete before.
    WasComplete,
    Ready(AccountOrigin),
    /// Failed at this step.
    At(StepName, Failure),
}

impl Context<'_> {
    /// Provisions one user now, whenever it is due. Lifts no quarantine. `remote` is `None` where 3dEye is not
    /// configured.
    pub async fn provision_now(
        &self,
        remote: Option<&Client>,
        user: &UserId,
    ) -> Result<Walk, ProvisioningError> {
        let unlimited = ReplacementBudget::of_one(TakeOvers::Any);
        self.provision_within(remote, user, &unlimited).await
    }

    /// The same within a budget of replacements.
    pub(super) async fn provision_within(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        budget: &ReplacementBudget,
    ) -> Result<Walk, ProvisioningError> {
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        let record = store::load(self.database, user).await?;
        let Some(row) = &record.user else {
            return Err(ProvisioningError::NoUser);
        };
        if row.email_key.is_none() {
            return Err(ProvisioningError::NoEmail);
        }
        let state = record.mapping.as_ref().map(|row| row.state);
        if state == Some(State::Complete) {
            return Ok(walk(record, Ending::WasComplete));
        }
        if let Err(ProvisioningError::Failed(failure)) = refuse_hopeless(&record) {
            return Ok(walk(record, Ending::At(StepName::User, failure)));
        }
        let Some(remote) = remote else {
            return Err(UpstreamError::NotConfigured.into());
        };
        let provisioner = self.with(remote);
        let report = provisioner.run_one(deadline, user, budget).await?;
        let result = report.users.into_iter().next().map(|one| one.result);
        let ending = match (report.scan_error, result) {
            (Some(error), _) => Ending::At(StepName::List, error.into()),
            (None, None | Some(AttemptResult::LeaseLost)) => return Err(self.busy(user).await?),
            (None, Some(AttemptResult::Ready(_, origin))) => Ending::Ready(origin),
            (None, Some(AttemptResult::RolesPending(_, error))) => {
                Ending::At(StepName::Roles, Failure::RolesPending(error))
            }
            (None, Some(AttemptResult::Failed(Failure::ListIncomplete))) => {
                Ending::At(StepName::List, Failure::ListIncomplete)
            }
            (None, Some(AttemptResult::Failed(failure))) => Ending::At(StepName::Account, failure),
            (None, Some(AttemptResult::ReplacementLimit)) => {
                return Err(ProvisioningError::ReplacementLimit);
            }
            (None, Some(AttemptResult::Untouched)) => {
                Ending::At(StepName::Account, Failure::OutOfTime)
            }
        };
        Ok(walk(store::load(self.database, user).await?, ending))
    }

    /// Another actor has the user.
    pub(super) async fn busy(&self, user: &UserId) -> Result<ProvisioningError, ProvisioningError> {
        let record = store::load(self.database, user).await?;
        let now = self.clock.now();
        let until = record.mapping.map_or(now, |row| row.lease_until);
        Ok(ProvisioningError::busy(until, now))
    }
}

fn walk(record: ProvisioningRecord, ending: Ending) -> Walk {
    use StepOutcome::{Done, Failed, Skipped};

    let details = |name| match (&ending, name) {
        (Ending::At(at, failure), name) if *at == name => (Failed, Some(failure.to_string())),
        (Ending::At(at, _), name) if *at < name => (Skipped, None),
        (Ending::At(..), _) | (_, StepName::User) => (Done, None),
        (Ending::WasComplete, StepName::Account) => (Done, Some("was complete before".to_owned())),
        (Ending::WasComplete, _) => (Skipped, None),
        (Ending::Ready(origin), StepName::Account) => (Done, Some(describe(*origin).to_owned())),
        (Ending::Ready(_), _) => (Done, None),
    };
    let steps = StepName::ALL.into_iter().map(|name| {
        let (outcome, detail) = details(name);
        Step {
            name,
            outcome,
            detail,
        }
    });
    Walk {
        steps: steps.collect(),
        record,
        failure: match ending {
            Ending::At(_, failure) => Some(failure),
            Ending::WasComplete | Ending::Ready(_) => None,
        },
    }
}

const fn describe(origin: AccountOrigin) -> &'static str {
    match origin {
        AccountOrigin::RolesAttached => "was there; its saved roles are attached",
        AccountOrigin::Created => "created",
        AccountOrigin::Adopted => "was there; an earlier create had succeeded",
        AccountOrigin::Replaced => "deleted and created again, with its roles",
    }
}
