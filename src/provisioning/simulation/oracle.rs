//! Looks at the world after every effect, and says what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;

use crate::kernel::audit::Action;
use crate::kernel::sealing::Purpose;
use crate::kernel::{EmailKey, Sealer, Secret, Timestamp, UserId};
use crate::provisioning::backfill::Finished;
use crate::provisioning::policy::LEASE;
use crate::provisioning::record::State;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::world::rows::Snapshot;
use crate::provisioning::world::{Effect, LOGIN, World};
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::{RemoteId, RoleId};

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which promise, in a word or two: a shrunk schedule must break the same.
    pub promise: &'static str,
    /// What was seen.
    pub seen: String,
}

/// The seals of one rotation: before it, after it.
pub fn sealer(rotated: bool) -> Sealer {
    let key = |byte| Secret::new(base64::engine::general_purpose::STANDARD.encode([byte; 32]));
    let made = if rotated {
        Sealer::new(&key(6), Some(&key(5)))
    } else {
        Sealer::new(&key(5), None)
    };
    made.unwrap()
}

/// What must hold, and what is needed to tell.
pub struct Oracle {
    sealer: Sealer,
    /// Whose password is which, as far as any was ever stored.
    passwords: BTreeMap<String, UserId>,
    /// Sealed passwords that were looked at.
    opened: BTreeMap<String, String>,
    /// Roles that some account held before us or was given since, and that
    /// nobody has dropped on purpose.
    pub roles: BTreeSet<RoleId>,
    /// Saved roles as they were last seen.
    waiting: BTreeSet<RoleId>,
    /// Accounts that another customer took away.
    pub taken_away: BTreeSet<RemoteId>,
    /// What each actor resets.
    pub resets: BTreeMap<usize, ResetOrder>,
    /// Every e-mail that a user ever had.
    emails: BTreeSet<Option<EmailKey>>,
    /// The leases as they were last seen, and when each ends.
    leases: BTreeMap<UserId, (String, Timestamp)>,
    /// The accounts as they were last seen.
    accounts: Vec<Account>,
    deletes_seen: usize,
    /// Runs that went to their end, with the request that started each.
    pub runs: Vec<(String, Finished)>,
    pub violation: Option<Violation>,
    /// The tables as they were last read, and how many rows had been written by then.
    tables: (Option<u64>, Rc<Snapshot>),
}

impl Oracle {
    pub fn new() -> Self {
        Self {
            sealer: sealer(true),
            passwords: BTreeMap::new(),
            opened: BTreeMap::new(),
            roles: BTreeSet::new(),
            waiting: BTreeSet::new(),
            taken_away: BTreeSet::new(),
            resets: BTreeMap::new(),
            emails: BTreeSet::new(),
            leases: BTreeMap::new(),
            accounts: Vec::new(),
            deletes_seen: 0,
            runs: Vec::new(),
            violation: None,
            tables: Default::default(),
        }
    }

    fn object(&mut self, promise: &'static str, seen: String) {
        self.violation.get_or_insert(Violation { promise, seen });
    }

    /// The tables as they are now.
    pub fn tables(&mut self, world: &World) -> Rc<Snapshot> {
        let written = Some(world.sqlite.total_changes());
        if self.tables.0 != written {
            self.tables = (written, Rc::new(world.rows()));
        }
        Rc::clone(&self.tables.1)
    }

    /// Looks at the world as an actor's effect has left it.
    pub fn look(&mut self, world: &World, actor: usize, effect: Effect) {
        let tables = self.tables(world);
        let remote = world.remote.directory();
        self.learn_passwords(&tables);
        self.emails.extend(tables.users.values().cloned());
        self.every_password_was_stored(&remote.accounts);
        self.nobody_has_two(&tables, &remote.accounts);
        self.complete_means_open(&tables, &remote.accounts);
        let drops =
            self.resets.get(&actor).copied().filter(|order| {
                !order.preserve_roles && (order.delete_remote || order.clear_mapping)
            });
        self.no_role_is_lost(&tables, &remote.accounts, drops.is_some());
        self.leases_end(&tables, world.now());
        self.leases_are_not_taken_over(&tables, world.now());
        let deleted: Vec<RemoteId> = remote
            .deleted
            .get(self.deletes_seen..)
            .unwrap_or_default()
            .to_vec();
        self.deletes_seen = remote.deleted.len();
        if effect != Effect::Landing {
            for id in deleted {
                self.was_theirs(&tables, &id);
            }
        }
        self.accounts.clone_from(&remote.accounts);
    }

    fn leases_end(&mut self, tables: &Snapshot, now: Timestamp) {
        for (user, row) in &tables.rows {
            if row.mapping.lease_until > now.plus(LEASE) {
                let seen = format!("{user} is leased for more than {LEASE:?}");
                self.object("leases end", seen);
            }
        }
    }

