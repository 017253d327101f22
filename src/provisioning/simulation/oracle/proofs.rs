//! What must hold for accounts that existed before ours, and for lists that are wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::record::State;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::single::Proof;
use crate::provisioning::world::LOGIN;
use crate::provisioning::world::rows::Snapshot;
use crate::threedeye::RemoteId;
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::simulated::{PROTECTED, STAFF_DOMAIN};

/// No actor acts on a list that is older.
const LONGEST_READ: Duration = Duration::from_secs(15 * 60);

pub fn is_protected(email: &EmailKey) -> bool {
    let domain = email.as_str().rsplit_once('@').map(|(_, domain)| domain);
    [LOGIN, PROTECTED].contains(&email.as_str()) || domain == Some(STAFF_DOMAIN)
}

impl Oracle {
    pub fn will_reset(&mut self, actor: usize, user: &UserId, order: ResetOrder) {
        self.resets.insert(actor, order);
        if order.delete_remote {
            self.decided.insert(user.clone());
        }
    }

    /// An account was deleted that we did not make.
    pub fn note_take_over(&mut self, tables: &Snapshot, id: &RemoteId, actor: usize) {
        let Some(account) = self.accounts.iter().find(|account| account.user.id == *id) else {
            return;
        };
        let Some(email) = account
            .user
            .email_key()
            .filter(|_| !id.0.starts_with("new-"))
        else {
            return;
        };
        let leased = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.holder == actor);
        let is_for = |user: &UserId| {
            let row = tables.rows.get(user);
            row.is_some_and(|row| row.mapping.email_key.as_ref() == Some(&email))
        };
        let takers: Vec<UserId> = leased
            .filter(|(user, _)| is_for(user))
            .map(|(user, _)| user.clone())
            .collect();
        for user in takers {
            self.taken_over
                .entry(user)
                .or_default()
                .insert(email.clone());
        }
    }

    /// Of a user that left, and whose account is gone, nothing is left to be proved: with the same id comes
    /// another person.
    pub fn forget_take_overs(&mut self, tables: &Snapshot) {
        let is_known =
            |user: &UserId| tables.users.contains_key(user) || tables.rows.contains_key(user);
        self.taken_over.retain(|user, _| is_known(user));
    }

    /// A caller got the user's password.
    pub fn was_answered(&mut self, user: &UserId, proof: &Proof) {
        let proved = match proof {
            Proof::Support | Proof::Service => return,
            Proof::Email(email) => Some(email),
            Proof::Nothing => None,
        };
        if self.decided.contains(user) {
            return;
        }
        let taken_over = self.taken_over.get(user);
        let mut unproved = taken_over
            .into_iter()
            .flatten()
            .filter(|email| Some(*email) != proved);
        if let Some(email) = unproved.next() {
            let seen = format!("{user} got what was {}'s, with {proof:?}", email.as_str());
            self.object("what was taken over is for who proves its e-mail", seen);
        }
    }

    /// While accounts are known an empty list is not believed, so that no user is called outside whose
    /// account has long been in our customer.
    pub fn no_wrong_list_quarantines(
        &mut self,
        tables: &Snapshot,
        accounts: &[Account],
        now: Timestamp,
    ) {
        let in_state = |state: State| {
            let rows = tables.rows.iter();
            rows.filter(move |(_, row)| row.mapping.state == state)
        };
        let is_old = |moment: Timestamp| now.since(moment) > LONGEST_READ;
        let quarantined: BTreeSet<UserId> = in_state(State::Quarantined)
            .map(|(user, _)| user.clone())
            .collect();
        if self.known_since.is_some_and(is_old) {
            for user in quarantined.difference(&self.quarantined.clone()) {
                let email = tables
                    .rows
                    .get(user)
                    .and_then(|row| row.mapping.email_key.clone());
                let is_theirs = |account: &&Account| {
                    account.ours
                        && account.user.email_key() == email
                        && is_old(account.visible_from)
                };
                if let Some(account) = accounts.iter().find(is_theirs) {
                    let seen = format!("{user}, whose account is {}", account.user.id.0);
                    self.object("a wrong list quarantines no user", seen);
                }
            }
        }
        self.quarantined = quarantined;
        let is_known = in_state(State::Complete).next().is_some();
        self.known_since = is_known.then(|| self.known_since.unwrap_or(now));
    }
}
