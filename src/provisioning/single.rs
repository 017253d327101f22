//! One user on demand: credentials and reprovisioning.

use crate::db::DatabaseError;
use crate::kernel::sealing::Purpose;
use crate::kernel::{Deadline, EmailKey, Secret, UserId};
use crate::provisioning::attempt::{AttemptResult, ReplacementBudget, TakeOvers};
use crate::provisioning::batch::BatchReport;
use crate::provisioning::policy::{BUSY_PATIENCE, BUSY_POLL, SHORTEST_PROVISIONING, SINGLE_BUDGET};
use crate::provisioning::record::{ProvisioningRecord, State};
use crate::provisioning::store;
use crate::provisioning::{Context, Failure, Provisioner, ProvisioningError};
use crate::threedeye::{Client, RemoteId, UpstreamError};

/// What a user logs in to 3dEye with.
#[derive(Debug)]
pub struct RemoteCredentials {
    pub id: RemoteId,
    /// The e-mail that the password opens it with.
    pub email: EmailKey,
    pub password: Secret,
}

/// What a caller shows for an account that is older than our first for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// Support answers for itself.
    Support,
    /// A program's key, for every user: gets what a run or support took over, and takes nothing over.
    Service,
    /// A person's sign-in proves this e-mail.
    Email(EmailKey),
    /// A person without such a proof, or a key bound to one.
    Nothing,
}

impl Proof {
    fn take_overs(&self) -> TakeOvers {
        match self {
            Self::Support => TakeOvers::Any,
            Self::Email(email) => TakeOvers::Of(email.clone()),
            Self::Service | Self::Nothing => TakeOvers::None,
        }
    }

    /// Whether the caller may have the password of an account that took the place of one with this
    /// e-mail.
    fn suffices_for(&self, taken_over: &str) -> bool {
        match self {
            Self::Support | Self::Service => true,
            Self::Email(email) => email.as_str() == taken_over,
            Self::Nothing => false,
        }
    }
}

