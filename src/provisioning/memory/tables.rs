//! The database's tables and the reads of them.

use std::collections::BTreeMap;

use crate::kernel::audit;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::listing::{Candidate, Listed, ListedRow};
use crate::provisioning::policy::SETTLING;
use crate::provisioning::record::{Dossier, Mapping, Recovery, State, User};
use crate::provisioning::store::{LeaseToken, RunClosing, Terms};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::provisioning::memory::plans::Fanout;

/// The tables. What D1's triggers do is in `triggers`, and every change of a
/// row goes by way of them.
#[derive(Default)]
pub struct Tables {
    pub users: BTreeMap<UserId, User>,
    pub rows: BTreeMap<UserId, Row>,
    pub recoveries: BTreeMap<UserId, Vec<RoleId>>,
    pub removals: BTreeMap<EmailKey, Timestamp>,
    pub queue: BTreeMap<UserId, Timestamp>,
    pub runs: BTreeMap<String, Option<RunClosing>>,
    pub audit: Vec<audit::Entry>,
    pub fanout: Fanout,
}

/// A row of `threedeye_users`.
#[derive(Clone)]
pub struct Row {
    pub mapping: Mapping,
    pub lease: Option<LeaseToken>,
}

impl Row {
    /// A row that holds a lease at most.
    pub fn idle(now: Timestamp) -> Self {
        Self {
            mapping: Mapping {
                state: State::Idle,
                email_key: None,
                threedeye_id: None,
                password: None,
                attempts: 0,
                last_error: None,
                next_attempt_at: None,
                lease_until: Timestamp::default(),
                created_at: now,
                settled_at: Timestamp::default(),
                forgotten: None,
            },
            lease: None,
        }
    }

    /// Whether its user is left out of the queue.
    pub const fn is_closed(&self) -> bool {
        matches!(
            self.mapping.state,
            State::Complete | State::Quarantined | State::SetAside
        )
    }

    /// The e-mail that it keeps others from.
    pub fn held_email(&self) -> Option<&EmailKey> {
        let holds = self.mapping.state != State::SetAside;
        self.mapping.email_key.as_ref().filter(|_| holds)
    }

    /// Takes the lease. Whoever held it before and did not give it back may have
    /// sent something that still takes effect.
    pub fn take(&mut self, terms: &Terms) {
        self.mapping.settled_at = self.settled_at();
        self.lease = Some(terms.token.clone());
        self.mapping.lease_until = terms.until;
    }

    /// Until when something may take effect, should its holder have died.
    fn settled_at(&self) -> Timestamp {
        let left = self.lease.as_ref();
        let by_then = left.map(|_| self.mapping.lease_until.plus(SETTLING));
        self.mapping.settled_at.max(by_then.unwrap_or_default())
    }

    fn listed(&self) -> ListedRow {
        let mapping = &self.mapping;
        ListedRow {
            state: mapping.state,
            intent_email: mapping.email_key.clone(),
            password: mapping.password.clone(),
            threedeye_id: mapping.threedeye_id.clone(),
            attempts: mapping.attempts,
            settled_at: self.settled_at(),
            forgotten: mapping.forgotten.clone(),
        }
    }

    /// Something may take effect until then.
    pub fn settle_by(&mut self, moment: Option<Timestamp>) {
        let settled_at = &mut self.mapping.settled_at;
        *settled_at = (*settled_at).max(moment.unwrap_or_default());
    }

    /// Gives the lease back.
    pub fn free(&mut self) {
        self.lease = None;
        self.mapping.lease_until = Timestamp::default();
    }

    /// Counts a failed attempt.
    pub fn fail(&mut self, error: &str, next: Option<Timestamp>) {
        self.mapping.attempts += 1;
        self.mapping.last_error = Some(error.to_owned());
        self.mapping.next_attempt_at = next;
    }

    /// Forgets the failed attempts.
    pub fn forgive(&mut self) {
        self.mapping.attempts = 0;
        self.mapping.last_error = None;
        self.mapping.next_attempt_at = None;
    }

