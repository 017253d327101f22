//! The repair by hand: probe, delete remotely, clear the rows, provision again.
//!
//! The rows are cleared in one batch, and never before a requested remote
//! delete has succeeded or was found to have nothing to delete.

use crate::audit::{Action, Entry};
use crate::kernel::{Clock, Deadline, Random, UserId};
use crate::threedeye::{RemoteId, RemoteUser, RoleId, Upstream, UpstreamError, Wanted};

use super::policy::SINGLE_BUDGET;
use super::record::{Dossier, Mapping};
use super::single::Unavailable;
use super::store::{Clearing, Guarded, LeaseToken, Terms};
use super::{Failure, Store, StoreError, Toolbox};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct ResetOrder {
    /// Forget the mapping and the saved roles.
    pub clear_mapping: bool,
    /// Delete the account at 3dEye.
    pub delete_remote: bool,
    /// Provision again at once.
    pub reprovision: bool,
    /// Keep the deleted account's roles for the next provisioning.
    pub preserve_roles: bool,
}

/// What was done.
#[derive(Debug)]
pub struct ResetDone {
    /// The user's e-mail; `None` for an unknown user or one without.
    pub email: Option<String>,
    /// A mapping row was deleted.
    pub cleared_mapping: bool,
    /// A recovery row was deleted.
    pub cleared_recovery: bool,
    /// What was done at 3dEye.
    pub removal: Removal,
    /// The account after reprovisioning, or why there is none; `None`: not asked for.
    pub reprovisioned: Option<Result<RemoteId, Unavailable>>,
    /// Whether the user exists.
    pub user_found: bool,
}

/// What was done at 3dEye.
#[derive(Debug, Default)]
pub struct Removal {
    /// A delete was asked for and tried.
    pub attempted: bool,
    /// The account that was deleted.
    pub deleted: Option<RemoteId>,
    /// A delete was asked for, and neither id nor e-mail is in our customer.
    pub not_visible: bool,
    /// The camera roles that went with the account.
    pub roles: Vec<RoleId>,
}

/// Why nothing was reset.
#[derive(Debug, thiserror::Error)]
pub enum ResetRefused {
    /// Another actor holds the user's lease.
    #[error("another provisioning of this user is under way")]
    Busy {
        /// Seconds until that lease has ended.
        retry_after_s: u64,
    },
    /// 3dEye failed, or its account must not be deleted; nothing was cleared.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<UpstreamError> for ResetRefused {
    fn from(error: UpstreamError) -> Self {
        Self::Failed(error.into())
    }
}

