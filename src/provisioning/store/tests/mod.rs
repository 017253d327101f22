//! The promises of the store, one case each, on the native engine; and each once more on SQLite and D1
//! side by side. `sequences` plays what no case thought of.

mod claim;
mod clear;
mod fanout;
mod intent;
mod lease;
mod misfits;
mod outcome;
mod queue;
mod removal;
mod run;
mod sequences;
mod set_aside;
mod tables;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures_executor::block_on;

use crate::db::differential::Mirror;
use crate::db::sqlite::Sqlite;
use crate::db::{Batch, Database, Engine, Statement};
use crate::kernel::audit::{Action, Actor, Entry, Origin};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{EmailKey, RequestId, Sealed, Timestamp, UserId};
use crate::provisioning::record::{Claimed, Mapping, Recovery, State};
use crate::provisioning::store::{
    self, Busy, Candidate, ClaimRequest, Cleared, Clearing, Guarded, LeaseTerms, LeaseToken,
    Outcome, RunClosing, RunOpening, Tally, Trigger, UserOutcome,
};
use crate::threedeye::{RemoteAccount, RemoteId, RoleId};

/// When every case begins. The triggers count whole seconds, so every moment of the cases is one.
const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

const ONE: &str = "one@example.com";
const TWO: &str = "two@example.com";
const LEASE: Duration = Duration::from_secs(60);
const EVERYTHING: Clearing = Clearing {
    clear_mapping: true,
    forgotten: None,
    forget_remote: true,
    keep_roles: None,
};

const PUT_USER: &str =
    "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?1, ?2, '2024-01-15')";
const CHANGE_EMAIL: &str = "UPDATE users SET email = ?2 WHERE uuid = ?1";
const DELETE_USER: &str = "DELETE FROM users WHERE uuid = ?1";

/// Makes two tests of each case: on the native engine, and on that and D1 side by side.
macro_rules! store_tests {
    ($($case:ident,)+) => {
        mod on_sqlite {
            use $crate::provisioning::store::tests::StoreTest;
            $(
                #[test]
                fn $case() {
                    super::$case(&StoreTest::on_sqlite());
                }
            )+
        }

        mod mirrored_on_d1 {
            use $crate::provisioning::store::tests::StoreTest;
            $(
                #[test]
                #[ignore = "needs node and the npm packages; npm test runs it"]
                fn $case() {
                    super::$case(&StoreTest::mirrored());
                }
            )+
        }
    };
}
use store_tests;

/// An empty database whose clock stands still but for [`StoreTest::advance`].
struct StoreTest {
    database: Database,
    clock: Rc<Cell<Timestamp>>,
}

impl StoreTest {
    fn on_sqlite() -> Self {
        Self::on(|clock| {
            let clock = Rc::clone(clock);
            Rc::new(Sqlite::new(move || clock.get()))
        })
    }

    fn mirrored() -> Self {
        Self::on(|clock| Rc::new(Mirror::new(clock)))
    }