    /// The token in every WHERE keeps the rows whole even where two actors hold
    /// a user one after the other too soon. But the first of them may have a call
    /// to 3dEye under way, which nothing but its lease keeps the second from.
    fn leases_are_not_taken_over(&mut self, tables: &Snapshot, now: Timestamp) {
        let mut leases = BTreeMap::new();
        for (user, row) in &tables.rows {
            let Some(token) = &row.lease else {
                continue;
            };
            if let Some((holder, until)) = self.leases.get(user)
                && holder != token
                && *until > now
            {
                let seen = format!("{user} is taken from a holder whose lease has not ended");
                self.object("one holder a user", seen);
            }
            leases.insert(user.clone(), (token.clone(), row.mapping.lease_until));
        }
        self.leases = leases;
    }

    fn learn_passwords(&mut self, tables: &Snapshot) {
        for (user, row) in &tables.rows {
            let Some(sealed) = &row.mapping.password else {
                continue;
            };
            if self.opened.contains_key(sealed.as_str()) {
                continue;
            }
            let opened = self.sealer.open(Purpose::ThreedeyePassword, user, sealed);
            match opened {
                Ok(plain) => {
                    let plain = plain.expose().to_owned();
                    self.opened
                        .insert(sealed.as_str().to_owned(), plain.clone());
                    self.passwords.insert(plain, user.clone());
                }
                Err(cause) => self.object("passwords open", format!("{user}: {cause}")),
            }
        }
    }

    /// Before it was sent, that is: an account of ours may be seen as soon as it is there.
    fn every_password_was_stored(&mut self, accounts: &[Account]) {
        let unknown = accounts.iter().find(|account| {
            account.ours
                && account.user.id.0.starts_with("new-")
                && !self.passwords.contains_key(&account.password)
        });
        if let Some(account) = unknown {
            let seen = format!("{} was created with another", account.user.id.0);
            self.object("a password is stored before the create", seen);
        }
    }

    /// An account whose e-mail is another user's by now is that user's to take over.
    fn nobody_has_two(&mut self, tables: &Snapshot, accounts: &[Account]) {
        let mut seen: BTreeMap<&UserId, &RemoteId> = BTreeMap::new();
        let mut both = None;
        for account in accounts {
            if let Some(user) = self.passwords.get(&account.password)
                && !account
                    .user
                    .email_key()
                    .is_some_and(|email| tables.holder_of(&email, user))
                && let Some(other) = seen.insert(user, &account.user.id)
            {
                both = Some(format!("{user} has {} and {}", other.0, account.user.id.0));
            }
        }
        if let Some(both) = both {
            self.object("one account a user", both);
        }
    }

    fn complete_means_open(&mut self, tables: &Snapshot, accounts: &[Account]) {
        for (user, row) in &tables.rows {
            let Some((id, sealed)) = row.mapping.credentials() else {
                continue;
            };
            if self.taken_away.contains(id) {
                continue;
            }
            let password = self.opened.get(sealed.as_str());
            let account = accounts.iter().find(|a| a.ours && a.user.id == *id);
            let fits = account.is_some_and(|account| {
                Some(&account.password) == password
                    && account.user.email_key() == row.mapping.email_key
            });
            if !fits {
                let seen = format!("{user} is mapped to {}: {account:?}", id.0);
                self.object("a finished user's password opens its account", seen);
                return;
            }
        }
    }

    fn no_role_is_lost(&mut self, tables: &Snapshot, accounts: &[Account], may_drop: bool) {
        let held: BTreeSet<&RoleId> = accounts
            .iter()
            .filter(|account| account.ours)
            .flat_map(|account| &account.user.roles)
            .chain(tables.recoveries.values().flatten())
            .collect();
        // What a reset clears is given up, although a delete that is still under
        // way may not have taken it off the account yet.
        let waiting: BTreeSet<RoleId> = tables.recoveries.values().flatten().cloned().collect();
        if may_drop {
            let cleared = self.waiting.difference(&waiting);
            self.roles
                .retain(|role| !cleared.clone().any(|gone| gone == role));
        }
        self.waiting = waiting;
        let lost: Vec<RoleId> = self
            .roles
            .iter()
            .filter(|role| !held.contains(role))
            .cloned()
            .collect();
        for role in lost {
            self.roles.remove(&role);
            if !may_drop {
                self.object("no role is lost", role.0);
            }
        }
    }

    fn was_theirs(&mut self, tables: &Snapshot, id: &RemoteId) {
        let Some(account) = self.accounts.iter().find(|account| account.user.id == *id) else {
            return;
        };
        let email = account.user.email_key();
        if email == EmailKey::of(LOGIN) {
            self.object("our own login is never deleted", id.0.clone());
            return;
        }
        let mapped_to: Vec<&UserId> = tables
            .rows
            .iter()
            .filter(|(_, row)| {
                row.mapping.threedeye_id.as_ref() == Some(id) && row.mapping.is_recorded()
            })
            .map(|(user, _)| user)
            .collect();
        if mapped_to.is_empty() && !self.emails.contains(&email) {
            self.object("only a user's own account is deleted", id.0.clone());
        }
        let finished = mapped_to.iter().find(|user| {
            let row = tables.rows.get(**user);
            row.is_some_and(|row| row.mapping.credentials().is_some())
        });
        if let Some(user) = finished {
            let seen = format!("{} is the account of {user}, who is done", id.0);
            self.object("no finished user's account is deleted", seen);
        }
    }

