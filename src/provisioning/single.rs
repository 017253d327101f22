//! One user on demand: credentials and reprovisioning.

use crate::kernel::sealing::Purpose;
use crate::kernel::{Clock, Deadline, EmailKey, Random, Secret, UserId};
use crate::threedeye::{RemoteId, Upstream};

use crate::db::DatabaseError;
use crate::provisioning::account::{End, Takeovers};
use crate::provisioning::batch::{Batch, Leases};
use crate::provisioning::policy::{BUSY_PATIENCE, BUSY_POLL, SHORTEST_PROVISIONING, SINGLE_BUDGET};
use crate::provisioning::record::{Dossier, State};
use crate::provisioning::{Failure, Store, Toolbox};

/// A user's account.
#[derive(Debug)]
pub struct Account {
    /// Its id at 3dEye.
    pub id: RemoteId,
    /// The e-mail that the password opens it with.
    pub email: EmailKey,
    /// Its password.
    pub password: Secret,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// No such user.
    #[error("no such user")]
    NoUser,
    /// The user has no e-mail.
    #[error("the user has no e-mail")]
    NoEmail,
    /// Another actor is provisioning this user.
    #[error("another provisioning of this user is under way")]
    Busy {
        /// Seconds after which that actor's lease has ended.
        retry_after_s: u64,
    },
    /// It could not be provisioned.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] DatabaseError),
}

impl<U: Upstream, S: Store, C: Clock, R: Random> Toolbox<'_, U, S, C, R> {
    /// Answers the user's account from `dossier`, or provisions it first, in
    /// [`SINGLE_BUDGET`]. `configured` tells whether 3dEye can be called at all.
    pub async fn account(
        &self,
        user: &UserId,
        dossier: Dossier,
        configured: bool,
    ) -> Result<Account, Unavailable> {
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
        self.account_by(deadline, user, dossier, configured).await
    }

    /// The same with what is left of somebody's time.
    /// [`Failure::OutOfTime`]: too little to begin, so nothing was.
    pub(super) async fn account_by(
        &self,
        deadline: Deadline,
        user: &UserId,
        mut dossier: Dossier,
        configured: bool,
    ) -> Result<Account, Unavailable> {
        let patience = Deadline::after(self.clock, BUSY_PATIENCE).min(deadline);
        loop {
            // 1. Complete: answer it. Saved roles that still wait are the queue's business.
            if let Some(account) = self.stored(user, &dossier)? {
                self.keep_seal_current(user, &dossier, &account).await?;
                return Ok(account);
            }
            refuse_hopeless(&dossier)?;
            if !configured {
                return Err(
                    Failure::Upstream(crate::threedeye::UpstreamError::NotConfigured).into(),
                );
            }
            let now = self.clock.now();
            let until = dossier.mapping.as_ref().map_or(now, |m| m.lease_until);
            if until <= now {
                if deadline.remaining(now) < SHORTEST_PROVISIONING {
                    return Err(Failure::OutOfTime.into());
                }
                if let Some(end) = self.provision_one(deadline, user).await? {
                    return self.conclude(user, end).await;
                }
            }
            if patience.passed(self.clock.now()) {
                let left = until.since(now).as_secs();
                return Err(Unavailable::Busy {
                    retry_after_s: left.saturating_add(1),
                });
            }
            self.clock.sleep(BUSY_POLL).await;
            dossier = self.store.dossier(user).await?;
        }
    }

    /// Claims and provisions one user; `None`: somebody else has it.
    async fn provision_one(
        &self,
        deadline: Deadline,
        user: &UserId,
    ) -> Result<Option<End>, Unavailable> {
        let terms = self.terms();
        let claimed = self.store.claim(&[self.bid(user, None)?], &terms).await?;
        if claimed.is_empty() {
            return Ok(None);
        }
        let leases = Leases::new(terms.token, terms.until, &claimed);
        // Asked for by name, so no limit of take-overs.
        let takeovers = Takeovers::limited(u32::MAX);
        let batch = Batch::new(*self, leases, &takeovers, deadline, 1);
        let outcome = batch.run(claimed).await?;
        if let Some(error) = outcome.blind {
            return Err(Failure::Upstream(error).into());
        }
        Ok(outcome.reports.into_iter().next().map(|report| report.end))
    }

    async fn conclude(&self, user: &UserId, end: End) -> Result<Account, Unavailable> {
        match end {
            End::Ready(..) | End::RolesPending(..) => {
                let dossier = self.store.dossier(user).await?;
                self.stored(user, &dossier)?
                    .ok_or(Unavailable::Failed(Failure::OutOfTime))
            }
            End::Failed(failure) => Err(failure.into()),
            End::Orphan => Err(Failure::Orphan.into()),
            End::Duplicate => Err(Failure::Duplicate.into()),
            End::TakeoverLimit | End::Untouched | End::LeaseLost => Err(Failure::OutOfTime.into()),
        }
    }

    /// A rotation of `CREDENTIALS_KEY` leaves passwords under the previous key;
    /// whichever is read moves to the current one.
    async fn keep_seal_current(
        &self,
        user: &UserId,
        dossier: &Dossier,
        account: &Account,
    ) -> Result<(), Unavailable> {
        let sealed = dossier.mapping.as_ref().and_then(|m| m.password.as_ref());
        let Some(old) = sealed.filter(|sealed| !self.sealer.is_current(sealed)) else {
            return Ok(());
        };
        let purpose = Purpose::ThreedeyePassword;
        let new = self
            .sealer
            .seal(purpose, user, &account.password, self.random)
            .map_err(|cause| DatabaseError(format!("a password could not be resealed: {cause}")))?;
        Ok(self.store.reseal(user, old, &new).await?)
    }

    fn stored(&self, user: &UserId, dossier: &Dossier) -> Result<Option<Account>, Unavailable> {
        let Some(row) = &dossier.user else {
            return Err(Unavailable::NoUser);
        };
        if row.email_key.is_none() {
            return Err(Unavailable::NoEmail);
        }
        let Some((id, sealed)) = dossier.mapping.as_ref().and_then(|m| m.credentials()) else {
            return Ok(None);
        };
        let password = self
            .sealer
            .open(Purpose::ThreedeyePassword, user, sealed)
            .map_err(|cause| DatabaseError(format!("threedeye_users.password_sealed: {cause}")))?;
        // Not the user's own e-mail, which may be padded, or another by now.
        let email = dossier.mapping.as_ref().and_then(|m| m.email_key.clone());
        let email = email.ok_or_else(|| {
            DatabaseError(format!(
                "threedeye_users.email_key of row {user} is missing"
            ))
        })?;
        Ok(Some(Account {
            id: id.clone(),
            email,
            password,
        }))
    }
}

/// What no attempt can mend until somebody changes the data or resets the user.
fn refuse_hopeless(dossier: &Dossier) -> Result<(), Unavailable> {
    match dossier.mapping.as_ref().map(|mapping| mapping.state) {
        Some(State::Quarantined) => Err(Failure::Orphan.into()),
        Some(State::SetAside) => Err(Failure::Duplicate.into()),
        Some(State::Pending | State::Attaching | State::Complete) => Ok(()),
        Some(State::Idle) | None if dossier.contested => Err(Failure::Duplicate.into()),
        Some(State::Idle) | None => Ok(()),
    }
}
