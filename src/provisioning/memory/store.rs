//! The database's transactions: on one row each here, and as [`Store`] below.

use crate::db::DatabaseError;
use crate::kernel::audit;
use crate::kernel::{Clock as _, EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::listing::Candidate;
use crate::provisioning::policy::REMOVAL_MEMORY;
use crate::provisioning::record::{Claimed, Dossier, State};
use crate::provisioning::store::{
    Bid, Busy, Cleared, Clearing, Guarded, LeaseToken, RunClosing, RunOpening, Settlement, Store,
    Terms, Verdict,
};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::provisioning::memory::World;
use crate::provisioning::memory::tables::{Row, Tables};

impl Tables {
    fn claim(&mut self, bids: &[Bid], terms: &Terms, clock: Timestamp) -> Vec<Claimed> {
        // Those who are as listed come first, whatever their turn.
        let (as_listed, others): (Vec<_>, Vec<_>) = bids
            .iter()
            .enumerate()
            .partition(|(_, bid)| self.is_as_listed(bid));
        let mut claimed: Vec<(usize, Claimed)> = as_listed
            .into_iter()
            .chain(others)
            .filter_map(|(turn, bid)| Some((turn, self.claim_one(bid, terms, clock)?)))
            .collect();
        claimed.sort_by_key(|(turn, _)| *turn);
        claimed.into_iter().map(|(_, claim)| claim).collect()
    }

    fn claim_one(&mut self, bid: &Bid, terms: &Terms, clock: Timestamp) -> Option<Claimed> {
        let user = &bid.user;
        let email = self.email_of(user)?;
        let row = self.rows.get(user).cloned();
        let mut row = row.unwrap_or_else(|| Row::idle(terms.now));
        let fresh = row.mapping.password.is_none();
        if row.is_closed()
            || row.mapping.lease_until > terms.now
            || (fresh && self.holder_of(&email, user))
        {
            return None;
        }
        if row.mapping.state == State::Idle {
            row.mapping.state = State::Pending;
        }
        let intent_email = row.mapping.email_key.get_or_insert(email.clone()).clone();
        let password = row.mapping.password.get_or_insert(bid.password.clone());
        let password = password.clone();
        row.take(terms);
        let mapping = row.mapping.clone();
        self.write(user, Some(row), clock);
        Some(Claimed {
            user: user.clone(),
            removed_at: [&email, &intent_email]
                .into_iter()
                .filter_map(|email| self.removals.get(email))
                .max()
                .copied(),
            settled_at: mapping.settled_at,
            forgotten: mapping.forgotten,
            email,
            intent_email,
            password,
            fresh,
            threedeye_id: mapping.threedeye_id,
            state: mapping.state,
            attempts: mapping.attempts,
            recovery: self.recovery(user),
        })
    }

    /// Whether a claim could be made of what was listed alone.
    fn is_as_listed(&self, bid: &Bid) -> bool {
        let listed = bid.listed.as_ref();
        listed.is_some_and(|listed| listed.claimed(&bid.user, &bid.password).is_some())
            && listed == self.listed(&bid.user).as_ref()
    }

    fn set_aside_one(&mut self, user: &UserId, error: &str, now: Timestamp, clock: Timestamp) {
        let Some(email) = self.email_of(user) else {
            return;
        };
        let row = self.rows.get(user).cloned();
        let mut row = row.unwrap_or_else(|| Row::idle(now));
        let is_free = row.mapping.state == State::Idle && row.mapping.lease_until <= now;
        if !is_free || !self.holder_of(&email, user) {
            return;
        }
        row.mapping.state = State::SetAside;
        row.mapping.email_key = Some(email);
        row.fail(error, None);
        self.write(user, Some(row), clock);
    }

    /// Whoever was left alone.
    fn settle(
        &mut self,
        token: &LeaseToken,
        settlements: &[Settlement],
        (now, clock): (Timestamp, Timestamp),
    ) -> Vec<UserId> {
        let settlements = settlements.iter();
        let left_alone = settlements.filter(|one| !self.settle_one(token, one, (now, clock)));
        left_alone.map(|one| one.user.clone()).collect()
    }

    fn settle_one(
        &mut self,
        token: &LeaseToken,
        one: &Settlement,
        (now, clock): (Timestamp, Timestamp),
    ) -> bool {
        let row = self.leased(&one.user, token);
        let row = row.map(|row| judged(row, &one.verdict));
        let Some(row) = row.filter(|row| self.admits(&one.user, row)) else {
            return false;
        };
        let told = one.entry.clone();
        self.audit
            .extend(told.map(|entry| audit::Entry { at: now, ..entry }));
        self.write(&one.user, Some(row), clock);
        match &one.verdict {
            Verdict::Quarantined { .. } | Verdict::SetAside { .. } => {
                self.open_outdated(&one.user, clock);
            }
            Verdict::Complete { .. } => {
                self.recoveries.remove(&one.user);
            }
            Verdict::Released { due_at } => self.move_in_queue(&one.user, *due_at),
            _ => {}
        }
        true
    }

    /// Rows closed for an e-mail that is the user's no more, or that nobody holds.
    fn open_outdated(&mut self, user: &UserId, clock: Timestamp) {
        let Some(mut row) = self.rows.get(user).cloned() else {
            return;
        };
        let email = row.mapping.email_key.clone();
        let is_other = email != self.email_of(user);
        let is_held = email.is_some_and(|email| self.holder_of(&email, user));
        if match row.mapping.state {
            State::SetAside => is_other || !is_held,
            State::Quarantined => is_other,
            _ => false,
        } {
            row.open();
            self.write(user, Some(row), clock);
        }
    }

    fn clear(
        &mut self,
        (token, user): (&LeaseToken, &UserId),
        clearing: &Clearing,
        (now, clock): (Timestamp, Timestamp),
        entry: &audit::Entry,
    ) -> Option<Cleared> {
        let mut row = self.leased(user, token)?;
        self.audit.push(entry.clone());
        self.move_in_queue(user, Some(now));
        let mut recovery = false;
        if let Some(roles) = &clearing.keep_roles {
            self.recoveries.insert(user.clone(), roles.clone());
        } else if clearing.clear_mapping {
            recovery = self.recoveries.remove(user).is_some();
        }
        if clearing.clear_mapping {
            let emptied = clearing.forgotten.clone().map(|account| {
                self.removals.insert(account.email.clone(), now);
                let mut idle = Row::idle(now);
                idle.mapping.settled_at = row.mapping.settled_at;
                idle.mapping.forgotten = Some(account);
                idle
            });
            self.write(user, emptied, clock);
        } else {
            reopen(&mut row, clearing.forget_remote);
            self.give_back(user, row, clock);
        }
        Some(Cleared {
            mapping: clearing.clear_mapping,
            recovery,
        })
    }

    /// Ends a lease; without it an idle row tells nothing.
    fn give_back(&mut self, user: &UserId, mut row: Row, clock: Timestamp) {
        row.free();
        let tells = row.mapping.state != State::Idle || row.mapping.forgotten.is_some();
        let row = tells.then_some(row);
        self.write(user, row, clock);
    }

    fn forget_removals(&mut self, entry: &audit::Entry) {
        let old = entry.at.minus(REMOVAL_MEMORY);
        self.removals.retain(|_, at| *at >= old);
    }
}

/// A row after its verdict.
fn judged(mut row: Row, verdict: &Verdict) -> Row {
    row.free();
    let mapping = &mut row.mapping;
    match verdict {
        Verdict::Complete { id } => {
            mapping.state = State::Complete;
            mapping.threedeye_id = Some(id.clone());
            mapping.forgotten = None;
            row.forgive();
        }
        Verdict::Attaching {
            id,
            next_attempt_at,
            error,
        } => {
            mapping.state = State::Attaching;
            mapping.threedeye_id = Some(id.clone());
            row.fail(error, Some(*next_attempt_at));
        }
        Verdict::Failed {
            next_attempt_at,
            error,
            settled_at,
        } => {
            row.fail(error, Some(*next_attempt_at));
            row.settle_by(*settled_at);
        }
        Verdict::Quarantined { error } => {
            mapping.state = State::Quarantined;
            row.fail(error, None);
        }
        Verdict::SetAside { email, error } => {
            mapping.state = State::SetAside;
            mapping.email_key = Some(email.clone());
            mapping.password = None;
            mapping.threedeye_id = None;
            row.fail(error, None);
        }
        Verdict::Released { .. } => {}
    }
    row
}

/// Lifts what keeps a row from being taken up.
fn reopen(row: &mut Row, forget_remote: bool) {
    row.open();
    if forget_remote {
        row.mapping.threedeye_id = None;
        if matches!(row.mapping.state, State::Complete | State::Attaching) {
            row.mapping.state = State::Pending;
        }
    }
    row.forgive();
}

impl Store for World {
    async fn dossier(&self, user: &UserId) -> Result<Dossier, DatabaseError> {
        self.effect(|| Ok(self.tables.borrow().dossier(user))).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Candidate>, DatabaseError> {
        self.effect(|| Ok(self.tables.borrow().due(now, limit)))
            .await
    }

    async fn open_run(
        &self,
        opening: &RunOpening,
        due_by: Timestamp,
    ) -> Result<Vec<Candidate>, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if tables.runs.contains_key(&opening.run_id) {
                return Err(DatabaseError("there is a run of that id".to_owned()));
            }
            tables.runs.insert(opening.run_id.clone(), None);
            Ok(tables.due(due_by, opening.limit))
        })
        .await
    }

    async fn claim(&self, bids: &[Bid], terms: &Terms) -> Result<Vec<Claimed>, DatabaseError> {
        self.effect(|| Ok(self.tables.borrow_mut().claim(bids, terms, self.now())))
            .await
    }

    async fn set_aside(
        &self,
        users: &[UserId],
        error: &str,
        now: Timestamp,
        entries: &[audit::Entry],
    ) -> Result<(), DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            for user in users {
                tables.set_aside_one(user, error, now, self.now());
            }
            for entry in entries {
                let row = tables.rows.get(&UserId::new(entry.subject.as_str()));
                if row.is_some_and(|row| row.mapping.state == State::SetAside) {
                    tables.audit.push(entry.clone());
                }
            }
            Ok(())
        })
        .await
    }

    async fn renew(
        &self,
        token: &LeaseToken,
        users: &[UserId],
        until: Timestamp,
    ) -> Result<Vec<UserId>, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let mut kept = Vec::new();
            for user in users {
                if let Some(mut row) = tables.leased(user, token) {
                    row.mapping.lease_until = until;
                    tables.write(user, Some(row), self.now());
                    kept.push(user.clone());
                }
            }
            Ok(kept)
        })
        .await
    }

    async fn save_recovery(
        &self,
        token: &LeaseToken,
        user: &UserId,
        account: &RemoteUser,
        roles: &[RoleId],
        entry: &audit::Entry,
    ) -> Result<Guarded, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            tables.forget_removals(entry);
            if tables.leased(user, token).is_none() {
                return Ok(Guarded::LeaseLost);
            }
            if tables.is_mapped(&account.id, user) {
                return Ok(Guarded::Contested);
            }
            tables.recoveries.insert(user.clone(), roles.to_vec());
            tables.note_removals(&[account], entry);
            Ok(Guarded::Written)
        })
        .await
    }

    async fn replace_intent(
        &self,
        token: &LeaseToken,
        user: &UserId,
        email: &EmailKey,
        password: &Sealed,
        _now: Timestamp,
    ) -> Result<Guarded, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let Some(mut row) = tables.leased(user, token) else {
                return Ok(Guarded::LeaseLost);
            };
            row.mapping.state = State::Pending;
            row.mapping.email_key = Some(email.clone());
            row.mapping.password = Some(password.clone());
            row.mapping.threedeye_id = None;
            if !tables.admits(user, &row) {
                return Ok(Guarded::Contested);
            }
            tables.write(user, Some(row), self.now());
            Ok(Guarded::Written)
        })
        .await
    }

    async fn settle(
        &self,
        token: &LeaseToken,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<Vec<UserId>, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            Ok(tables.settle(token, settlements, (now, self.now())))
        })
        .await
    }

    async fn close_run(&self, closing: &RunClosing) -> Result<u64, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let waiting = tables.queue.len() as u64;
            let Some(run) = tables.runs.get_mut(&closing.run_id) else {
                return Ok(0);
            };
            *run = Some(closing.clone());
            Ok(waiting)
        })
        .await
    }

    async fn waiting(&self) -> Result<u64, DatabaseError> {
        self.effect(|| Ok(self.tables.borrow().queue.len() as u64))
            .await
    }

    async fn seize(
        &self,
        user: &UserId,
        terms: &Terms,
    ) -> Result<Result<Dossier, Busy>, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let before = tables.dossier(user);
            let row = tables.rows.get(user).cloned();
            let mut row = row.unwrap_or_else(|| Row::idle(terms.now));
            let until = row.mapping.lease_until;
            if until > terms.now {
                return Ok(Err(Busy { until }));
            }
            row.take(terms);
            tables.write(user, Some(row), self.now());
            Ok(Ok(before))
        })
        .await
    }

    async fn removed_at(&self, email: &EmailKey) -> Result<Option<Timestamp>, DatabaseError> {
        self.effect(|| Ok(self.tables.borrow().removals.get(email).copied()))
            .await
    }

    async fn foreign(
        &self,
        user: &UserId,
        accounts: &[&RemoteUser],
    ) -> Result<Vec<RemoteId>, DatabaseError> {
        self.effect(|| {
            let tables = self.tables.borrow();
            let is_foreign = |account: &RemoteUser| {
                let email = account.email_key();
                tables.is_mapped(&account.id, user)
                    || email.is_some_and(|email| tables.holder_of(&email, user))
            };
            let accounts = accounts.iter().filter(|account| is_foreign(account));
            Ok(accounts.map(|account| account.id.clone()).collect())
        })
        .await
    }

    async fn begin_removal(
        &self,
        token: &LeaseToken,
        user: &UserId,
        accounts: &[&RemoteUser],
        keep_roles: Option<&[RoleId]>,
        entry: &audit::Entry,
    ) -> Result<bool, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            tables.forget_removals(entry);
            let Some(mut row) = tables.leased(user, token) else {
                return Ok(false);
            };
            if matches!(row.mapping.state, State::Complete | State::Attaching) {
                row.mapping.state = State::Pending;
            }
            tables.write(user, Some(row), self.now());
            if let Some(roles) = keep_roles {
                tables.recoveries.insert(user.clone(), roles.to_vec());
            }
            tables.note_removals(accounts, entry);
            Ok(true)
        })
        .await
    }

    async fn reseal(&self, user: &UserId, old: &Sealed, new: &Sealed) -> Result<(), DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if let Some(row) = tables.rows.get_mut(user)
                && row.mapping.password.as_ref() == Some(old)
            {
                row.mapping.password = Some(new.clone());
            }
            Ok(())
        })
        .await
    }

    async fn clear(
        &self,
        token: &LeaseToken,
        user: &UserId,
        clearing: &Clearing,
        now: Timestamp,
        entry: &audit::Entry,
    ) -> Result<Option<Cleared>, DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            Ok(tables.clear((token, user), clearing, (now, self.now()), entry))
        })
        .await
    }

    async fn release(
        &self,
        token: &LeaseToken,
        user: &UserId,
        settled_at: Option<Timestamp>,
    ) -> Result<(), DatabaseError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if let Some(mut row) = tables.leased(user, token) {
                row.settle_by(settled_at);
                tables.give_back(user, row, self.now());
            }
            Ok(())
        })
        .await
    }
}
