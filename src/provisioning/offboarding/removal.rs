//! The accounts of one user that left: which they are, and their removal.

use std::cell::Cell;
use std::collections::BTreeSet;

use crate::db::DatabaseError;
use crate::kernel::audit::Action;
use crate::kernel::{Deadline, EmailKey, Sealed, UserId};
use crate::provisioning::record::{Mapping, Recovery, union};
use crate::provisioning::store::{self, LeaseToken};
use crate::provisioning::{Failure, Provisioner};
use crate::threedeye::{DirectoryScan, RemoteAccount, RemoteId, RoleId, ScanQuery, UpstreamError};

/// An account that was, or was to be, made for the user.
struct OwnAccount<'a> {
    email: Option<&'a EmailKey>,
    id: Option<&'a RemoteId>,
    password: Option<&'a Sealed>,
}

/// What the list shows of a user's accounts.
#[derive(Debug, Default)]
pub struct Found<'a> {
    pub removable: Vec<&'a RemoteAccount>,
    /// Those that must not be deleted.
    pub protected: Vec<&'a RemoteAccount>,
}

/// What was done about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Departed {
    pub deleted: Vec<RemoteId>,
    /// The roles that went with the accounts, and those that were saved before.
    pub roles: Vec<RoleId>,
    pub left_in_place: Vec<RemoteId>,
}

/// Why no account was removed.
#[derive(Debug)]
pub enum NotRemoved {
    /// The run has removed as many as it may: so many of this user's, not all.
    Limit(u32),
    /// The user is back, or another actor has it by now.
    Returned,
    Failed(Failure),
    Database(DatabaseError),
}

impl From<Failure> for NotRemoved {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<UpstreamError> for NotRemoved {
    fn from(error: UpstreamError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<DatabaseError> for NotRemoved {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// Adds what a scan must look for on behalf of this row.
pub(in crate::provisioning) fn look_for(mapping: &Mapping, query: &mut ScanQuery) {
    for own in own_accounts(mapping) {
        query.emails.extend(own.email.cloned());
        query.ids.extend(own.id.cloned());
    }
}

/// Whether there may be an account of this user.
pub(in crate::provisioning) fn may_have_accounts(mapping: &Mapping) -> bool {
    own_accounts(mapping).next().is_some()
}

fn own_accounts(mapping: &Mapping) -> impl Iterator<Item = OwnAccount<'_>> {
    let intended = OwnAccount {
        email: mapping.email_key.as_ref(),
        id: mapping.threedeye_id.as_ref(),
        password: mapping.password.as_ref(),
    };
    let forgotten = mapping.forgotten.as_ref().map(|account| OwnAccount {
        email: Some(&account.email),
        id: account.id.as_ref(),
        password: Some(&account.password),
    });
    [Some(intended), forgotten]
        .into_iter()
        .flatten()
        .filter(|own| own.id.is_some() || own.password.is_some())
}

/// One user that left, and what the list shows.
#[derive(Clone, Copy)]
pub(super) struct Departure<'a> {
    pub provisioner: Provisioner<'a>,
    pub user: &'a UserId,
    pub mapping: &'a Mapping,
    pub scan: &'a DirectoryScan,
    /// Those of the accounts that are other users', where that was read before.
    pub of_others: Option<&'a BTreeSet<RemoteId>>,
    pub deadline: Deadline,
}

impl<'a> Departure<'a> {
    /// The user's accounts: by its id, or by its e-mail if the stored password opens it. Those of other
    /// users are left out. Fails while one may yet appear.
    pub(super) async fn find(self) -> Result<Found<'a>, NotRemoved> {
        let mut found = Found::default();
        for own in own_accounts(self.mapping) {
            // What is deleted now, a call from before could bring back.
            if self.provisioner.clock.now() < self.mapping.settled_at {
                return Err(Failure::Settling.into());
            }
            let by_id = own.id.and_then(|id| self.scan.by_id(id));
            let by_email = own.email.and_then(|email| self.scan.by_email(email));
            if by_id.is_none() && by_email.is_none() {
                self.prove_gone(&own).await?;
            }
            if let Some(account) = by_id
                && (!self.is_of_another(account).await? || self.opens(&own, account).await?)
            {
                self.note(account, &mut found);
            }
            if let Some(account) = by_email
                && by_id.is_none_or(|other| other.id != account.id)
                && self.opens(&own, account).await?
            {
                self.note(account, &mut found);
            }
        }
        Ok(found)
    }

