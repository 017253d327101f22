//! A database, an upstream and a clock in memory, under the same contracts as
//! the real ones, where every effect may be made to go wrong (`hazard`).

pub mod fanout;
pub mod hazard;
pub mod plans;
pub mod remote;
mod stock;
mod store;
pub mod tables;
pub mod time;
mod triggers;

use futures_util::future::LocalBoxFuture;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Clock, EmailKey, Timestamp, UserId};
use crate::threedeye::{RemoteId, RemoteUser, RoleId};

use crate::db::DatabaseError;
use crate::provisioning::record::{Mapping, User};

use hazard::{Calm, Fate, Hazard, Hazards};
use remote::{Account, Remote};
use tables::Tables;
use time::{Flag, Time};

pub use time::yield_once;

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
    pub time: Time,
    pub hazards: RefCell<Rc<dyn Hazards>>,
    /// Who is at work, by a number.
    pub actor: Cell<usize>,
    dead: RefCell<BTreeSet<usize>>,
    effects: Cell<u32>,
    pub tables: RefCell<Tables>,
    pub remote: RefCell<Remote>,
}

impl World {
    pub fn new() -> Self {
        Self {
            random: Seeded::new(11),
            time: Time::starting_at(Timestamp::from_millis(1_800_000_000_000)),
            hazards: RefCell::new(Rc::new(Calm)),
            actor: Cell::new(0),
            dead: RefCell::default(),
            effects: Cell::new(0),
            tables: RefCell::default(),
            remote: RefCell::default(),
        }
    }

    pub fn add_user(&self, id: &str, email: &str) {
        let user = User {
            id: UserId::new(id),
            email: Some(email.to_owned()),
            email_key: EmailKey::of(email),
            auth_subject: None,
        };
        self.tables.borrow_mut().insert_user(user, self.now());
    }

    pub fn change_email(&self, id: &str, email: &str) {
        let mut tables = self.tables.borrow_mut();
        tables.change_email(&UserId::new(id), Some(email), self.now());
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
        self.time.advance_to(self.now().plus(time));
        self.land();
    }

    pub fn effects(&self) -> u32 {
        self.effects.get()
    }

    /// Runs a lone actor to its end, or to its death (`None`).
    pub fn run<T>(&self, fuse: Fuse, actor: impl Future<Output = T>) -> Option<T> {
        *self.hazards.borrow_mut() = Rc::new(Burning {
            fuse,
            effects: Cell::new(0),
        });
        self.dead.borrow_mut().clear();
        self.effects.set(0);
        let mut actor = pin!(actor);
        let flag = Flag::raised();
        let waker = Waker::from(flag.clone());
        for _ in 0..100_000 {
            flag.lower();
            if let Poll::Ready(output) = actor.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if self.is_dead(self.actor.get()) {
                return None;
            }
            if !flag.is_raised() {
                let Some(next) = self.time.next() else {
                    panic!("the actor waits for nothing");
                };
                self.time.advance_to(next);
            }
        }
        panic!("the actor hangs");
    }

    pub fn is_dead(&self, actor: usize) -> bool {
        self.dead.borrow().contains(&actor)
    }

    /// One effect on the database.
    async fn effect<T>(
        &self,
        work: impl FnOnce() -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let hazard = self.approach("database").await;
        if matches!(hazard.fate, Fate::FailsBefore | Fate::Lands(_)) {
            return Err(DatabaseError(
                "made to fail before it took effect".to_owned(),
            ));
        }
        let answer = work();
        self.leave("database", hazard).await;
        if hazard.fate == Fate::FailsAfter {
            return Err(DatabaseError("made to lose its answer".to_owned()));
        }
        answer
    }

    /// The way to an effect: others get their turns, time passes, the actor may die.
    pub async fn approach(&self, call: &'static str) -> Hazard {
        let actor = self.actor.get();
        self.effects.set(self.effects.get() + 1);
        let hazards = Rc::clone(&self.hazards.borrow());
        let hazard = hazards.next(actor, call);
        for _ in 0..hazard.turns {
            yield_once().await;
        }
        if !hazard.delay.is_zero() {
            self.time.until(self.now().plus(hazard.delay)).await;
        }
        if hazard.fate == Fate::DiesBefore {
            self.dead.borrow_mut().insert(actor);
        }
        // Dead, whichever of its calls under way it died in.
        if self.is_dead(actor) {
            std::future::pending::<()>().await;
        }
        hazard
    }

    /// The way back from an effect.
    pub async fn leave(&self, call: &'static str, hazard: Hazard) {
        let actor = self.actor.get();
        let hazards = Rc::clone(&self.hazards.borrow());
        hazards.observe(self, actor, call);
        if hazard.fate == Fate::DiesAfter {
            self.dead.borrow_mut().insert(actor);
        }
        if self.is_dead(actor) {
            std::future::pending::<()>().await;
        }
        // Others of the same actor get their turn.
        yield_once().await;
    }
}

/// The fuse as hazards.
struct Burning {
    fuse: Fuse,
    effects: Cell<u32>,
}

impl Hazards for Burning {
    fn next(&self, _: usize, _: &'static str) -> Hazard {
        let number = self.effects.get() + 1;
        self.effects.set(number);
        let fate = match self.fuse {
            Fuse::Before(last) if number == last => Fate::DiesBefore,
            Fuse::After(last) if number == last => Fate::DiesAfter,
            _ => Fate::Fine,
        };
        Hazard {
            fate,
            ..Hazard::default()
        }
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if duration.is_zero() {
                yield_once().await;
            } else {
                self.time.until(self.now().plus(duration)).await;
            }
        })
    }
}
