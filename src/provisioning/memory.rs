//! A database, an upstream and a clock in memory, under the same contracts as
//! the real ones, and with a fuse: after a set number of effects the actor
//! dies on the spot, before or after the next one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::audit;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Clock, Deadline, EmailKey, Sealed, Secret, Timestamp, UserId, mask_email};
use crate::threedeye::{
    Deleted, RemoteId, RemoteUser, RoleId, Survey, Upstream, UpstreamError, Wanted,
};

use super::record::{Claimed, Dossier, Mapping, Recovery, State, User};
use super::store::{
    Bid, Busy, Candidate, Cleared, Clearing, Guarded, LeaseToken, RunClosing, RunOpening,
    Settlement, Store, StoreError, Terms, Verdict,
};

/// When the actor dies, counted in effects from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuse {
    /// Never.
    None,
    /// Before the effect with this number.
    Before(u32),
    /// After the effect with this number, whose answer it never sees.
    After(u32),
}

/// The whole world of a test.
pub struct World {
    pub random: Seeded,
    now: Cell<Timestamp>,
    fuse: Cell<Fuse>,
    burnt: Cell<bool>,
    effects: Cell<u32>,
    tables: RefCell<Tables>,
    pub remote: RefCell<Remote>,
}

#[derive(Default)]
struct Tables {
    users: BTreeMap<UserId, User>,
    rows: BTreeMap<UserId, Row>,
    recoveries: BTreeMap<UserId, Vec<RoleId>>,
    queue: BTreeMap<UserId, Timestamp>,
    runs: BTreeMap<String, Option<RunClosing>>,
    audit: Vec<audit::Entry>,
}

#[derive(Clone)]
struct Row {
    mapping: Mapping,
    lease: Option<LeaseToken>,
}

/// 3dEye.
#[derive(Default)]
pub struct Remote {
    pub accounts: Vec<Account>,
    /// E-mails of deleted accounts that stay taken until then.
    pub taken_until: BTreeMap<EmailKey, Timestamp>,
    pub create_delay: Duration,
    pub delete_delay: Duration,
    pub creates: u32,
    pub surveys: u32,
    pub deleted: Vec<RemoteId>,
    /// Errors that the next creates answer instead of working.
    pub create_errors: Vec<UpstreamError>,
    /// The next create takes effect, but its answer is lost.
    pub lose_next_answer: bool,
    pub login: Option<EmailKey>,
    next_id: u32,
}

#[derive(Debug, Clone)]
pub struct Account {
    pub user: RemoteUser,
    pub password: String,
    pub ours: bool,
    pub visible_from: Timestamp,
}

impl World {
    pub fn new() -> Self {
        Self {
            random: Seeded::new(11),
            now: Cell::new(Timestamp::from_millis(1_800_000_000_000)),
            fuse: Cell::new(Fuse::None),
            burnt: Cell::new(false),
            effects: Cell::new(0),
            tables: RefCell::default(),
            remote: RefCell::default(),
        }
    }

    pub fn add_user(&self, id: &str, email: &str) {
        let id = UserId::new(id);
        let email_key = EmailKey::of(email);
        let mut tables = self.tables.borrow_mut();
        if email_key.is_some() {
            tables.queue.insert(id.clone(), self.now.get());
        }
        tables.users.insert(
            id.clone(),
            User {
                id,
                email: Some(email.to_owned()),
                email_key,
                auth_subject: None,
            },
        );
    }

    pub fn change_email(&self, id: &str, email: &str) {
        let id = UserId::new(id);
        let mut tables = self.tables.borrow_mut();
        if let Some(user) = tables.users.get_mut(&id) {
            user.email = Some(email.to_owned());
            user.email_key = EmailKey::of(email);
        }
        if let Some(row) = tables.rows.get_mut(&id) {
            match row.mapping.state {
                State::SetAside => {
                    row.mapping.state = State::Idle;
                    row.mapping.email_key = None;
                }
                State::Quarantined => row.mapping.state = State::Pending,
                _ => {}
            }
        }
        tables.requeue(&id, self.now.get());
    }

    pub fn add_account(&self, id: &str, email: &str, password: &str, roles: &[&str], ours: bool) {
        self.remote.borrow_mut().accounts.push(Account {
            user: RemoteUser {
                id: RemoteId(id.to_owned()),
                email: email.to_owned(),
                roles: roles.iter().map(|r| RoleId((*r).to_owned())).collect(),
            },
            password: password.to_owned(),
            ours,
            visible_from: Timestamp::from_millis(0),
        });
    }

    pub fn accounts_of(&self, email: &str) -> Vec<Account> {
        let key = EmailKey::of(email);
        let remote = self.remote.borrow();
        let all = remote.accounts.iter();
        all.filter(|a| a.user.email_key() == key).cloned().collect()
    }

    pub fn mapping(&self, id: &str) -> Option<Mapping> {
        let tables = self.tables.borrow();
        tables.rows.get(&UserId::new(id)).map(|r| r.mapping.clone())
    }

