//! The world of a test: SQLite with the schema that ships, 3dEye simulated behind HTTP, virtual time,
//! and hazards at every effect on either of them.
//!
//! | file | what it holds |
//! |---|---|
//! | `hazard` | who decides what goes wrong with an effect |
//! | `walls` | the hazards before SQLite and before 3dEye |
//! | `rows` | the tables as an observer reads them |

pub mod hazard;
pub mod rows;
mod walls;

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::db::Database;
use crate::db::faulty::Faulty;
use crate::db::sqlite::Sqlite;
use crate::kernel::audit::Origin;
use crate::kernel::random::seeded::Seeded;
use crate::kernel::unicode::Tables;
use crate::kernel::{Clock as _, EmailKey, Random, Sealer, Timestamp, UserId};
use crate::provisioning;
use crate::provisioning::record::Mapping;
use crate::testing::simulation::crew::Crew;
use crate::testing::transport::{Flag, VirtualClock};
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::simulated::faults::Planned;
use crate::threedeye::simulated::{Operation, Simulated};
use crate::threedeye::{Client, RoleId, TokenCache};

use hazard::{Burning, Calm, Hazards};
use rows::Snapshot;
use walls::Wall;

/// The account that we log in with ourselves.
pub const LOGIN: &str = "svc@example.com";

/// What an actor does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A batch on the database.
    Database,
    /// A batch that writes down how users' provisioning ended, and gives their leases back.
    Settlement,
    /// A request to 3dEye.
    Request(Operation),
    /// A request whose caller has given up takes effect.
    Landing,
}

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
    pub random: Rc<Seeded>,
    pub time: Rc<VirtualClock>,
    pub hazards: RefCell<Rc<dyn Hazards>>,
    pub crew: Crew,
    effects: Cell<u32>,
    /// The tables, for observers and for other services.
    pub sqlite: Sqlite,
    /// The same for actors: here things go wrong.
    pub database: Database,
    pub remote: Simulated<Rc<VirtualClock>, Wall>,
    /// What a test has planned for requests to 3dEye.
    pub planned: Planned<Rc<VirtualClock>>,
    /// 3dEye's client of a lone actor.
    pub client: Client,
    page_size: u32,
}

impl World {
    pub fn new() -> Rc<Self> {
        Self::with_page_size(500)
    }

    /// A world where the customer's list is read in pages of this size.
    pub fn with_page_size(page_size: u32) -> Rc<Self> {
        Rc::new_cyclic(|world| {
            let wall = Wall(world.clone());
            let start = Timestamp::from_millis(1_800_000_000_000);
            let time = Rc::new(VirtualClock::starting(start));
            let random = Rc::new(Seeded::new(11));
            let database_time = Rc::clone(&time);
            let sqlite = Sqlite::new(move || database_time.now());
            let remote = Simulated::new(LOGIN, Rc::clone(&time), wall.clone());
            let client = Client::new(
                remote.config(page_size),
                Rc::new(remote.clone()),
                Rc::<VirtualClock>::clone(&time),
                Rc::<Seeded>::clone(&random),
                Rc::new(Tables),
                Rc::default(),
            );
            Self {
                planned: Planned::new(Rc::clone(&time)),
                random,
                time,
                hazards: RefCell::new(Rc::new(Calm)),
                crew: Crew::default(),
                effects: Cell::new(0),
                database: Database::new(Rc::new(Faulty::new(sqlite.clone(), wall))),
                sqlite,
                remote,
                client,
                page_size,
            }
        })
    }

    /// 3dEye's client of one request, in the isolate that keeps these tokens.
    pub fn client(&self, random: Rc<dyn Random>, tokens: Rc<RefCell<TokenCache>>) -> Client {
        Client::new(
            self.remote.config(self.page_size),
            Rc::new(self.remote.clone()),
            Rc::<VirtualClock>::clone(&self.time),
            random,
            Rc::new(Tables),
            tokens,
        )
    }