impl Context<'_> {
    /// Answers the user's credentials from `record`, or provisions the account first, within
    /// [`SINGLE_BUDGET`]. `remote` is `None` where 3dEye is not configured.
    pub async fn credentials(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        record: ProvisioningRecord,
        proof: &Proof,
    ) -> Result<RemoteCredentials, ProvisioningError> {
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        self.credentials_by(deadline, remote, user, record, proof)
            .await
    }

    /// The same by a deadline. [`Failure::OutOfTime`]: too little time to begin, so nothing was done.
    pub(super) async fn credentials_by(
        &self,
        deadline: Deadline,
        remote: Option<&Client>,
        user: &UserId,
        mut record: ProvisioningRecord,
        proof: &Proof,
    ) -> Result<RemoteCredentials, ProvisioningError> {
        let patience = Deadline::after(self.clock, BUSY_PATIENCE).min(deadline);
        loop {
            // 1. Complete: answer it. Saved roles that still wait are left to the queue.
            if let Some(stored) = self.stored(user, &record, proof)? {
                self.keep_seal_current(user, &record, &stored).await?;
                return Ok(stored);
            }
            refuse_hopeless(&record)?;
            let Some(remote) = remote else {
                return Err(Failure::Upstream(UpstreamError::NotConfigured).into());
            };
            let now = self.clock.now();
            let until = record.mapping.as_ref().map_or(now, |m| m.lease_until);
            if until <= now {
                if deadline.remaining(now) < SHORTEST_PROVISIONING {
                    return Err(Failure::OutOfTime.into());
                }
                let provisioner = self.with(remote);
                if let Some(result) = provisioner.provision_one(deadline, user, proof).await? {
                    return self.conclude(user, result, proof).await;
                }
            }
            if patience.passed(self.clock.now()) {
                return Err(ProvisioningError::busy(until, now));
            }
            self.clock.sleep(BUSY_POLL).await;
            record = store::load(self.database, user).await?;
        }
    }

    async fn conclude(
        &self,
        user: &UserId,
        result: AttemptResult,
        proof: &Proof,
    ) -> Result<RemoteCredentials, ProvisioningError> {
        match result {
            AttemptResult::Ready(..) | AttemptResult::RolesPending(..) => {
                let record = store::load(self.database, user).await?;
                self.stored(user, &record, proof)?
                    .ok_or(ProvisioningError::Failed(Failure::OutOfTime))
            }
            AttemptResult::Failed(failure) => Err(failure.into()),
            AttemptResult::ReplacementLimit
            | AttemptResult::Untouched
            | AttemptResult::LeaseLost => Err(Failure::OutOfTime.into()),
        }
    }

    /// A rotation of `CREDENTIALS_KEY` leaves passwords under the previous key; each moves to the
    /// current one when it is read.
    async fn keep_seal_current(
        &self,
        user: &UserId,
        record: &ProvisioningRecord,
        stored: &RemoteCredentials,
    ) -> Result<(), ProvisioningError> {
        let sealed = record.mapping.as_ref().and_then(|m| m.password.as_ref());
        let Some(old) = sealed.filter(|sealed| !self.sealer.is_current(sealed)) else {
            return Ok(());
        };
        let purpose = Purpose::ThreedeyePassword;
        let new = self
            .sealer
            .seal(purpose, user, &stored.password, self.random)
            .map_err(|cause| DatabaseError(format!("a password could not be resealed: {cause}")))?;
        Ok(store::reseal(self.database, user, old, &new).await?)
    }

    fn stored(
        &self,
        user: &UserId,
        record: &ProvisioningRecord,
        proof: &Proof,
    ) -> Result<Option<RemoteCredentials>, ProvisioningError> {
        let Some(row) = &record.user else {
            return Err(ProvisioningError::NoUser);
        };
        if row.email_key.is_none() {
            return Err(ProvisioningError::NoEmail);
        }
        let Some((id, sealed)) = record.mapping.as_ref().and_then(|m| m.credentials()) else {
            return Ok(None);
        };
        let taken_over = record
            .mapping
            .as_ref()
            .and_then(|m| m.taken_over.as_deref());
        if taken_over.is_some_and(|email| !proof.suffices_for(email)) {
            return Err(Failure::TakeOverUnproved.into());
        }
        let password = self
            .sealer
            .open(Purpose::ThreedeyePassword, user, sealed)
            .map_err(|cause| DatabaseError(format!("threedeye_users.password_sealed: {cause}")))?;
        // Not the user's own e-mail, which may be padded, or another by now.
        let email = record.mapping.as_ref().and_then(|m| m.email_key.clone());
        let email = email.ok_or_else(|| {
            DatabaseError(format!(
                "threedeye_users.email_key of row {user} is missing"
            ))
        })?;
        Ok(Some(RemoteCredentials {
            id: id.clone(),
            email,
            password,
        }))
    }
}

impl Provisioner<'_> {
    /// Claims and provisions one user; `None`: another actor has it.
    async fn provision_one(
        &self,
        deadline: Deadline,
        user: &UserId,
        proof: &Proof,
    ) -> Result<Option<AttemptResult>, ProvisioningError> {
        let budget = ReplacementBudget::of_one(proof.take_overs());
        let report = self.run_one(deadline, user, &budget).await?;
        if let Some(error) = report.scan_error {
            return Err(Failure::Upstream(error).into());
        }
        Ok(report.users.into_iter().next().map(|user| user.result))
    }

    /// The same as a batch of one, which is empty where another actor has the user.
    pub(super) async fn run_one(
        &self,
        deadline: Deadline,
        user: &UserId,
        budget: &ReplacementBudget,
    ) -> Result<BatchReport, ProvisioningError> {
        let request = self.claim_request(user)?;
        Ok(self
            .run_batch(&[request], &[], budget, deadline, None)
            .await?)
    }
}

/// Refuses what no attempt can mend until the data is changed or the user is reset.
pub(super) fn refuse_hopeless(record: &ProvisioningRecord) -> Result<(), ProvisioningError> {
    let mapping = record.mapping.as_ref();
    match mapping.map(|mapping| mapping.state) {
        Some(State::Quarantined) => {
            let respelled = mapping.and_then(|mapping| mapping.respelled.clone());
            Err(respelled
                .map_or(Failure::Orphan, Failure::OtherSpelling)
                .into())
        }
        Some(State::SetAside) => Err(Failure::Duplicate.into()),
        Some(State::Leaving | State::LeftInPlace) => Err(Failure::Leaving.into()),
        Some(State::Pending | State::Attaching | State::Complete) => Ok(()),
        Some(State::Idle) | None if record.contested => Err(Failure::Duplicate.into()),
        Some(State::Idle) | None => Ok(()),
    }
}