    pub fn recovery(&self, id: &str) -> Option<Vec<RoleId>> {
        let tables = self.tables.borrow();
        tables.recoveries.get(&UserId::new(id)).cloned()
    }

    pub fn queued(&self) -> Vec<String> {
        let tables = self.tables.borrow();
        tables.queue.keys().map(ToString::to_string).collect()
    }

    pub fn audit_outcomes(&self, id: &str) -> Vec<String> {
        let tables = self.tables.borrow();
        let rows = tables.audit.iter().filter(|entry| entry.subject == id);
        rows.map(|entry| entry.outcome.clone()).collect()
    }

    pub fn pass(&self, time: Duration) {
        self.now.set(self.now.get().plus(time));
    }

    pub fn effects(&self) -> u32 {
        self.effects.get()
    }

    /// Runs an actor to its end, or to its death (`None`).
    pub fn run<T>(&self, fuse: Fuse, actor: impl Future<Output = T>) -> Option<T> {
        self.fuse.set(fuse);
        self.burnt.set(false);
        self.effects.set(0);
        let mut actor = pin!(actor);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..100_000 {
            if let Poll::Ready(output) = actor.as_mut().poll(&mut context) {
                return Some(output);
            }
            if self.burnt.get() {
                return None;
            }
        }
        panic!("the actor hangs");
    }

    /// One effect on the world; the fuse may end the actor on either side of it.
    async fn effect<T>(&self, work: impl FnOnce() -> T) -> T {
        let number = self.effects.get() + 1;
        self.effects.set(number);
        if self.fuse.get() == Fuse::Before(number) {
            self.die().await;
        }
        let output = work();
        if self.fuse.get() == Fuse::After(number) {
            self.die().await;
        }
        // Others of the same actor get their turn.
        yield_once().await;
        output
    }

    async fn die(&self) {
        self.burnt.set(true);
        std::future::pending::<()>().await;
    }
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        // Those who poll many futures only poll the woken ones again.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    async fn sleep(&self, duration: Duration) {
        self.pass(duration);
        yield_once().await;
    }
}

impl Tables {
    fn holder_of(&self, email: &EmailKey, other_than: &UserId) -> bool {
        self.rows.iter().any(|(id, row)| {
            id != other_than
                && row.mapping.state != State::SetAside
                && row.mapping.email_key.as_ref() == Some(email)
        })
    }