    /// Called once the faults are over and the last run has had its turn.
    pub fn judge(&mut self, world: &World) {
        let tables = self.tables(world);
        let remote = world.remote.directory();
        let now = world.now();
        for (user, email) in &tables.users {
            let Some(email) = email else {
                continue;
            };
            let row = tables.rows.get(user);
            let state = row.map(|row| row.mapping.state);
            let taken = |ours: bool| {
                let mut all = remote.accounts.iter();
                all.any(|a| a.ours == ours && a.user.email_key().as_ref() == Some(email))
            };
            let is_login = *email == EmailKey::of(LOGIN).unwrap();
            let settled = match state {
                Some(State::Complete) => true,
                Some(State::Quarantined) => taken(false),
                Some(State::SetAside) => tables.holder_of(email, user),
                // Never replaced, so never done; it tries again for ever.
                Some(State::Pending) => is_login,
                _ => false,
            };
            if !settled {
                let seen = format!(
                    "{} <{}> is {state:?} ({:?})",
                    user,
                    email.as_str(),
                    row.and_then(|row| row.mapping.last_error.clone())
                );
                self.object("everything converges", seen);
            }
        }
        for (user, row) in &tables.rows {
            if row.mapping.lease_until > now {
                self.object("leases end", format!("{user} is still leased"));
            }
            if row.mapping.state == State::Complete && tables.recoveries.contains_key(user) {
                self.object("no role is lost", format!("roles still wait for {user}"));
            }
        }
        for account in remote.accounts.iter().filter(|account| account.ours) {
            let email = account.user.email_key();
            let is_known = tables.rows.values().any(|row| {
                let forgotten = row.mapping.forgotten.as_ref();
                row.mapping.threedeye_id.as_ref() == Some(&account.user.id)
                    || forgotten.is_some_and(|forgotten| Some(&forgotten.email) == email.as_ref())
            });
            if self.passwords.contains_key(&account.password) && !is_known {
                self.object(
                    "no account is left behind",
                    format!("{} <{}>", account.user.id.0, account.user.email),
                );
            }
        }
        let homeless: Vec<RoleId> = self
            .roles
            .iter()
            .filter(|role| {
                let mut all = remote.accounts.iter().filter(|account| account.ours);
                !all.any(|account| account.user.roles.contains(role))
                    // Whoever cannot be done keeps what waits.
                    && !tables.recoveries.iter().any(|(user, roles)| {
                        let row = tables.rows.get(user);
                        roles.contains(role)
                            && row.is_some_and(|row| row.mapping.state != State::Complete)
                    })
            })
            .cloned()
            .collect();
        for role in homeless {
            self.object("no role is lost", role.0);
        }
        drop(remote);
        self.books_balance(world);
    }

    /// What the runs said they did is what the audit trail says was done.
    fn books_balance(&mut self, world: &World) {
        let audit = provisioned(world);
        let mut wrong = Vec::new();
        for (request, run) in &self.runs {
            let tally = &run.tally;
            if tally.total != tally.created + tally.failed + tally.skipped {
                wrong.push(format!("{request}: {tally:?} does not add up"));
            }
            let trail = audit.iter().filter(|(by, _)| by == request);
            let (done, failed): (Vec<_>, Vec<_>) = trail.partition(|(_, outcome)| {
                ["created", "adopted", "replaced", "roles_attached"].contains(&outcome.as_str())
            });
            if done.len() != tally.created as usize {
                let seen = done.len();
                wrong.push(format!(
                    "{request}: {tally:?}, but {seen} in the audit trail"
                ));
            }
            if failed.len() > tally.failed as usize {
                let seen = failed.len();
                wrong.push(format!(
                    "{request}: {tally:?}, but {seen} failures in the trail"
                ));
            }
        }
        for seen in wrong {
            self.object("the ledger adds up", seen);
        }
    }
}

/// How long after the last fault the world gets to come to rest.
pub const REST: Duration = Duration::from_secs(60 * 60);

/// What the audit trail tells of provisioning: by which request, with which outcome.
fn provisioned(world: &World) -> Vec<(String, String)> {
    let select = "SELECT request_id, outcome FROM audit_log WHERE action = ?1 ORDER BY id";
    let action = [Action::Provision.as_str()];
    world
        .sqlite
        .query(select, action, |row| Ok((row.get(0)?, row.get(1)?)))
}
