//! The accounts of all customers, which share one name space of e-mails.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::kernel::{EmailKey, Timestamp};
use crate::threedeye::{RemoteAccount, RemoteId, RoleId};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// What the list shows of it.
    pub user: RemoteAccount,
    /// In clear, so that tests can compare it.
    pub password: String,
    /// Our customer's, or another's.
    pub ours: bool,
    /// When the list begins to show it.
    pub visible_from: Timestamp,
}

/// The accounts of all customers.
#[derive(Default)]
pub struct Directory {
    /// In the order of their creation, which is the order of the pages.
    pub accounts: Vec<Account>,
    /// The roles that can be attached.
    pub roles: BTreeSet<RoleId>,
    /// E-mails of deleted accounts that stay taken until then.
    pub taken_until: BTreeMap<EmailKey, Timestamp>,
    /// How long a new account is not shown.
    pub create_delay: Duration,
    /// How long the e-mail of a deleted account stays taken.
    pub delete_delay: Duration,
    /// What was deleted through the API, in order.
    pub deleted: Vec<RemoteId>,
    created: u32,
}

impl Directory {
    /// Puts an account there that has always been; its roles exist from now on.
    pub fn add(&mut self, id: &str, email: &str, password: &str, roles: &[&str], ours: bool) {
        let roles: Vec<RoleId> = roles
            .iter()
            .map(|role| RoleId((*role).to_owned()))
            .collect();
        self.roles.extend(roles.iter().cloned());
        self.accounts.push(Account {
            user: RemoteAccount {
                id: RemoteId(id.to_owned()),
                email: email.to_owned(),
                roles,
            },
            password: password.to_owned(),
            ours,
            visible_from: Timestamp::default(),
        });
    }

    /// All accounts with this e-mail in whichever case, whosever they are.
    pub fn with_email(&self, email: &str) -> Vec<&Account> {
        let key = |email: &str| email.trim().to_lowercase();
        let all = self.accounts.iter();
        all.filter(|account| key(&account.user.email) == key(email))
            .collect()
    }

    /// What the list shows.
    pub fn visible(&self, now: Timestamp) -> impl Iterator<Item = &RemoteAccount> {
        let shown = move |account: &&Account| account.ours && account.visible_from <= now;
        self.accounts
            .iter()
            .filter(shown)
            .map(|account| &account.user)
    }

    /// Whether this password opens an account with this e-mail.
    pub fn opens(&self, email: &str, password: &str) -> bool {
        let accounts = self.with_email(email);
        accounts.iter().any(|account| account.password == password)
    }

    fn is_taken(&self, email: &EmailKey, now: Timestamp) -> bool {
        let until = self.taken_until.get(email);
        until.is_some_and(|until| *until > now) || !self.with_email(email.as_str()).is_empty()
    }

    /// Creates an account of ours, unless the e-mail is taken.
    pub fn create(&mut self, email: &str, password: &str, now: Timestamp) -> Option<RemoteAccount> {
        if self.is_taken(&EmailKey::of(email)?, now) {
            return None;
        }
        self.created += 1;
        let user = RemoteAccount {
            id: RemoteId(format!("new-{}", self.created)),
            email: email.to_owned(),
            roles: Vec::new(),
        };
        self.accounts.push(Account {
            user: user.clone(),
            password: password.to_owned(),
            ours: true,
            visible_from: now.plus(self.create_delay),
        });
        Some(user)
    }

    /// Deletes an account of ours, if there is one with this id.
    pub fn delete(&mut self, id: &str, now: Timestamp) -> bool {
        let mut accounts = self.accounts.iter();
        let place = accounts.position(|account| account.ours && account.user.id.0 == id);
        let Some(place) = place else {
            return false;
        };
        let gone = self.accounts.remove(place);
        if let Some(email) = gone.user.email_key() {
            self.taken_until.insert(email, now.plus(self.delete_delay));
        }
        self.deleted.push(gone.user.id);
        true
    }

    /// Attaches a role to an account of ours; tells whether it had it already,
    /// and `None` where the role or the account is not there.
    pub fn attach(&mut self, role: &str, id: &str) -> Option<bool> {
        let role = self.roles.get(&RoleId(role.to_owned()))?;
        let mut accounts = self.accounts.iter_mut();
        let account = accounts.find(|account| account.ours && account.user.id.0 == id)?;
        let roles = &mut account.user.roles;
        let had = roles.contains(role);
        if !had {
            roles.push(role.clone());
        }
        Some(had)
    }
}
