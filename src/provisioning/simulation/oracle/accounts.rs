//! What must hold for the accounts of 3dEye after every effect.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::simulation::oracle::proofs::is_protected;
use crate::provisioning::world::rows::Snapshot;
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::{RemoteId, RoleId};

impl Oracle {
    /// Before it was sent, that is: an account of ours may be seen as soon as it is there.
    pub fn every_password_was_stored(&mut self, accounts: &[Account]) {
        let unknown = accounts.iter().find(|account| {
            account.ours
                && account.user.id.0.starts_with("new-")
                && !self.passwords.contains_key(&account.password)
        });
        if let Some(account) = unknown {
            let seen = format!("{} was created with another", account.user.id.0);
            self.object("a password is stored before the create", seen);
        }
    }

    /// An account whose e-mail is another user's by now is that user's to take over; a protected one
    /// stays.
    pub fn no_user_has_two_accounts(&mut self, tables: &Snapshot, accounts: &[Account]) {
        let mut seen: BTreeMap<&UserId, &RemoteId> = BTreeMap::new();
        let mut both = None;
        for account in accounts {
            if let Some(user) = self.passwords.get(&account.password)
                && !account
                    .user
                    .email_key()
                    .is_some_and(|email| is_protected(&email))
                && !account
                    .user
                    .email_key()
                    .is_some_and(|email| tables.holder_of(&email, user))
                && let Some(other) = seen.insert(user, &account.user.id)
            {
                both = Some(format!("{user} has {} and {}", other.0, account.user.id.0));
            }
        }
        if let Some(both) = both {
            self.object("one account a user", both);
        }
    }

    pub fn complete_means_open(&mut self, tables: &Snapshot, accounts: &[Account]) {
        for (user, row) in &tables.rows {
            let Some((id, sealed)) = row.mapping.credentials() else {
                continue;
            };
            if self.taken_away.contains(id) {
                continue;
            }
            let password = self.opened.get(sealed.as_str());
            let account = accounts.iter().find(|a| a.ours && a.user.id == *id);
            let fits = account.is_some_and(|account| {
                Some(&account.password) == password
                    && account.user.email_key() == row.mapping.email_key
            });
            if !fits {
                let seen = format!("{user} is mapped to {}: {account:?}", id.0);
                self.object("a finished user's password opens its account", seen);
                return;
            }
        }
    }

    pub fn no_role_is_lost(&mut self, tables: &Snapshot, accounts: &[Account], may_drop: bool) {
        let held: BTreeSet<&RoleId> = accounts
            .iter()
            .filter(|account| account.ours)
            .flat_map(|account| &account.user.roles)
            .chain(tables.recoveries.values().flatten())
            .collect();
        // What a reset clears is given up, although a delete that is still under
        // way may not have taken it off the account yet.
        let waiting: BTreeSet<RoleId> = tables.recoveries.values().flatten().cloned().collect();
        if may_drop {
            let cleared = self.waiting.difference(&waiting);
            self.roles
                .retain(|role| !cleared.clone().any(|gone| gone == role));
        }
        self.waiting = waiting;
        let parting = self.parting_roles(tables);
        self.roles
            .retain(|role| held.contains(role) || !parting.contains(role));
        let lost: Vec<RoleId> = self
            .roles
            .iter()
            .filter(|role| !held.contains(role))
            .cloned()
            .collect();
        for role in lost {
            self.roles.remove(&role);
            if !may_drop {
                self.object("no role is lost", role.0);
            }
        }
    }

    /// No call that changes accounts outlasts its sender's leases.
    pub fn changed_under_a_lease(&mut self, account: &Account, actor: usize, now: Timestamp) {
        let mut leases = self.leases.values();
        if !leases.any(|lease| lease.holder == actor && lease.until > now) {
            let seen = format!("actor {actor} changes {}", account.user.id.0);
            self.object("accounts are changed under a lease", seen);
        }
    }

    pub fn was_theirs(&mut self, tables: &Snapshot, id: &RemoteId) {
        let Some(account) = self.accounts.iter().find(|account| account.user.id == *id) else {
            return;
        };
        let email = account.user.email_key();
        if email.as_ref().is_some_and(is_protected) {
            self.object("a protected account is never deleted", id.0.clone());
            return;
        }
        let mapped_to: Vec<&UserId> = tables
            .rows
            .iter()
            .filter(|(_, row)| {
                row.mapping.threedeye_id.as_ref() == Some(id) && row.mapping.is_recorded()
            })
            .map(|(user, _)| user)
            .collect();
        if mapped_to.is_empty() && !self.emails.contains(&email) {
            self.object("only a user's own account is deleted", id.0.clone());
        }
        let finished = mapped_to.iter().find(|user| {
            let row = tables.rows.get(**user);
            row.is_some_and(|row| row.mapping.credentials().is_some())
        });
        if let Some(user) = finished {
            let seen = format!("{} is the account of {user}, who is done", id.0);
            self.object("no finished user's account is deleted", seen);
        }
    }
}
