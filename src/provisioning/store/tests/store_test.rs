//! The store under test, each method as a case calls it.

use super::*;
use crate::provisioning::fanout::silence;
use crate::provisioning::store::{Counted, Leaving, LeavingOutcome};

/// An empty database whose clock stands still but for [`StoreTest::advance`].
pub struct StoreTest {
    pub database: Database,
    pub clock: Rc<Cell<Timestamp>>,
}

impl StoreTest {
    pub fn on_sqlite() -> Self {
        Self::on(|clock| {
            let clock = Rc::clone(clock);
            Rc::new(Sqlite::new(move || clock.get()))
        })
    }

    pub fn mirrored() -> Self {
        Self::on(|clock| Rc::new(Mirror::new(clock)))
    }

    pub fn on(engine: impl Fn(&Rc<Cell<Timestamp>>) -> Rc<dyn Engine>) -> Self {
        let clock = Rc::new(Cell::new(START));
        Self {
            database: Database::new(engine(&clock)),
            clock,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.get()
    }

    pub fn advance(&self, time: Duration) {
        self.clock.set(self.now().plus(time));
    }

    /// Runs a statement that is not the store's; tells whether it was accepted.
    pub fn execute(&self, statement: Statement) -> bool {
        let mut batch = Batch::new();
        batch.execute(statement);
        block_on(self.database.run(batch)).is_ok()
    }

    /// Another service inserts a user, or replaces the one with this id by an `INSERT OR REPLACE`.
    pub fn put_user(&self, id: &str, email: Option<&str>) {
        let args = [id.into(), email.into()];
        assert!(self.execute(Statement::new(PUT_USER, args)));
    }

    pub fn change_email(&self, id: &str, email: Option<&str>) {
        let args = [id.into(), email.into()];
        assert!(self.execute(Statement::new(CHANGE_EMAIL, args)));
    }

    pub fn delete_user(&self, id: &str) {
        assert!(self.execute(Statement::new(DELETE_USER, [id.into()])));
    }

    pub fn add(&self, user: &str, email: &str) {
        self.put_user(user, Some(email));
    }

    pub fn add_each(&self, users: &[(&str, &str)]) {
        for (user, email) in users {
            self.add(user, email);
        }
    }

    /// Claims users for `token`.
    pub fn claim(&self, token: &str, users: &[&str]) -> Vec<Claimed> {
        let requests: Vec<ClaimRequest> = users.iter().map(|user| request(token, user)).collect();
        self.claim_requested(token, &requests)
    }

    pub fn claim_requested(&self, token: &str, requests: &[ClaimRequest]) -> Vec<Claimed> {
        done(store::claim(&self.database, requests, &self.terms(token))).granted
    }

    /// The same; tells which users were granted, in order of the requests.
    pub fn claim_in_order(&self, token: &str, users: &[&str]) -> Vec<String> {
        let claimed = self.claim(token, users).into_iter();
        claimed.map(|one| one.user.to_string()).collect()
    }

    pub fn claim_as(&self, token: &str, users: &[&str]) -> Vec<String> {
        let mut users = self.claim_in_order(token, users);
        users.sort();
        users
    }

    /// Claims one user, if it is granted.
    pub fn try_claim(&self, token: &str, user: &str) -> Option<Claimed> {
        self.claim(token, &[user]).pop()
    }

    /// Claims one user, which must be granted.
    pub fn claim_one(&self, token: &str, user: &str) -> Claimed {
        self.try_claim(token, user).unwrap()
    }

    pub fn try_acquire(&self, holder: &str, user: &str) -> Result<ProvisioningRecord, Busy> {
        let (user, terms) = (UserId::new(user), self.terms(holder));
        done(store::acquire_lease(&self.database, &user, &terms))
    }

    /// Takes a user's lease as a reset does; it must be free.
    pub fn acquire(&self, holder: &str, user: &str) {
        self.try_acquire(holder, user).unwrap();
    }

    pub fn release(&self, holder: &str, user: &str) {
        self.release_unsettled(holder, user, None);
    }

    pub fn release_unsettled(&self, holder: &str, user: &str, settled_at: Option<Timestamp>) {
        let (holder, user) = (token(holder), UserId::new(user));
        done(store::release_lease(
            &self.database,
            &holder,
            &user,
            settled_at,
        ));
    }

    pub fn renew(&self, holder: &str, users: &[&str], until: Timestamp) -> Vec<UserId> {
        let (holder, users) = (token(holder), ids(users));
        done(store::renew_leases(&self.database, &holder, &users, until))
    }

    pub fn replace_intent(&self, holder: &str, user: &str, address: &str, new: &Sealed) -> Guarded {
        let (holder, user, email) = (token(holder), UserId::new(user), email(address));
        let (database, now) = (&self.database, self.now());
        done(store::replace_intent(
            database, &holder, &user, &email, new, now,
        ))
    }

    pub fn reseal(&self, user: &str, old: &Sealed, new: &Sealed) {
        done(store::reseal(&self.database, &UserId::new(user), old, new));
    }

    /// Clears a mapping as a reset does that deletes the account; its lease must be held.
    pub fn clear_everything(&self, holder: &str, user: &str) {
        let cleared = self.clear(holder, user, &EVERYTHING);
        assert!(cleared.is_some(), "{user}");
    }

    pub fn clear(&self, holder: &str, user: &str, clearing: &Clearing) -> Option<Cleared> {
        let (id, entry) = (UserId::new(user), self.entry(user, "cleared"));
        let (holder, now) = (token(holder), self.now());
        let database = &self.database;
        done(store::clear(database, &holder, &id, clearing, now, &entry))
    }

    /// Saves the roles of an account, that is `r1`.
    pub fn save_roles(&self, holder: &str, user: &str, found: &RemoteAccount) -> Guarded {
        self.save(holder, user, found, &roles(&["r1"]))
    }

    pub fn save(
        &self,
        holder: &str,
        user: &str,
        found: &RemoteAccount,
        roles: &[RoleId],
    ) -> Guarded {
        let (id, entry) = (UserId::new(user), self.entry(user, "saved"));
        let (database, holder) = (&self.database, token(holder));
        let replacement = store::Replacement {
            account: found,
            roles,
            taken_over: None,
        };
        done(store::save_recovery(
            database,
            &holder,
            &id,
            replacement,
            &entry,
        ))
    }

    pub fn begin_removal(
        &self,
        holder: &str,
        user: &str,
        accounts: &[RemoteAccount],
        keep_roles: Option<&[RoleId]>,
    ) -> bool {
        let (id, entry) = (UserId::new(user), self.entry(user, "removing"));
        let (database, holder) = (&self.database, token(holder));
        let accounts: Vec<&RemoteAccount> = accounts.iter().collect();
        done(store::begin_removal(
            database, &holder, &id, &accounts, keep_roles, &entry,
        ))
    }

    pub fn accounts_of_others(&self, user: &str, accounts: &[RemoteAccount]) -> Vec<RemoteId> {
        let accounts: Vec<&RemoteAccount> = accounts.iter().collect();
        let (database, user) = (&self.database, UserId::new(user));
        done(store::accounts_of_others(database, &user, &accounts))
    }

    pub fn terms(&self, holder: &str) -> LeaseTerms {
        LeaseTerms {
            token: token(holder),
            now: self.now(),
            until: self.now().plus(LEASE),
        }
    }

    pub fn opening(&self, run: &str, limit: u32) -> RunOpening {
        RunOpening {
            run_id: run.to_owned(),
            trigger: Trigger::Cron,
            origin: origin(),
            limit,
            started_at: self.now(),
        }
    }

    /// Opens a run, as of now.
    pub fn try_open_run(&self, opening: &RunOpening) -> Result<OpenedRun, DatabaseError> {
        let (now, leavings) = (self.now(), self.leavings(9));
        let opened = block_on(store::open_run(
            &self.database,
            opening,
            now,
            leavings,
            silence(now),
        ));
        opened.map(Option::unwrap)
    }

    /// Those that left and have waited for [`WAIT`].
    pub fn leavings(&self, limit: u32) -> DueLeavings {
        DueLeavings {
            since: self.now().minus(WAIT),
            now: self.now(),
            limit,
        }
    }

    pub fn record(&self, holder: &str, user: &str, outcome: Outcome) {
        self.record_all(holder, [(user, outcome)]);
    }

    /// Tells whose outcome was not written.
    pub fn record_all<'u>(
        &self,
        holder: &str,
        ended: impl IntoIterator<Item = (&'u str, Outcome)>,
    ) -> Vec<UserId> {
        let ended: Vec<UserOutcome> = ended
            .into_iter()
            .map(|(user, outcome)| UserOutcome {
                user: UserId::new(user),
                outcome,
                entry: Some(self.entry(user, "settled")),
                counted: Some(Counted {
                    name: "created",
                    detail: "",
                }),
                waited: None,
            })
            .collect();
        let (database, holder) = (&self.database, token(holder));
        done(store::record_outcomes(
            database,
            &holder,
            &ended,
            self.now(),
        ))
    }

    /// Brings a user to its account.
    pub fn finish(&self, user: &str, account: &str) {
        self.finish_with(user, complete(account));
    }

    /// Takes a user up and ends it with this outcome.
    pub fn finish_with(&self, user: &str, outcome: Outcome) {
        self.claim_one("finish", user);
        self.record("finish", user, outcome);
    }

    pub fn set_aside(&self, users: &[&str]) {
        let entries: Vec<Entry> = users.iter().map(|user| self.entry(user, "aside")).collect();
        let (users, now) = (ids(users), self.now());
        done(store::set_aside(&self.database, &users, now, &entries));
    }

    pub fn entry(&self, user: &str, outcome: &str) -> Entry {
        Entry {
            at: self.now(),
            origin: origin(),
            action: Action::Provision,
            subject: user.to_owned(),
            outcome: outcome.to_owned(),
        }
    }

    pub fn load(&self, user: &str) -> ProvisioningRecord {
        done(store::load(&self.database, &UserId::new(user)))
    }

    pub fn row(&self, user: &str) -> Option<Mapping> {
        self.load(user).mapping
    }

    pub fn mapping(&self, user: &str) -> Mapping {
        self.row(user).unwrap()
    }

    pub fn state(&self, user: &str) -> Option<State> {
        self.row(user).map(|row| row.state)
    }

    pub fn recovery(&self, user: &str) -> Option<Recovery> {
        self.load(user).recovery
    }

    /// Up to `limit` users that are due now.
    pub fn due(&self, limit: u32) -> Vec<Candidate> {
        done(store::list_due(&self.database, self.now(), limit))
    }

    pub fn waiting(&self) -> u64 {
        done(store::count_waiting(&self.database))
    }

    pub fn lease_leaving(&self, holder: &str, users: &[&str]) -> Vec<Leaving> {
        let (users, terms) = (ids(users), self.terms(holder));
        done(store::lease_leaving(&self.database, &users, &terms))
    }

    pub fn conclude(&self, holder: &str, user: &str, outcome: &LeavingOutcome) -> bool {
        let (id, entry) = (UserId::new(user), self.entry(user, "concluded"));
        let (database, holder) = (&self.database, token(holder));
        done(store::conclude_leaving(
            database, &holder, &id, outcome, &entry,
        ))
    }

    pub fn begin_leaving_removal(&self, holder: &str, user: &str, found: &RemoteAccount) -> bool {
        let (id, entry) = (UserId::new(user), self.entry(user, "removing"));
        let (database, holder) = (&self.database, token(holder));
        let saved = roles(&["r1"]);
        done(store::begin_leaving_removal(
            database,
            &holder,
            &id,
            &[found],
            &saved,
            &entry,
        ))
    }
}
