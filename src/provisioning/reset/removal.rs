//! Finds and deletes the user's accounts.

use std::collections::BTreeSet;

use crate::kernel::audit::Action;
use crate::kernel::ordered::set_of;
use crate::kernel::{Deadline, UserId};
use crate::provisioning::policy::list_deadline;
use crate::provisioning::record::{ForgottenAccount, Mapping, ProvisioningRecord, State, union};
use crate::provisioning::reset::plan::{ResetTerms, Sight};
use crate::provisioning::reset::{ResetOrder, merged_roles};
use crate::provisioning::sighting::check_list;
use crate::provisioning::store::LeaseToken;
use crate::provisioning::{Failure, Provisioner, ProvisioningError, store};
use crate::threedeye::{Client, DirectoryScan, RemoteAccount, RemoteId, RoleId, ScanQuery};

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

/// Looks for the accounts of a user, as its rows name them.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub remover: Provisioner<'a>,
    pub deadline: Deadline,
    pub user: &'a UserId,
    pub record: &'a ProvisioningRecord,
}

/// What the customer's list shows of them.
#[derive(Debug, Default)]
pub(in crate::provisioning) struct Found {
    /// Those that a reset deletes, the mapped one first: it is the one that the answer names.
    pub accounts: Vec<RemoteAccount>,
    /// Neither id nor e-mail is in our customer.
    pub not_visible: bool,
    /// Whether none of them can have been missed.
    pub complete: bool,
}

impl Found {
    /// Of a reset that looks for none.
    pub(in crate::provisioning) fn unsought() -> Self {
        Self {
            complete: true,
            ..Self::default()
        }
    }

    /// The accounts that the rows name, as a list shows them.
    pub(in crate::provisioning) fn of(record: &ProvisioningRecord, scan: &DirectoryScan) -> Self {
        let query = own_accounts(record);
        let sought = query.emails.len().saturating_add(query.ids.len());
        // Found by id and by e-mail, an account counts for both.
        let seen = query.ids.iter().filter_map(|id| scan.by_id(id));
        let seen = seen.chain(query.emails.iter().filter_map(|e| scan.by_email(e)));
        let seen: Vec<&RemoteAccount> = seen.collect();
        let complete = seen.len() >= sought || scan.complete;
        let mut accounts: Vec<RemoteAccount> = Vec::new();
        for account in seen {
            if !accounts.iter().any(|other| other.id == account.id) {
                accounts.push(account.clone());
            }
        }
        Self {
            not_visible: accounts.is_empty(),
            accounts,
            complete,
        }
    }

    /// Guard: protected accounts are never deleted.
    pub(in crate::provisioning) fn refuse_protected(&self, remote: &Client) -> Result<(), Failure> {
        match self.accounts.iter().any(|one| remote.is_protected(one)) {
            true => Err(Failure::Protected),
            false => Ok(()),
        }
    }

    /// Guard: other users' accounts are left alone.
    pub(in crate::provisioning) fn leave_out(&mut self, of_others: &BTreeSet<RemoteId>) {
        self.accounts
            .retain(|account| !of_others.contains(&account.id));
    }
}

impl Search<'_> {
    pub(super) async fn find(&self) -> Result<Found, ProvisioningError> {
        let remote = self.remover.remote;
        let query = own_accounts(self.record);
        let reading = list_deadline(self.deadline, self.remover.clock.now());
        let scan = remote.scan(std::future::ready(query), reading).await?;
        let scan = check_list(self.remover.database, scan, Some(self.user)).await??;
        let mut found = Found::of(self.record, &scan);
        found.refuse_protected(remote)?;
        if !found.accounts.is_empty() {
            let accounts: Vec<&RemoteAccount> = found.accounts.iter().collect();
            let of_others =
                store::accounts_of_others(self.remover.database, self.user, &accounts).await?;
            found.leave_out(&set_of(of_others));
        }
        Ok(found)
    }
}

/// Deletes the accounts of a user whose lease is held.
pub(super) struct LeasedRemoval<'a> {
    pub remover: Provisioner<'a>,
    pub deadline: Deadline,
    pub user: &'a UserId,
    pub order: ResetOrder,
    /// The rows as the lease found them.
    pub record: &'a ProvisioningRecord,
    pub token: &'a LeaseToken,
    pub last_reset: Option<u64>,
    pub terms: ResetTerms<'a>,
}

impl LeasedRemoval<'_> {
    /// Tells what was done, and which account has to be remembered where this mapping is cleared.
    pub(super) async fn remove_accounts(
        &self,
        cleared: Option<&Mapping>,
    ) -> Result<(Removal, Option<ForgottenAccount>), ProvisioningError> {
        let search = Search {
            remover: self.remover,
            deadline: self.deadline,
            user: self.user,
            record: self.record,
        };
        let found = search.find().await?;
        if !found.complete {
            return Err(Failure::ListIncomplete.into());
        }
        let removal = self.remove(&found).await?;
        let forgotten = match cleared {
            Some(mapping) => self.still_to_remember(mapping, &found.accounts).await?,
            None => None,
        };
        Ok((removal, forgotten))
    }

    async fn remove(&self, found: &Found) -> Result<Removal, ProvisioningError> {
        let accounts: Vec<&RemoteAccount> = found.accounts.iter().collect();
        let sight = Sight {
            user: self.user,
            order: self.order,
            record: self.record,
            last_reset: self.last_reset,
            accounts: &accounts,
        };
        self.remover.approve(&sight, self.terms)?;
        let mut removal = Removal {
            attempted: true,
            not_visible: found.not_visible,
            ..Removal::default()
        };
        if accounts.is_empty() {
            return Ok(removal);
        }
        let roles = accounts.iter().flat_map(|account| &account.roles);
        removal.roles = union(Vec::new(), roles);
        self.announce(&accounts, &removal).await?;
        for account in &accounts {
            // Whatever the error says, one of its tries may have had its effect: the row stays open,
            // and the queue finds out what became of the account.
            let deleted = self
                .remover
                .remote
                .delete_account(&account.id, self.deadline);
            deleted.await?;
            removal.deleted.get_or_insert_with(|| account.id.clone());
        }
        Ok(removal)
    }

    /// Before anything is deleted: roles are stored, a complete row is opened, the audit trail knows.
    async fn announce(
        &self,
        accounts: &[&RemoteAccount],
        removal: &Removal,
    ) -> Result<(), ProvisioningError> {
        let roles = merged_roles(self.record, removal);
        let ids: Vec<&str> = accounts
            .iter()
            .map(|account| account.id.0.as_str())
            .collect();
        let outcome = format!("about to delete {}", ids.join(", "));
        let entry = self
            .remover
            .entry(Action::DeleteAccount, self.user, outcome);
        let keep = self.order.preserve_roles.then_some(roles.as_slice());
        let written = store::begin_removal(
            self.remover.database,
            self.token,
            self.user,
            accounts,
            keep,
            &entry,
        )
        .await?;
        if written {
            Ok(())
        } else {
            Err(ProvisioningError::Busy { retry_after_s: 1 })
        }
    }
}

/// The accounts that are this user's: the mapped one, the one with its e-mail, and those that were, or
/// were to be, made for an earlier e-mail.
pub(in crate::provisioning) fn own_accounts(record: &ProvisioningRecord) -> ScanQuery {
    let mapping = record.mapping.as_ref();
    let own = record.user.as_ref().and_then(|row| row.email_key.clone());
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
    ScanQuery {
        emails: set_of(emails.into_iter().flatten()),
        ids: set_of(ids.into_iter().flatten()),
        ..ScanQuery::default()
    }
}
