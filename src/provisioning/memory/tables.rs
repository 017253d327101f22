//! The database's tables.

use std::collections::BTreeMap;

use crate::audit;
use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::record::{Claimed, Dossier, Mapping, Recovery, State, User};
use crate::provisioning::store::{
    Bid, Candidate, LeaseToken, RunClosing, Settlement, Terms, Verdict,
};
use crate::threedeye::{RemoteUser, RoleId};

/// The tables, and in their methods what the statements and triggers of D1 do.
#[derive(Default)]
pub struct Tables {
    pub users: BTreeMap<UserId, User>,
    pub rows: BTreeMap<UserId, Row>,
    pub recoveries: BTreeMap<UserId, Vec<RoleId>>,
    pub removals: BTreeMap<EmailKey, Timestamp>,
    pub queue: BTreeMap<UserId, Timestamp>,
    pub runs: BTreeMap<String, Option<RunClosing>>,
    pub audit: Vec<audit::Entry>,
}

#[derive(Clone)]
pub struct Row {
    pub mapping: Mapping,
    pub lease: Option<LeaseToken>,
}

impl Tables {
    pub fn holder_of(&self, email: &EmailKey, other_than: &UserId) -> bool {
        self.rows.iter().any(|(id, row)| {
            id != other_than
                && row.mapping.state != State::SetAside
                && row.mapping.email_key.as_ref() == Some(email)
        })
    }

    /// What the triggers do: queue membership follows from user and row.
    pub fn requeue(&mut self, id: &UserId, now: Timestamp) {
        let has_email = self.users.get(id).is_some_and(|u| u.email_key.is_some());
        let settled = self.rows.get(id).is_some_and(|row| {
            matches!(
                row.mapping.state,
                State::Complete | State::Quarantined | State::SetAside
            )
        });
        if has_email && !settled {
            self.queue.entry(id.clone()).or_insert(now);
        } else {
            self.queue.remove(id);
        }
    }

    /// Rows closed for an e-mail that is the user's no more, or that nobody holds.
    pub fn reopen_outdated(&mut self, user: &UserId, now: Timestamp) {
        let current = self.users.get(user).and_then(|row| row.email_key.clone());
        let Some(row) = self.rows.get(user) else {
            return;
        };
        let claimed = row.mapping.email_key.clone();
        let is_other = claimed != current;
        let is_free = claimed.is_none_or(|email| !self.holder_of(&email, user));
        if let Some(row) = self.rows.get_mut(user) {
            match row.mapping.state {
                State::SetAside if is_other || is_free => {
                    row.mapping.state = State::Idle;
                    row.mapping.email_key = None;
                }
                State::Quarantined if is_other => row.mapping.state = State::Pending,
                _ => return,
            }
        }
        self.requeue(user, now);
    }