impl<U: Upstream, S: Store, C: Clock, R: Random> Toolbox<'_, U, S, C, R> {
    /// Resets one user. `configured` tells whether 3dEye can be called at all.
    pub async fn reset(
        &self,
        user: &UserId,
        order: ResetOrder,
        configured: bool,
    ) -> Result<ResetDone, ResetRefused> {
        if order.delete_remote && !configured {
            return Err(UpstreamError::NotConfigured.into());
        }
        let dossier = self.store.dossier(user).await?;
        let mut done = ResetDone {
            email: dossier.user.as_ref().and_then(|row| row.email.clone()),
            cleared_mapping: false,
            cleared_recovery: false,
            removal: Removal::default(),
            reprovisioned: None,
            user_found: dossier.user.is_some(),
        };
        let anything =
            dossier.user.is_some() || dossier.mapping.is_some() || dossier.recovery.is_some();
        if anything {
            self.reset_rows(user, order, &dossier, &mut done).await?;
        } else if order.delete_remote {
            // Neither e-mail nor id is known, so nothing of this user's is there.
            done.removal.not_visible = true;
        }
        if order.reprovision {
            let fresh = self.store.dossier(user).await?;
            let account = self.account(user, fresh, configured).await;
            done.reprovisioned = Some(account.map(|account| account.id));
        }
        Ok(done)
    }

    async fn reset_rows(
        &self,
        user: &UserId,
        order: ResetOrder,
        dossier: &Dossier,
        done: &mut ResetDone,
    ) -> Result<(), ResetRefused> {
        let terms = self.terms();
        let mapping = match self.store.seize(user, &terms).await? {
            Ok(mapping) => mapping,
            Err(busy) => {
                let left = busy.until.since(terms.now).as_secs();
                return Err(ResetRefused::Busy {
                    retry_after_s: left.saturating_add(1),
                });
            }
        };
        if order.delete_remote {
            match self
                .remove(user, order, dossier, mapping.as_ref(), &terms)
                .await
            {
                Ok(removal) => done.removal = removal,
                Err(refused) => {
                    self.store.release(&terms.token, user).await?;
                    return Err(refused);
                }
            }
        }
        let clearing = Clearing {
            clear_mapping: order.clear_mapping,
            forget_remote: done.removal.deleted.is_some(),
            keep_roles: kept_roles(order, dossier, &done.removal),
        };
        let entry = self.reset_entry(user, order, &done.removal);
        let cleared = self
            .store
            .clear(&terms.token, user, &clearing, self.clock.now(), &entry)
            .await?
            .ok_or(ResetRefused::Busy { retry_after_s: 1 })?;
        // An idle row told nothing, so deleting it cleared nothing.
        done.cleared_mapping = cleared.mapping && mapping.is_some_and(|m| m.is_recorded());
        done.cleared_recovery = cleared.recovery;
        Ok(())
    }

    /// Probes, then deletes what is this user's.
    async fn remove(
        &self,
        user: &UserId,
        order: ResetOrder,
        dossier: &Dossier,
        mapping: Option<&Mapping>,
        terms: &Terms,
    ) -> Result<Removal, ResetRefused> {
        let deadline = Deadline::at(terms.now.plus(SINGLE_BUDGET));
        let email = dossier.user.as_ref().and_then(|row| row.email_key.clone());
        let mapped = mapping.and_then(|row| row.threedeye_id.clone());
        let wanted = Wanted {
            emails: email.iter().cloned().collect(),
            ids: mapped.iter().cloned().collect(),
            samples: 0,
        };
        let survey = self
            .upstream
            .survey(std::future::ready(wanted), deadline)
            .await?;
        if survey.found.is_empty() && !survey.complete {
            return Err(Failure::ListIncomplete.into());
        }
        // The mapped account first: it is the one the answer names.
        let mut accounts: Vec<&RemoteUser> = Vec::new();
        accounts.extend(mapped.as_ref().and_then(|id| survey.by_id(id)));
        accounts.extend(
            email
                .as_ref()
                .and_then(|email| survey.by_email(email))
                .filter(|account| mapped.as_ref() != Some(&account.id)),
        );
        self.refuse_foreign(user, &accounts).await?;
        let mut removal = Removal {
            attempted: true,
            not_visible: accounts.is_empty(),
            ..Removal::default()
        };
        for account in &accounts {
            for role in &account.roles {
                if !removal.roles.contains(role) {
                    removal.roles.push(role.clone());
                }
            }
        }
        if order.preserve_roles
            && let Some(first) = accounts.first()
        {
            self.save_roles(&terms.token, user, first, dossier, &removal)
                .await?;
        }
        for account in accounts {
            self.upstream.delete(&account.id, deadline).await?;
            removal.deleted.get_or_insert_with(|| account.id.clone());
        }
        Ok(removal)
    }

    /// Guards: our own login, and accounts that other users are mapped to.
    async fn refuse_foreign(
        &self,
        user: &UserId,
        accounts: &[&RemoteUser],
    ) -> Result<(), ResetRefused> {
        let own = self.upstream.own_login();
        if own.is_some() && accounts.iter().any(|account| account.email_key() == own) {
            return Err(Failure::OwnLogin.into());
        }
        let ids: Vec<RemoteId> = accounts.iter().map(|account| account.id.clone()).collect();
        if !ids.is_empty() && !self.store.mapped_to_others(user, &ids).await?.is_empty() {
            return Err(Failure::ForeignMapping.into());
        }
        Ok(())
    }

    /// Roles are stored before the account that holds them is deleted.
    async fn save_roles(
        &self,
        token: &LeaseToken,
        user: &UserId,
        account: &RemoteUser,
        dossier: &Dossier,
        removal: &Removal,
    ) -> Result<(), ResetRefused> {
        let roles = merged(dossier, removal);
        let entry = Entry {
            at: self.clock.now(),
            origin: self.origin.clone(),
            action: Action::SaveRoles,
            subject: user.to_string(),
            outcome: format!("{} role(s) of account {}", roles.len(), account.id.0),
        };
        match self
            .store
            .save_recovery(token, user, &account.id, &roles, &entry)
            .await?
        {
            Guarded::Written => Ok(()),
            Guarded::Contested => Err(Failure::ForeignMapping.into()),
            Guarded::LeaseLost => Err(ResetRefused::Busy { retry_after_s: 1 }),
        }
    }

    fn reset_entry(&self, user: &UserId, order: ResetOrder, removal: &Removal) -> Entry {
        let deleted = match &removal.deleted {
            Some(id) => format!("deleted account {}", id.0),
            None if removal.not_visible => "no visible account to delete".to_owned(),
            None => "account left alone".to_owned(),
        };
        let rows = if order.clear_mapping {
            "rows cleared"
        } else {
            "rows kept"
        };
        Entry {
            at: self.clock.now(),
            origin: self.origin.clone(),
            action: Action::Reset,
            subject: user.to_string(),
            outcome: format!("{rows}, {deleted}"),
        }
    }
}

/// What stays as recovery: everything with `preserveRoles`, and whatever is
/// there already when the rows are not to be cleared.
fn kept_roles(order: ResetOrder, dossier: &Dossier, removal: &Removal) -> Option<Vec<RoleId>> {
    let roles = merged(dossier, removal);
    let worth_keeping = dossier.recovery.is_some() || removal.deleted.is_some();
    (order.preserve_roles && worth_keeping).then_some(roles)
}

fn merged(dossier: &Dossier, removal: &Removal) -> Vec<RoleId> {
    let mut roles = removal.roles.clone();
    for role in dossier.recovery.iter().flat_map(|saved| &saved.roles) {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    roles
}