    fn on(engine: impl Fn(&Rc<Cell<Timestamp>>) -> Rc<dyn Engine>) -> Self {
        let clock = Rc::new(Cell::new(START));
        Self {
            database: Database::new(engine(&clock)),
            clock,
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.get()
    }

    fn advance(&self, time: Duration) {
        self.clock.set(self.now().plus(time));
    }

    /// Runs a statement that is not the store's; tells whether it was accepted.
    fn execute(&self, statement: Statement) -> bool {
        let mut batch = Batch::new();
        batch.execute(statement);
        block_on(self.database.run(batch)).is_ok()
    }

    /// Another service inserts a user, or replaces the one with this id by an `INSERT OR REPLACE`.
    fn put_user(&self, id: &UserId, email: Option<&str>) {
        let args = [id.into(), email.into()];
        assert!(self.execute(Statement::new(PUT_USER, args)));
    }

    fn change_email(&self, id: &UserId, email: Option<&str>) {
        let args = [id.into(), email.into()];
        assert!(self.execute(Statement::new(CHANGE_EMAIL, args)));
    }

    fn delete_user(&self, id: &UserId) {
        assert!(self.execute(Statement::new(DELETE_USER, [id.into()])));
    }

    fn add(&self, user: &str, email: &str) {
        self.put_user(&UserId::new(user), Some(email));
    }

    /// Claims for `token`; tells which users were granted, in order of the requests.
    fn claim_in_order(&self, token: &str, users: &[&str]) -> Vec<String> {
        let requests: Vec<ClaimRequest> = users.iter().map(|user| request(token, user)).collect();
        let claimed = block_on(store::claim(&self.database, &requests, &self.terms(token)));
        let claimed = claimed.unwrap().into_iter();
        claimed.map(|one| one.user.to_string()).collect()
    }

    fn claim_as(&self, token: &str, users: &[&str]) -> Vec<String> {
        let mut users = self.claim_in_order(token, users);
        users.sort();
        users
    }

    /// Claims one user, if it is granted.
    fn try_claim(&self, token: &str, user: &str) -> Option<Claimed> {
        let requests = [request(token, user)];
        let claimed = block_on(store::claim(&self.database, &requests, &self.terms(token)));
        claimed.unwrap().pop()
    }

    /// Claims one user, which must be granted.
    fn claim_one(&self, token: &str, user: &str) -> Claimed {
        self.try_claim(token, user).unwrap()
    }

    /// Takes a user's lease as a reset does; it must be free.
    fn acquire(&self, token: &str, user: &str) {
        let (user, terms) = (UserId::new(user), self.terms(token));
        let acquired = store::acquire_lease(&self.database, &user, &terms);
        block_on(acquired).unwrap().unwrap();
    }

    fn release(&self, holder: &str, user: &str) {
        let (holder, user) = (token(holder), UserId::new(user));
        let released = store::release_lease(&self.database, &holder, &user, None);
        block_on(released).unwrap();
    }

    /// Clears a mapping as a reset does that deletes the account; its lease must be held.
    fn clear_everything(&self, holder: &str, user: &str) {
        let cleared = self.clear(holder, user, &EVERYTHING);
        assert!(cleared.is_some(), "{user}");
    }

    fn clear(&self, holder: &str, user: &str, clearing: &Clearing) -> Option<Cleared> {
        let (id, entry) = (UserId::new(user), self.entry(user, "cleared"));
        let (holder, now) = (token(holder), self.now());
        let cleared = store::clear(&self.database, &holder, &id, clearing, now, &entry);
        block_on(cleared).unwrap()
    }

    /// Saves the role `r1` of an account.
    fn save_roles(&self, holder: &str, user: &str, found: &RemoteAccount) -> Guarded {
        let (id, entry) = (UserId::new(user), self.entry(user, "saved"));
        let (holder, roles) = (token(holder), roles(&["r1"]));
        let saved = store::save_recovery(&self.database, &holder, &id, found, &roles, &entry);
        block_on(saved).unwrap()
    }

    fn terms(&self, holder: &str) -> LeaseTerms {
        LeaseTerms {
            token: token(holder),
            now: self.now(),
            until: self.now().plus(LEASE),
        }
    }

    fn record(&self, holder: &str, user: &str, outcome: Outcome) {
        let ended = [UserOutcome {
            user: UserId::new(user),
            outcome,
            entry: Some(self.entry(user, "settled")),
        }];
        let (holder, now) = (token(holder), self.now());
        let recorded = store::record_outcomes(&self.database, &holder, &ended, now);
        block_on(recorded).unwrap();
    }

    /// Brings a user to its account.
    fn finish(&self, user: &str, account: &str) {
        self.finish_with(user, complete(account));
    }

    /// Takes a user up and ends it with this outcome.
    fn finish_with(&self, user: &str, outcome: Outcome) {
        self.claim_one("finish", user);
        self.record("finish", user, outcome);
    }

    fn set_aside(&self, users: &[&str]) {
        let entries: Vec<Entry> = users.iter().map(|user| self.entry(user, "aside")).collect();
        let users: Vec<UserId> = users.iter().map(|user| UserId::new(*user)).collect();
        let error = "held by another";
        let done = store::set_aside(&self.database, &users, error, self.now(), &entries);
        block_on(done).unwrap();
    }

    fn entry(&self, user: &str, outcome: &str) -> Entry {
        Entry {
            at: self.now(),
            origin: origin(),
            action: Action::Provision,
            subject: user.to_owned(),
            outcome: outcome.to_owned(),
        }
    }

    fn row(&self, user: &str) -> Option<Mapping> {
        let record = block_on(store::load(&self.database, &UserId::new(user)));
        record.unwrap().mapping
    }

    fn mapping(&self, user: &str) -> Mapping {
        self.row(user).unwrap()
    }

    fn state(&self, user: &str) -> Option<State> {
        self.row(user).map(|row| row.state)
    }

    fn recovery(&self, user: &str) -> Option<Recovery> {
        let record = block_on(store::load(&self.database, &UserId::new(user)));
        record.unwrap().recovery
    }

    /// Up to `limit` users that are due now.
    fn due(&self, limit: u32) -> Vec<Candidate> {
        block_on(store::list_due(&self.database, self.now(), limit)).unwrap()
    }

    fn waiting(&self) -> u64 {
        block_on(store::count_waiting(&self.database)).unwrap()
    }
}

fn request(token: &str, user: &str) -> ClaimRequest {
    ClaimRequest {
        user: UserId::new(user),
        password: password(token, user),
    }
}

fn password(token: &str, user: &str) -> Sealed {
    Sealed::from_stored(format!("sealed for {user} by {token}"))
}

fn email(text: &str) -> EmailKey {
    EmailKey::of(text).unwrap()
}

fn token(name: &str) -> LeaseToken {
    LeaseToken(name.to_owned())
}

fn roles(names: &[&str]) -> Vec<RoleId> {
    let role = |name: &&str| RoleId((*name).to_owned());
    names.iter().map(role).collect()
}

fn account(id: &str, email: &str) -> RemoteAccount {
    RemoteAccount {
        id: RemoteId(id.to_owned()),
        email: email.to_owned(),
        roles: Vec::new(),
    }
}

fn complete(account: &str) -> Outcome {
    Outcome::Complete {
        id: RemoteId(account.to_owned()),
    }
}

fn failed(next_attempt_at: Timestamp) -> Outcome {
    Outcome::Failed {
        settled_at: None,
        next_attempt_at,
        error: "it failed".to_owned(),
    }
}

fn quarantined() -> Outcome {
    Outcome::Quarantined {
        error: "taken elsewhere".to_owned(),
    }
}

fn origin() -> Origin {
    Origin::event(Actor::cron(), RequestId::mint(START, &Seeded::new(1)))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