    fn note(&self, account: &'a RemoteAccount, found: &mut Found<'a>) {
        let list = match self.provisioner.remote.is_protected(account) {
            true => &mut found.protected,
            false => &mut found.removable,
        };
        if !list.iter().any(|other| other.id == account.id) {
            list.push(account);
        }
    }

    async fn is_of_another(&self, account: &RemoteAccount) -> Result<bool, DatabaseError> {
        if let Some(of_others) = self.of_others {
            return Ok(of_others.contains(&account.id));
        }
        let database = self.provisioner.database;
        let of_others = store::accounts_of_others(database, self.user, &[account]).await?;
        Ok(!of_others.is_empty())
    }

    /// Whether the stored password opens this account.
    async fn opens(&self, own: &OwnAccount<'_>, account: &RemoteAccount) -> Result<bool, Failure> {
        let (Some(sealed), Some(email)) = (own.password, account.email_key()) else {
            return Ok(false);
        };
        let password = self.provisioner.unsealed(self.user, sealed)?;
        let provisioner = &self.provisioner;
        provisioner.proves(&email, &password, self.deadline).await
    }

    /// The list does not show it: its password may tell more. If no key opens that any more, it tells
    /// nothing, and waiting for it would never end.
    async fn prove_gone(&self, own: &OwnAccount<'_>) -> Result<(), Failure> {
        if !self.scan.complete {
            return Err(Failure::ListIncomplete);
        }
        let (Some(sealed), Some(email)) = (own.password, own.email) else {
            return Ok(());
        };
        let Ok(password) = self.provisioner.unsealed(self.user, sealed) else {
            return Ok(());
        };
        let proved = self.provisioner.proves(email, &password, self.deadline);
        match proved.await? {
            true => Err(Failure::NotVisibleYet),
            false => Ok(()),
        }
    }

    /// Saves the roles, then deletes the accounts that may be deleted, of which `left` counts down.
    pub(super) async fn remove(
        self,
        token: &LeaseToken,
        recovery: Option<&Recovery>,
        left: &Cell<u32>,
    ) -> Result<Departed, NotRemoved> {
        let found = self.find().await?;
        self.remove_found(&found, token, recovery, left).await
    }

    /// The same for what was found.
    pub(super) async fn remove_found(
        self,
        found: &Found<'_>,
        token: &LeaseToken,
        recovery: Option<&Recovery>,
        left: &Cell<u32>,
    ) -> Result<Departed, NotRemoved> {
        let saved = recovery.map_or(Vec::new(), |saved| saved.roles.clone());
        let held = found.removable.iter().flat_map(|account| &account.roles);
        let mut departed = Departed {
            roles: union(saved, held),
            left_in_place: ids(&found.protected),
            deleted: Vec::new(),
        };
        let accounts = &found.removable;
        if accounts.is_empty() {
            return Ok(departed);
        }
        // The others are the next run's: a user with more accounts than a run may remove would never go,
        // nor would those behind it.
        let most = usize::try_from(left.get()).unwrap_or(usize::MAX);
        let (now, later) = accounts.split_at(accounts.len().min(most));
        if now.is_empty() {
            return Err(NotRemoved::Limit(0));
        }
        let count = u32::try_from(now.len()).unwrap_or(u32::MAX);
        left.set(left.get().saturating_sub(count));
        self.announce(token, now, &departed.roles).await?;
        for account in now {
            let remote = self.provisioner.remote;
            remote.delete_account(&account.id, self.deadline).await?;
            departed.deleted.push(account.id.clone());
        }
        match later {
            [] => Ok(departed),
            _ => Err(NotRemoved::Limit(count)),
        }
    }

    async fn announce(
        &self,
        token: &LeaseToken,
        accounts: &[&RemoteAccount],
        roles: &[RoleId],
    ) -> Result<(), NotRemoved> {
        let names: Vec<String> = ids(accounts).into_iter().map(|id| id.0).collect();
        let outcome = format!("about to delete {}", names.join(", "));
        let entry = self
            .provisioner
            .entry(Action::DeleteAccount, self.user, outcome);
        let database = self.provisioner.database;
        let begun =
            store::begin_leaving_removal(database, token, self.user, accounts, roles, &entry);
        match begun.await? {
            true => Ok(()),
            false => Err(NotRemoved::Returned),
        }
    }
}

pub(super) fn ids(accounts: &[&RemoteAccount]) -> Vec<RemoteId> {
    accounts.iter().map(|account| account.id.clone()).collect()
}
