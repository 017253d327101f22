//! The repair by hand: probe, delete remotely, clear the rows, provision again.
//!
//! The rows are cleared in one batch, and never before a requested remote
//! delete has succeeded or was found to have nothing to delete. All of it shares
//! one budget of time. When that runs out before the rows are cleared, the reset
//! is refused and may be sent again; afterwards only the provisioning is left
//! undone, which the queue knows.

use crate::kernel::audit::{Action, Entry};
use crate::kernel::{Clock, Deadline, Random, UserId};
use crate::threedeye::{RemoteId, RemoteUser, RoleId, Upstream, UpstreamError, Wanted};

use crate::db::DatabaseError;
use crate::provisioning::policy::{SETTLING, SINGLE_BUDGET, list_deadline};
use crate::provisioning::record::{Dossier, Forgotten, Mapping, State};
use crate::provisioning::single::Unavailable;
use crate::provisioning::store::{Clearing, LeaseToken};
use crate::provisioning::{Failure, Store, Toolbox};

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
    Store(#[from] DatabaseError),
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
        let deadline = Deadline::after(self.clock, SINGLE_BUDGET);
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
            self.reset_rows(deadline, user, order, &mut done).await?;
        } else if order.delete_remote {
            // Neither e-mail nor id is known, so nothing of this user's is there.
            done.removal.attempted = true;
            done.removal.not_visible = true;
        }
        if order.reprovision {
            let fresh = self.store.dossier(user).await?;
            let account = self.account_by(deadline, user, fresh, configured).await;
            done.reprovisioned = Some(account.map(|account| account.id));
        }
        Ok(done)
    }

    async fn reset_rows(
        &self,
        deadline: Deadline,
        user: &UserId,
        order: ResetOrder,
        done: &mut ResetDone,
    ) -> Result<(), ResetRefused> {
        let terms = self.terms();
        // Read again with the lease: what was read before may have changed since.
        let dossier = match self.store.seize(user, &terms).await? {
            Ok(dossier) => dossier,
            Err(busy) => {
                let left = busy.until.since(terms.now).as_secs();
                return Err(ResetRefused::Busy {
                    retry_after_s: left.saturating_add(1),
                });
            }
        };
        let removed = self
            .see_to_accounts(deadline, user, order, &dossier, &terms.token)
            .await;
        let (removal, forgotten) = match removed {
            Ok(both) => both,
            Err(refused) => {
                let is_open = matches!(&refused, ResetRefused::Failed(why) if why.is_open());
                let settled_at = is_open.then(|| self.clock.now().plus(SETTLING));
                self.store.release(&terms.token, user, settled_at).await?;
                return Err(refused);
            }
        };
        done.removal = removal;
        let clearing = Clearing {
            clear_mapping: order.clear_mapping,
            forgotten,
            // Found by its id it was deleted; not found, it was gone before.
            forget_remote: order.delete_remote,
            keep_roles: kept_roles(order, &dossier, &done.removal),
        };
        let entry = self.reset_entry(user, order, &done.removal);
        let cleared = self
            .store
            .clear(&terms.token, user, &clearing, self.clock.now(), &entry)
            .await?
            .ok_or(ResetRefused::Busy { retry_after_s: 1 })?;
        // An idle row told nothing, so deleting it cleared nothing.
        let recorded = dossier.mapping.is_some_and(|mapping| mapping.is_recorded());
        done.cleared_mapping = cleared.mapping && recorded;
        done.cleared_recovery = cleared.recovery;
        Ok(())
    }

    /// Deletes accounts, if that is asked for; tells what was done, and which
    /// account the cleared rows have to remember.
    async fn see_to_accounts(
        &self,
        deadline: Deadline,
        user: &UserId,
        order: ResetOrder,
        dossier: &Dossier,
        token: &LeaseToken,
    ) -> Result<(Removal, Option<Forgotten>), ResetRefused> {
        let (removal, gone) = if order.delete_remote {
            self.remove(deadline, user, order, dossier, token).await?
        } else {
            (Removal::default(), Vec::new())
        };
        // A user that is gone will have no other e-mail, and no next provisioning.
        let mapping = dossier.mapping.as_ref().filter(|_| dossier.user.is_some());
        let forgotten = match mapping.filter(|_| order.clear_mapping) {
            Some(mapping) if order.delete_remote => {
                self.let_go_of_unseen(deadline, user, mapping, &gone)
                    .await?
            }
            Some(mapping) => let_go_of(mapping)?,
            None => None,
        };
        Ok((removal, forgotten))
    }

    /// After the whole list was searched: an account that was not deleted and
    /// may yet come into sight.
    async fn let_go_of_unseen(
        &self,
        deadline: Deadline,
        user: &UserId,
        mapping: &Mapping,
        gone: &[RemoteUser],
    ) -> Result<Option<Forgotten>, Failure> {
        // Where no key opens the password any more, it can tell nothing that the list
        // does not, and to wait for it would be to wait for ever.
        let may_be_there = |account: &Forgotten| {
            !is_among(gone, account) && self.unsealed(user, &account.password).is_ok()
        };
        let earlier = mapping.forgotten.clone().filter(may_be_there);
        let current = intended(mapping).filter(may_be_there);
        let (Some(earlier), Some(current)) = (&earlier, &current) else {
            return Ok(current.or(earlier));
        };
        if earlier.email != current.email {
            self.prove_gone(deadline, user, mapping, earlier).await?;
        }
        Ok(Some(current.clone()))
    }

    /// Fails unless an account that the list does not show is not there, and
    /// will not be.
    async fn prove_gone(
        &self,
        deadline: Deadline,
        user: &UserId,
        mapping: &Mapping,
        account: &Forgotten,
    ) -> Result<(), Failure> {
        let password = self.unsealed(user, &account.password)?;
        if self.proves(&account.email, &password, deadline).await? {
            return Err(Failure::NotVisibleYet);
        }
        // A lease that was not given back had a holder that died.
        let settled_at = mapping.settled_at.max(mapping.lease_until.plus(SETTLING));
        if self.clock.now() < settled_at {
            return Err(Failure::Settling);
        }
        Ok(())
    }

    /// Probes, then deletes what is this user's; tells which accounts that were.
    async fn remove(
        &self,
        deadline: Deadline,
        user: &UserId,
        order: ResetOrder,
        dossier: &Dossier,
        token: &LeaseToken,
    ) -> Result<(Removal, Vec<RemoteUser>), ResetRefused> {
        let wanted = what_is_theirs(dossier);
        let sought = wanted.emails.len().saturating_add(wanted.ids.len());
        let reading = list_deadline(deadline, self.clock.now());
        let survey = self
            .upstream
            .survey(std::future::ready(wanted.clone()), reading)
            .await?;
        // Found by id and by e-mail, an account counts for both.
        let seen = wanted.ids.iter().filter_map(|id| survey.by_id(id));
        let seen = seen.chain(wanted.emails.iter().filter_map(|e| survey.by_email(e)));
        let seen: Vec<&RemoteUser> = seen.collect();
        if seen.len() < sought && !survey.complete {
            return Err(Failure::ListIncomplete.into());
        }
        // The mapped account comes first: it is the one the answer names.
        let mut accounts: Vec<&RemoteUser> = Vec::new();
        for account in seen {
            if !accounts.iter().any(|other| other.id == account.id) {
                accounts.push(account);
            }
        }
        let mut removal = Removal {
            attempted: true,
            not_visible: accounts.is_empty(),
            ..Removal::default()
        };
        self.leave_out_foreign(user, &mut accounts).await?;
        if accounts.is_empty() {
            return Ok((removal, Vec::new()));
        }
        for role in accounts.iter().flat_map(|account| &account.roles) {
            if !removal.roles.contains(role) {
                removal.roles.push(role.clone());
            }
        }
        self.announce(user, order, dossier, &accounts, &removal, token)
            .await?;
        for account in &accounts {
            // Whatever the error says, one of its tries may have had its effect:
            // the row stays open, and the queue finds out what has become of it.
            self.upstream.delete(&account.id, deadline).await?;
            removal.deleted.get_or_insert_with(|| account.id.clone());
        }
        Ok((removal, accounts.into_iter().cloned().collect()))
    }

    /// Guards: our own login is never deleted, and what is another user's is
    /// left alone.
    async fn leave_out_foreign(
        &self,
        user: &UserId,
        accounts: &mut Vec<&RemoteUser>,
    ) -> Result<(), ResetRefused> {
        let own = self.upstream.own_login();
        if own.is_some() && accounts.iter().any(|account| account.email_key() == own) {
            return Err(Failure::OwnLogin.into());
        }
        if !accounts.is_empty() {
            let foreign = self.store.foreign(user, accounts).await?;
            accounts.retain(|account| !foreign.contains(&account.id));
        }
        Ok(())
    }

    /// Before anything is deleted: roles are stored, the row stops calling
    /// itself complete, the audit trail knows.
    async fn announce(
        &self,
        user: &UserId,
        order: ResetOrder,
        dossier: &Dossier,
        accounts: &[&RemoteUser],
        removal: &Removal,
        token: &LeaseToken,
    ) -> Result<(), ResetRefused> {
        let roles = merged(dossier, removal);
        let ids: Vec<&str> = accounts
            .iter()
            .map(|account| account.id.0.as_str())
            .collect();
        let entry = Entry {
            at: self.clock.now(),
            origin: self.origin.clone(),
            action: Action::DeleteAccount,
            subject: user.to_string(),
            outcome: format!("about to delete {}", ids.join(", ")),
        };
        let keep = order.preserve_roles.then_some(roles.as_slice());
        let written = self
            .store
            .begin_removal(token, user, accounts, keep, &entry)
            .await?;
        if written {
            Ok(())
        } else {
            Err(ResetRefused::Busy { retry_after_s: 1 })
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

/// The accounts that are this user's: the mapped one, the one with its e-mail,
/// and those that were, or were to be, made for an earlier e-mail.
fn what_is_theirs(dossier: &Dossier) -> Wanted {
    let mapping = dossier.mapping.as_ref();
    let own = dossier.user.as_ref().and_then(|row| row.email_key.clone());
    // A row that was set aside names an e-mail that another user holds.
    let intended = mapping
        .filter(|row| row.state != State::SetAside)
        .and_then(|row| row.email_key.clone());
    let mapped = mapping.and_then(|row| row.threedeye_id.clone());
    let forgotten = mapping.and_then(|row| row.forgotten.as_ref());
    let emails = [
        own,
        intended,
        forgotten.map(|account| account.email.clone()),
    ];
    let ids = [mapped, forgotten.and_then(|account| account.id.clone())];
    Wanted {
        emails: emails.into_iter().flatten().collect(),
        ids: ids.into_iter().flatten().collect(),
        ..Wanted::default()
    }
}

/// The account that nothing would lead to any more, should the user's e-mail
/// change after the mapping was cleared. Only one can be remembered: two for
/// different e-mails refuse the reset.
fn let_go_of(mapping: &Mapping) -> Result<Option<Forgotten>, Failure> {
    match (mapping.forgotten.clone(), intended(mapping)) {
        (Some(earlier), Some(current)) if earlier.email != current.email => {
            Err(Failure::MadeForAnotherEmail)
        }
        (earlier, current) => Ok(current.or(earlier)),
    }
}

fn is_among(accounts: &[RemoteUser], sought: &Forgotten) -> bool {
    accounts.iter().any(|account| {
        sought.id.as_ref() == Some(&account.id)
            || account.email_key().as_ref() == Some(&sought.email)
    })
}

/// What came, or may yet come, of the row's intent.
fn intended(mapping: &Mapping) -> Option<Forgotten> {
    let may_exist = matches!(
        mapping.state,
        State::Pending | State::Attaching | State::Complete
    );
    if !may_exist {
        return None;
    }
    Some(Forgotten {
        email: mapping.email_key.clone()?,
        id: mapping.threedeye_id.clone(),
        password: mapping.password.clone()?,
    })
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
