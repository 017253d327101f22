//! The database.

use crate::audit;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::record::{Claimed, Dossier, State};
use crate::provisioning::store::{
    Bid, Busy, Candidate, Cleared, Clearing, Guarded, LeaseToken, RunClosing, RunOpening,
    Settlement, Store, StoreError, Terms,
};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use super::World;
use super::tables::{fail, idle_row, reopen};

impl Store for World {
    async fn dossier(&self, user: &UserId) -> Result<Dossier, StoreError> {
        self.effect(|| Ok(self.tables.borrow().dossier(user))).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Candidate>, StoreError> {
        self.effect(|| Ok(self.tables.borrow().due(now, limit)))
            .await
    }

    async fn open_run(
        &self,
        opening: &RunOpening,
        due_by: Timestamp,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            tables.runs.insert(opening.run_id.clone(), None);
            Ok(tables.due(due_by, opening.limit))
        })
        .await
    }

    async fn claim(&self, bids: &[Bid], terms: &Terms) -> Result<Vec<Claimed>, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            Ok(bids
                .iter()
                .filter_map(|bid| tables.claim_one(bid, terms))
                .collect())
        })
        .await
    }

    async fn set_aside(
        &self,
        users: &[UserId],
        error: &str,
        now: Timestamp,
        entries: &[audit::Entry],
    ) -> Result<(), StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            for user in users {
                let email = tables.users.get(user).and_then(|u| u.email_key.clone());
                let Some(email) = email else { continue };
                if !tables.holder_of(&email, user) {
                    continue;
                }
                let row = tables
                    .rows
                    .entry(user.clone())
                    .or_insert_with(|| idle_row(now));
                if row.mapping.state != State::Idle || row.mapping.lease_until > now {
                    continue;
                }
                row.mapping.state = State::SetAside;
                row.mapping.email_key = Some(email);
                fail(&mut row.mapping, error, None);
                tables.requeue(user, now);
            }
            tables.audit.extend(entries.iter().cloned());
            Ok(())
        })
        .await
    }

    async fn renew(
        &self,
        token: &LeaseToken,
        users: &[UserId],
        until: Timestamp,
    ) -> Result<Vec<UserId>, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let mut kept = Vec::new();
            for user in users {
                if let Some(row) = tables.leased(user, token) {
                    row.mapping.lease_until = until;
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
    ) -> Result<Guarded, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if tables.leased(user, token).is_none() {
                return Ok(Guarded::LeaseLost);
            }
            let foreign = tables.rows.iter().any(|(id, row)| {
                id != user && row.mapping.threedeye_id.as_ref() == Some(&account.id)
            });
            if foreign {
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
        now: Timestamp,
    ) -> Result<Guarded, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let contested = tables.holder_of(email, user);
            let Some(row) = tables.leased(user, token) else {
                return Ok(Guarded::LeaseLost);
            };
            if contested {
                return Ok(Guarded::Contested);
            }
            row.mapping.state = State::Pending;
            let old = row.mapping.email_key.replace(email.clone());
            row.mapping.password = Some(password.clone());
            row.mapping.threedeye_id = None;
            tables.release_email(old, now);
            Ok(Guarded::Written)
        })
        .await
    }

    async fn settle(
        &self,
        token: &LeaseToken,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            for one in settlements {
                tables.settle_one(token, one, now);
            }
            for one in settlements {
                tables.reopen_outdated(&one.user, now);
            }
            Ok(())
        })
        .await
    }

    async fn close_run(&self, closing: &RunClosing) -> Result<u64, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            tables
                .runs
                .insert(closing.run_id.clone(), Some(closing.clone()));
            Ok(tables.queue.len() as u64)
        })
        .await
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        self.effect(|| Ok(self.tables.borrow().queue.len() as u64))
            .await
    }

    async fn seize(
        &self,
        user: &UserId,
        terms: &Terms,
    ) -> Result<Result<Dossier, Busy>, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let before = tables.dossier(user);
            if let Some(mapping) = &before.mapping
                && mapping.lease_until > terms.now
            {
                return Ok(Err(Busy {
                    until: mapping.lease_until,
                }));
            }
            let row = tables
                .rows
                .entry(user.clone())
                .or_insert_with(|| idle_row(terms.now));
            row.lease = Some(terms.token.clone());
            row.mapping.lease_until = terms.until;
            Ok(Ok(before))
        })
        .await
    }

    async fn foreign(
        &self,
        user: &UserId,
        accounts: &[&RemoteUser],
    ) -> Result<Vec<RemoteId>, StoreError> {
        self.effect(|| {
            let tables = self.tables.borrow();
            let is_foreign = |account: &RemoteUser| {
                let mapped = tables.rows.iter().any(|(id, row)| {
                    id != user && row.mapping.threedeye_id.as_ref() == Some(&account.id)
                });
                let email = account.email_key();
                mapped || email.is_some_and(|email| tables.holder_of(&email, user))
            };
            Ok(accounts
                .iter()
                .filter(|account| is_foreign(account))
                .map(|account| account.id.clone())
                .collect())
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
    ) -> Result<bool, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let Some(row) = tables.leased(user, token) else {
                return Ok(false);
            };
            if matches!(row.mapping.state, State::Complete | State::Attaching) {
                row.mapping.state = State::Pending;
            }
            tables.requeue(user, entry.at);
            if let Some(roles) = keep_roles {
                tables.recoveries.insert(user.clone(), roles.to_vec());
            }
            tables.note_removals(accounts, entry);
            Ok(true)
        })
        .await
    }

    async fn reseal(&self, user: &UserId, old: &Sealed, new: &Sealed) -> Result<(), StoreError> {
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
    ) -> Result<Option<Cleared>, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if tables.leased(user, token).is_none() {
                return Ok(None);
            }
            tables.audit.push(entry.clone());
            let mut cleared = Cleared::default();
            if let Some(roles) = &clearing.keep_roles {
                tables.recoveries.insert(user.clone(), roles.clone());
            } else if clearing.clear_mapping {
                cleared.recovery = tables.recoveries.remove(user).is_some();
            }
            if clearing.clear_mapping {
                let row = tables.rows.remove(user);
                cleared.mapping = true;
                let email = row
                    .filter(|row| row.mapping.state != State::SetAside)
                    .and_then(|row| row.mapping.email_key);
                if email.is_some() {
                    tables.release_email(email, now);
                }
            } else if let Some(row) = tables.leased(user, token) {
                reopen(&mut row.mapping, clearing.forget_remote);
                row.lease = None;
                if row.mapping.state == State::Idle {
                    tables.rows.remove(user);
                }
            }
            tables.requeue(user, now);
            if let Some(place) = tables.queue.get_mut(user) {
                *place = now;
            }
            Ok(Some(cleared))
        })
        .await
    }

    async fn release(&self, token: &LeaseToken, user: &UserId) -> Result<(), StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if let Some(row) = tables.leased(user, token) {
                row.lease = None;
                row.mapping.lease_until = Timestamp::default();
                if row.mapping.state == State::Idle {
                    tables.rows.remove(user);
                }
            }
            Ok(())
        })
        .await
    }
}
