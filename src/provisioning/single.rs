//! One user on demand: credentials and reprovisioning.

use crate::db::DatabaseError;
use crate::kernel::sealing::Purpose;
use crate::kernel::{Deadline, EmailKey, Secret, UserId};
use crate::provisioning::attempt::{AttemptResult, ReplacementBudget};
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

impl Context<'_> {
    /// Answers the user's credentials from `record`, or provisions the account first, within
    /// [`SINGLE_BUDGET`]. `remote` is `None` where 3dEye is not configured.
    pub async fn credentials(
        &self,
        remote: Option<&Client>,
        user: &UserId,
        record: ProvisioningRecord,
    ) -> Result<RemoteCredentials, ProvisioningError> {
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        self.credentials_by(deadline, remote, user, record).await
    }

    /// The same by a deadline. [`Failure::OutOfTime`]: too little time to begin, so nothing was done.
    pub(super) async fn credentials_by(
        &self,
        deadline: Deadline,
        remote: Option<&Client>,
        user: &UserId,
        mut record: ProvisioningRecord,
    ) -> Result<RemoteCredentials, ProvisioningError> {
        let patience = Deadline::after(self.clock, BUSY_PATIENCE).min(deadline);
        loop {
            // 1. Complete: answer it. Saved roles that still wait are left to the queue.
            if let Some(stored) = self.stored(user, &record)? {
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
                if let Some(result) = provisioner.provision_one(deadline, user).await? {
                    return self.conclude(user, result).await;
                }
            }
            if patience.passed(self.clock.now()) {
                let left = until.since(now).as_secs();
                return Err(ProvisioningError::Busy {
                    retry_after_s: left.saturating_add(1),
                });
            }
            self.clock.sleep(BUSY_POLL).await;
            record = store::load(self.database, user).await?;
        }
    }

    async fn conclude(
        &self,
        user: &UserId,
        result: AttemptResult,
    ) -> Result<RemoteCredentials, ProvisioningError> {
        match result {
            AttemptResult::Ready(..) | AttemptResult::RolesPending(..) => {
                let record = store::load(self.database, user).await?;
                self.stored(user, &record)?
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
    ) -> Result<Option<AttemptResult>, ProvisioningError> {
        let request = self.claim_request(user)?;
        // Asked for by name, so the number of replacements is not limited.
        let budget = ReplacementBudget::limited(u32::MAX);
        let report = self.run_batch(&[request], &budget, deadline).await?;
        if let Some(error) = report.scan_error {
            return Err(Failure::Upstream(error).into());
        }
        Ok(report.users.into_iter().next().map(|user| user.result))
    }
}

/// Refuses what no attempt can mend until the data is changed or the user is reset.
fn refuse_hopeless(record: &ProvisioningRecord) -> Result<(), ProvisioningError> {
    match record.mapping.as_ref().map(|mapping| mapping.state) {
        Some(State::Quarantined) => Err(Failure::Orphan.into()),
        Some(State::SetAside) => Err(Failure::Duplicate.into()),
        Some(State::Leaving | State::LeftInPlace) => Err(Failure::Leaving.into()),
        Some(State::Pending | State::Attaching | State::Complete) => Ok(()),
        Some(State::Idle) | None if record.contested => Err(Failure::Duplicate.into()),
        Some(State::Idle) | None => Ok(()),
    }
}