    /// Opens a row that was set aside or quarantined.
    pub fn open(&mut self) {
        match self.mapping.state {
            State::SetAside => {
                self.mapping.state = State::Idle;
                self.mapping.email_key = None;
            }
            State::Quarantined => self.mapping.state = State::Pending,
            _ => {}
        }
    }
}

impl Tables {
    /// The user's e-mail as it is now.
    pub fn email_of(&self, user: &UserId) -> Option<EmailKey> {
        self.users.get(user)?.email_key.clone()
    }

    /// Whether another user's row holds this e-mail.
    pub fn holder_of(&self, email: &EmailKey, other_than: &UserId) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|(id, row)| id != other_than && row.held_email() == Some(email))
    }

    /// Whether another user is mapped to this account.
    pub fn is_mapped(&self, account: &RemoteId, other_than: &UserId) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|(id, row)| id != other_than && row.mapping.threedeye_id.as_ref() == Some(account))
    }

    /// Whether a row may be kept beside the others: an e-mail has one holder,
    /// an account one user.
    pub fn admits(&self, user: &UserId, row: &Row) -> bool {
        !row.held_email()
            .is_some_and(|email| self.holder_of(email, user))
            && !(row.mapping.threedeye_id.as_ref()).is_some_and(|id| self.is_mapped(id, user))
    }

    /// The user's row, while this token holds it.
    pub fn leased(&self, user: &UserId, token: &LeaseToken) -> Option<Row> {
        let row = self.rows.get(user)?;
        (row.lease.as_ref() == Some(token)).then(|| row.clone())
    }

    pub fn recovery(&self, user: &UserId) -> Option<Recovery> {
        let roles = self.recoveries.get(user)?.clone();
        Some(Recovery { roles })
    }

    pub fn dossier(&self, user: &UserId) -> Dossier {
        let email = self.email_of(user);
        Dossier {
            user: self.users.get(user).cloned(),
            mapping: self.rows.get(user).map(|row| row.mapping.clone()),
            recovery: self.recovery(user),
            contested: email.is_some_and(|email| self.holder_of(&email, user)),
        }
    }

    pub fn due(&self, now: Timestamp, limit: u32) -> Vec<Candidate> {
        let mut due: Vec<(&Timestamp, &UserId)> = self
            .queue
            .iter()
            .filter(|(_, at)| **at <= now)
            .map(|(id, at)| (at, id))
            .collect();
        due.sort();
        due.into_iter()
            .map(|(_, id)| id)
            .filter(|id| !self.is_held(id, now))
            .filter_map(|id| self.candidate(id))
            .take(limit as usize)
            .collect()
    }

    /// Whether somebody holds the user's lease.
    pub fn is_held(&self, user: &UserId, now: Timestamp) -> bool {
        let row = self.rows.get(user);
        row.is_some_and(|row| row.mapping.lease_until > now)
    }

    /// A user that waits, as a run or a delivery sees it.
    pub fn candidate(&self, user: &UserId) -> Option<Candidate> {
        let listed = self.listed(user)?;
        let row = self.rows.get(user);
        let intent = row.is_some_and(|row| row.mapping.password.is_some());
        Some(Candidate {
            user: user.clone(),
            contested: !intent && self.holder_of(&listed.email, user),
            listed,
        })
    }

    /// What a listing tells of a user; `None` unless it waits.
    pub fn listed(&self, user: &UserId) -> Option<Listed> {
        self.queue.get(user)?;
        let email = self.email_of(user)?;
        Some(Listed {
            row: self.rows.get(user).map(Row::listed),
            recovery: self.recovery(user),
            removed_at: self.removals.get(&email).copied(),
            email,
        })
    }

    /// Notes that accounts are about to be deleted.
    pub fn note_removals(&mut self, accounts: &[&RemoteUser], entry: &audit::Entry) {
        for email in accounts.iter().filter_map(|account| account.email_key()) {
            self.removals.insert(email, entry.at);
        }
        self.audit.push(entry.clone());
    }
}