    pub fn release_email(&mut self, email: Option<EmailKey>, now: Timestamp) {
        let waiters: Vec<UserId> = self
            .rows
            .iter()
            .filter(|(_, row)| {
                row.mapping.state == State::SetAside && row.mapping.email_key == email
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in waiters {
            if let Some(row) = self.rows.get_mut(&id) {
                row.mapping.state = State::Idle;
                row.mapping.email_key = None;
            }
            self.requeue(&id, now);
        }
    }

    pub fn note_removals(&mut self, accounts: &[&RemoteUser], entry: &audit::Entry) {
        for email in accounts.iter().filter_map(|account| account.email_key()) {
            self.removals.insert(email, entry.at);
        }
        self.audit.push(entry.clone());
    }

    pub fn leased(&mut self, user: &UserId, token: &LeaseToken) -> Option<&mut Row> {
        self.rows
            .get_mut(user)
            .filter(|row| row.lease.as_ref() == Some(token))
    }

    pub fn dossier(&self, user: &UserId) -> Dossier {
        let row = self.users.get(user).cloned();
        let email = row.as_ref().and_then(|row| row.email_key.clone());
        Dossier {
            contested: email.is_some_and(|email| self.holder_of(&email, user)),
            user: row,
            mapping: self.rows.get(user).map(|row| row.mapping.clone()),
            recovery: self.recoveries.get(user).map(|roles| Recovery {
                roles: roles.clone(),
            }),
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
            .filter_map(|(_, id)| {
                let email = self.users.get(id)?.email_key.clone()?;
                let row = self.rows.get(id);
                if row.is_some_and(|row| row.mapping.lease_until > now) {
                    return None;
                }
                let intent = row.is_some_and(|row| row.mapping.password.is_some());
                Some(Candidate {
                    user: id.clone(),
                    contested: !intent && self.holder_of(&email, id),
                    email,
                })
            })
            .take(limit as usize)
            .collect()
    }

    pub fn claim_one(&mut self, bid: &Bid, terms: &Terms) -> Option<Claimed> {
        let email = self.users.get(&bid.user)?.email_key.clone()?;
        let existing = self.rows.get(&bid.user);
        let intent = existing.is_some_and(|row| row.mapping.password.is_some());
        if !intent && self.holder_of(&email, &bid.user) {
            return None;
        }
        let removed_at = self.removals.get(&email).copied();
        if let Some(row) = existing
            && (row.mapping.lease_until > terms.now
                || matches!(
                    row.mapping.state,
                    State::Complete | State::Quarantined | State::SetAside
                ))
        {
            return None;
        }
        let row = self
            .rows
            .entry(bid.user.clone())
            .or_insert_with(|| idle_row(terms.now));
        if row.mapping.state == State::Idle {
            row.mapping.state = State::Pending;
        }
        let fresh = row.mapping.password.is_none();
        let intent_email = row.mapping.email_key.get_or_insert(email.clone()).clone();
        let password = row
            .mapping
            .password
            .get_or_insert_with(|| bid.password.clone())
            .clone();
        row.lease = Some(terms.token.clone());
        row.mapping.lease_until = terms.until;
        Some(Claimed {
            user: bid.user.clone(),
            email,
            intent_email,
            password,
            fresh,
            threedeye_id: row.mapping.threedeye_id.clone(),
            state: row.mapping.state,
            attempts: row.mapping.attempts,
            removed_at,
            recovery: self.recoveries.get(&bid.user).map(|roles| Recovery {
                roles: roles.clone(),
            }),
        })
    }

    pub fn settle_one(&mut self, token: &LeaseToken, one: &Settlement, now: Timestamp) {
        let Some(row) = self.leased(&one.user, token) else {
            return;
        };
        row.lease = None;
        row.mapping.lease_until = Timestamp::default();
        let mapping = &mut row.mapping;
        let mut released = None;
        let mut due = None;
        match &one.verdict {
            Verdict::Complete { id } => {
                mapping.state = State::Complete;
                mapping.threedeye_id = Some(id.clone());
                mapping.attempts = 0;
                mapping.last_error = None;
                mapping.next_attempt_at = None;
                self.recoveries.remove(&one.user);
            }
            Verdict::Attaching {
                id,
                next_attempt_at,
                error,
            } => {
                mapping.state = State::Attaching;
                mapping.threedeye_id = Some(id.clone());
                fail(mapping, error, Some(*next_attempt_at));
                due = Some(*next_attempt_at);
            }
            Verdict::Failed {
                next_attempt_at,
                error,
            } => {
                fail(mapping, error, Some(*next_attempt_at));
                due = Some(*next_attempt_at);
            }
            Verdict::Quarantined { error } => {
                mapping.state = State::Quarantined;
                fail(mapping, error, None);
            }
            Verdict::SetAside { email, error } => {
                released = mapping.email_key.replace(email.clone());
                mapping.password = None;
                mapping.threedeye_id = None;
                mapping.state = State::SetAside;
                fail(mapping, error, None);
            }
            Verdict::Released { due_at } => due = *due_at,
        }
        self.audit.extend(one.entry.clone());
        self.requeue(&one.user, now);
        if let (Some(due), Some(place)) = (due, self.queue.get_mut(&one.user)) {
            *place = due;
        }
        if released.is_some() {
            self.release_email(released, now);
        }
    }
}

pub fn fail(mapping: &mut Mapping, error: &str, next: Option<Timestamp>) {
    mapping.attempts += 1;
    mapping.last_error = Some(error.to_owned());
    mapping.next_attempt_at = next;
}

pub fn idle_row(now: Timestamp) -> Row {
    Row {
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
        },
        lease: None,
    }
}

pub fn reopen(mapping: &mut Mapping, forget_remote: bool) {
    mapping.state = match mapping.state {
        State::SetAside => {
            mapping.email_key = None;
            State::Idle
        }
        State::Quarantined => State::Pending,
        State::Complete | State::Attaching if forget_remote => State::Pending,
        state => state,
    };
    if forget_remote {
        mapping.threedeye_id = None;
    }
    mapping.attempts = 0;
    mapping.last_error = None;
    mapping.next_attempt_at = None;
    mapping.lease_until = Timestamp::default();
}