    /// What the triggers do: queue membership follows from user and row.
    fn requeue(&mut self, id: &UserId, now: Timestamp) {
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

    fn release_email(&mut self, email: Option<EmailKey>, now: Timestamp) {
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

    fn leased(&mut self, user: &UserId, token: &LeaseToken) -> Option<&mut Row> {
        self.rows
            .get_mut(user)
            .filter(|row| row.lease.as_ref() == Some(token))
    }

    fn due(&self, now: Timestamp, limit: u32) -> Vec<Candidate> {
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

    fn claim_one(&mut self, bid: &Bid, terms: &Terms) -> Option<Claimed> {
        let email = self.users.get(&bid.user)?.email_key.clone()?;
        let existing = self.rows.get(&bid.user);
        let intent = existing.is_some_and(|row| row.mapping.password.is_some());
        if !intent && self.holder_of(&email, &bid.user) {
            return None;
        }
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
            recovery: self.recoveries.get(&bid.user).map(|roles| Recovery {
                roles: roles.clone(),
            }),
        })
    }

    fn settle_one(&mut self, token: &LeaseToken, one: &Settlement, now: Timestamp) {
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
                mapping.state = State::SetAside;
                released = mapping.email_key.replace(email.clone());
                mapping.password = None;
                mapping.threedeye_id = None;
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

fn fail(mapping: &mut Mapping, error: &str, next: Option<Timestamp>) {
    mapping.attempts += 1;
    mapping.last_error = Some(error.to_owned());
    mapping.next_attempt_at = next;
}

fn idle_row(now: Timestamp) -> Row {
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

impl Store for World {
    async fn dossier(&self, user: &UserId) -> Result<Dossier, StoreError> {
        self.effect(|| {
            let tables = self.tables.borrow();
            let row = tables.users.get(user).cloned();
            let email = row.as_ref().and_then(|row| row.email_key.clone());
            Ok(Dossier {
                contested: email.is_some_and(|email| tables.holder_of(&email, user)),
                user: row,
                mapping: tables.rows.get(user).map(|row| row.mapping.clone()),
                recovery: tables.recoveries.get(user).map(|roles| Recovery {
                    roles: roles.clone(),
                }),
            })
        })
        .await
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
        account: &RemoteId,
        roles: &[RoleId],
        entry: &audit::Entry,
    ) -> Result<Guarded, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            if tables.leased(user, token).is_none() {
                return Ok(Guarded::LeaseLost);
            }
            let foreign = tables
                .rows
                .iter()
                .any(|(id, row)| id != user && row.mapping.threedeye_id.as_ref() == Some(account));
            if foreign {
                return Ok(Guarded::Contested);
            }
            tables.recoveries.insert(user.clone(), roles.to_vec());
            tables.audit.push(entry.clone());
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
    ) -> Result<Result<Option<Mapping>, Busy>, StoreError> {
        self.effect(|| {
            let mut tables = self.tables.borrow_mut();
            let before = tables.rows.get(user).map(|row| row.mapping.clone());
            if let Some(mapping) = &before
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

    async fn mapped_to_others(
        &self,
        user: &UserId,
        accounts: &[RemoteId],
    ) -> Result<Vec<RemoteId>, StoreError> {
        self.effect(|| {
            let tables = self.tables.borrow();
            let others = tables.rows.iter().filter(|(id, _)| *id != user);
            Ok(others
                .filter_map(|(_, row)| row.mapping.threedeye_id.clone())
                .filter(|id| accounts.contains(id))
                .collect())
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

fn reopen(mapping: &mut Mapping, forget_remote: bool) {
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

impl Remote {
    fn taken(&self, email: &EmailKey, now: Timestamp) -> bool {
        self.taken_until
            .get(email)
            .is_some_and(|until| *until > now)
            || self
                .accounts
                .iter()
                .any(|account| account.user.email_key().as_ref() == Some(email))
    }
}

impl Upstream for World {
    async fn survey(
        &self,
        wanted: impl Future<Output = Wanted>,
        _deadline: Deadline,
    ) -> Result<Survey, UpstreamError> {
        let wanted = wanted.await;
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            remote.surveys += 1;
            let visible: Vec<&Account> = remote
                .accounts
                .iter()
                .filter(|account| account.ours && account.visible_from <= self.now.get())
                .collect();
            let mut survey = Survey {
                total: visible.len() as u64,
                complete: true,
                ..Survey::default()
            };
            for account in visible {
                let user = &account.user;
                let by_email = user.email_key().is_some_and(|e| wanted.emails.contains(&e));
                if by_email || wanted.ids.contains(&user.id) {
                    survey.found.push(user.clone());
                } else if survey.samples.len() < wanted.samples {
                    survey.samples.push(mask_email(&user.email));
                }
            }
            Ok(survey)
        })
        .await
    }

    async fn create(
        &self,
        email: &EmailKey,
        password: &Secret,
        _deadline: Deadline,
    ) -> Result<Option<RemoteId>, UpstreamError> {
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            remote.creates += 1;
            if let Some(error) = remote.create_errors.pop() {
                return Err(error);
            }
            if remote.taken(email, self.now.get()) {
                return Err(UpstreamError::EmailTaken);
            }
            remote.next_id += 1;
            let id = RemoteId(format!("new-{}", remote.next_id));
            let visible_from = self.now.get().plus(remote.create_delay);
            remote.accounts.push(Account {
                user: RemoteUser {
                    id: id.clone(),
                    email: email.as_str().to_owned(),
                    roles: Vec::new(),
                },
                password: password.expose().to_owned(),
                ours: true,
                visible_from,
            });
            if std::mem::take(&mut remote.lose_next_answer) {
                return Err(UpstreamError::UnknownOutcome);
            }
            Ok(Some(id))
        })
        .await
    }

    async fn delete(&self, id: &RemoteId, _deadline: Deadline) -> Result<Deleted, UpstreamError> {
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            let place = remote
                .accounts
                .iter()
                .position(|account| account.ours && account.user.id == *id);
            let Some(place) = place else {
                return Ok(Deleted::AlreadyGone);
            };
            let gone = remote.accounts.remove(place);
            remote.deleted.push(id.clone());
            let until = self.now.get().plus(remote.delete_delay);
            if let Some(email) = gone.user.email_key() {
                remote.taken_until.insert(email, until);
            }
            Ok(Deleted::Removed)
        })
        .await
    }

    async fn attach_role(
        &self,
        role: &RoleId,
        user: &RemoteId,
        _deadline: Deadline,
    ) -> Result<(), UpstreamError> {
        self.effect(|| {
            let mut remote = self.remote.borrow_mut();
            let account = remote
                .accounts
                .iter_mut()
                .find(|account| account.user.id == *user)
                .ok_or(UpstreamError::NotFound)?;
            if role.0.starts_with("missing") {
                return Err(UpstreamError::NotFound);
            }
            if !account.user.roles.contains(role) {
                account.user.roles.push(role.clone());
            }
            Ok(())
        })
        .await
    }

    async fn opens(
        &self,
        email: &EmailKey,
        password: &Secret,
        _deadline: Deadline,
    ) -> Result<bool, UpstreamError> {
        self.effect(|| {
            let remote = self.remote.borrow();
            let key = Some(email);
            let mut accounts = remote.accounts.iter();
            Ok(accounts
                .any(|a| a.user.email_key().as_ref() == key && a.password == password.expose()))
        })
        .await
    }

    fn own_login(&self) -> Option<EmailKey> {
        self.remote.borrow().login.clone()
    }
}
