//! A database, an upstream and a clock in memory, under the same contracts as
//! the real ones, and with a fuse: after a set number of effects the actor
//! dies on the spot, before or after the next one.

mod remote;
mod store;
mod tables;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Clock, EmailKey, Timestamp, UserId};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use super::record::{Mapping, State, User};

use remote::{Account, Remote};
use tables::Tables;

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

/// Lets every other future have a turn.
pub async fn yield_once() {
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