    /// What a lone actor works with.
    pub fn context<'a>(
        &'a self,
        sealer: &'a Sealer,
        origin: &'a Origin,
    ) -> provisioning::Context<'a> {
        provisioning::Context {
            database: &self.database,
            clock: &*self.time,
            random: &*self.random,
            sealer,
            origin,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    pub fn add_user(&self, id: &str, email: &str) {
        let insert = "INSERT INTO users (uuid, email, created_at) VALUES (?1, ?2, '')";
        self.sqlite.execute(insert, [id, email]);
    }

    /// Gives the user an API key.
    pub fn add_key(&self, user: &str) {
        let insert = "INSERT INTO api_keys (id, key_hash, scopes, user_id, created_at)
                      VALUES ('key of ' || ?1, 'hash of ' || ?1, '[]', ?1, 1)";
        self.sqlite.execute(insert, [user]);
    }

    pub fn delete_user(&self, id: &str) {
        self.sqlite
            .execute("DELETE FROM users WHERE uuid = ?1", [id]);
    }

    pub fn change_email(&self, id: &str, email: &str) {
        let update = "UPDATE users SET email = ?2 WHERE uuid = ?1";
        self.sqlite.execute(update, [id, email]);
    }

    pub fn add_account(&self, id: &str, email: &str, password: &str, roles: &[&str], ours: bool) {
        let mut directory = self.remote.directory_mut();
        directory.add(id, email, password, roles, ours);
    }

    pub fn accounts_of(&self, email: &str) -> Vec<Account> {
        let directory = self.remote.directory();
        directory.with_email(email).into_iter().cloned().collect()
    }

    pub fn rows(&self) -> Snapshot {
        Snapshot::of(&self.sqlite)
    }

    pub fn mapping(&self, id: &str) -> Option<Mapping> {
        let row = self.rows().rows.remove(&UserId::new(id))?;
        Some(row.mapping)
    }

    pub fn recovery(&self, id: &str) -> Option<Vec<RoleId>> {
        self.rows().recoveries.remove(&UserId::new(id))
    }

    pub fn queued(&self) -> Vec<String> {
        self.rows().queue.keys().map(ToString::to_string).collect()
    }

    pub fn email_of(&self, id: &str) -> Option<EmailKey> {
        self.rows().users.remove(&UserId::new(id))?
    }

    /// Lets time pass while no actor runs.
    pub fn pass(&self, time: Duration) {
        self.time.advance_to(self.now().plus(time));
        self.land();
    }

    /// Lets those requests take effect whose moment has come.
    pub fn land(&self) {
        while let Some(actor) = self.remote.land() {
            let hazards = Rc::clone(&self.hazards.borrow());
            hazards.observe(self, actor, Effect::Landing);
        }
    }

    /// How many effects there were since the last run began.
    pub fn effects(&self) -> u32 {
        self.effects.get()
    }

    /// Runs a lone actor to its end, or to its death (`None`).
    pub fn run<T>(&self, fuse: Fuse, actor: impl Future<Output = T>) -> Option<T> {
        *self.hazards.borrow_mut() = Rc::new(Burning::new(fuse));
        self.crew.revive_all();
        self.effects.set(0);
        let mut actor = pin!(actor);
        let flag = Flag::raised();
        let waker = Waker::from(flag.clone());
        for _ in 0..100_000 {
            flag.lower();
            if let Poll::Ready(output) = actor.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(output);
            }
            if self.crew.is_dead(self.crew.actor.get()) {
                return None;
            }
            if !flag.is_raised() && !self.let_time_pass() {
                panic!("the actor waits for nothing");
            }
        }
        panic!("the actor hangs");
    }

    /// Advances to the next moment that an actor or a request waits for, if any.
    pub fn let_time_pass(&self) -> bool {
        let moments = [self.time.next(), self.remote.next_landing()];
        let Some(next) = moments.into_iter().flatten().min() else {
            return false;
        };
        self.time.advance_to(next);
        self.land();
        true
    }
}
