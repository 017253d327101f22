//! Looks at the world after every effect, and says what is wrong with it.

mod accounts;
mod departures;
mod judge;
mod lists;
mod orders;
mod proofs;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;

use crate::kernel::sealing::Purpose;
use crate::kernel::{EmailKey, Sealer, Secret, Timestamp, UserId};
use crate::provisioning::backfill::Finished;
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::policy::LEASE;
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::world::rows::Snapshot;
use crate::provisioning::world::{Effect, World};
use crate::testing::simulation::schedule::Violation;
use crate::threedeye::simulated::directory::Account;
use crate::threedeye::{RemoteId, RoleId};

pub use departures::GoneUser;
use lists::ShownList;
use orders::Shown;

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

struct Lease {
    token: String,
    /// The actor who took it.
    holder: usize,
    until: Timestamp,
}

/// What must hold, and what is needed to tell.
pub struct Oracle {
    sealer: Sealer,
    /// Whose password is which, as far as any was ever stored.
    passwords: BTreeMap<String, UserId>,
    /// Sealed passwords that were looked at.
    opened: BTreeMap<String, String>,
    /// Roles that some account held before us or was given since, without
    /// those that were dropped on purpose.
    pub roles: BTreeSet<RoleId>,
    /// Saved roles as they were last seen.
    waiting: BTreeSet<RoleId>,
    /// Accounts that another customer took away.
    pub taken_away: BTreeSet<RemoteId>,
    /// What each actor resets.
    pub resets: BTreeMap<usize, ResetOrder>,
    /// Users whose account support wanted deleted: what they get is support's decision.
    decided: BTreeSet<UserId>,
    /// The e-mails of accounts that were not ours and whose place a user's took.
    taken_over: BTreeMap<UserId, BTreeSet<EmailKey>>,
    /// Users in quarantine as they were last seen.
    quarantined: BTreeSet<UserId>,
    /// Since when there has been a finished user.
    known_since: Option<Timestamp>,
    /// Actors that may delete an account without the wait.
    pub on_purpose: BTreeSet<usize>,
    /// Users whose wait was ended by deleting them on purpose.
    pub hurried: BTreeSet<UserId>,
    /// Users that a list was to reset or to off-board.
    listed: BTreeSet<UserId>,
    /// Lists as they were shown, by the request.
    lists: BTreeMap<String, ShownList>,
    pub removals: RemovalOrder,
    /// Users that were deleted, as they were then.
    pub gone: BTreeMap<UserId, GoneUser>,
    /// Users that were leaving, as they were last seen.
    leaving: BTreeMap<UserId, Timestamp>,
    /// Their saved roles, which go with them.
    parting: BTreeSet<RoleId>,
    /// How many accounts of users that left each actor has deleted.
    removed: BTreeMap<usize, u32>,
    /// Every e-mail that a user ever had.
    emails: BTreeSet<Option<EmailKey>>,
    /// The leases as they were last seen.
    leases: BTreeMap<UserId, Lease>,
    /// The accounts as they were last seen.
    accounts: Vec<Account>,
    deletes_seen: usize,
    /// What actors were shown before they reset.
    shown: BTreeMap<usize, Shown>,
    /// Whether runs were paused when last looked at, and how many there were.
    paused: bool,
    known_runs: u32,
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
            decided: BTreeSet::new(),
            taken_over: BTreeMap::new(),
            quarantined: BTreeSet::new(),
            known_since: None,
            on_purpose: BTreeSet::new(),
            hurried: BTreeSet::new(),
            listed: BTreeSet::new(),
            lists: BTreeMap::new(),
            removals: RemovalOrder {
                limit: 0,
                wait: Duration::ZERO,
            },
            gone: BTreeMap::new(),
            leaving: BTreeMap::new(),
            parting: BTreeSet::new(),
            removed: BTreeMap::new(),
            emails: BTreeSet::new(),
            leases: BTreeMap::new(),
            accounts: Vec::new(),
            deletes_seen: 0,
            shown: BTreeMap::new(),
            paused: false,
            known_runs: 0,
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
        self.no_user_has_two_accounts(&tables, &remote.accounts);
        self.complete_means_open(&tables, &remote.accounts);
        let drops =
            self.resets.get(&actor).copied().filter(|order| {
                !order.preserve_roles && (order.delete_remote || order.clear_mapping)
            });
        self.no_key_outlives_its_user(&tables);
        self.none_is_removed_early(&tables, actor, world.now());
        self.no_role_is_lost(&tables, &remote.accounts, drops.is_some());
        self.no_run_begins_in_a_pause(&tables);
        self.leases_end(&tables, world.now());
        self.leases_are_their_holders(&tables, world.now(), actor);
        self.forget_take_overs(&tables);
        self.no_wrong_list_quarantines(&tables, &remote.accounts, world.now());
        let deleted: Vec<RemoteId> = remote
            .deleted
            .get(self.deletes_seen..)
            .unwrap_or_default()
            .to_vec();
        self.deletes_seen = remote.deleted.len();
        if effect != Effect::Landing {
            let known = std::mem::take(&mut self.accounts);
            let is_known =
                |account: &Account| known.iter().any(|one| one.user.id == account.user.id);
            let created = remote.accounts.iter().filter(|account| {
                account.ours && account.user.id.0.starts_with("new-") && !is_known(account)
            });
            let gone = known
                .iter()
                .filter(|account| deleted.contains(&account.user.id));
            for account in created.chain(gone) {
                self.changed_under_a_lease(account, actor, world.now());
            }
            self.accounts = known;
            for id in deleted {
                self.was_due(&tables, &id, actor, world.now());
                self.was_theirs(&tables, &id);
                self.was_planned(&id, actor);
                self.note_take_over(&tables, &id, actor);
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
    /// to 3dEye under way, which nothing but its lease keeps the second from. So
    /// until a lease has ended none but its holder gives it back, and a holder who
    /// comes too late does not end the lease of the next one.
    fn leases_are_their_holders(&mut self, tables: &Snapshot, now: Timestamp, actor: usize) {
        let leased = tables.rows.iter();
        let leases: BTreeMap<UserId, Lease> = leased
            .filter_map(|(user, row)| {
                let token = row.lease.clone()?;
                let known = self.leases.get(user).filter(|lease| lease.token == token);
                let lease = Lease {
                    holder: known.map_or(actor, |lease| lease.holder),
                    token,
                    until: row.mapping.lease_until,
                };
                Some((user.clone(), lease))
            })
            .collect();
        let ended = self.leases.iter().find(|(user, lease)| {
            let is_kept = leases
                .get(user)
                .is_some_and(|other| other.token == lease.token);
            !is_kept && lease.until > now && lease.holder != actor
        });
        if let Some((user, lease)) = ended {
            let seen = format!(
                "actor {actor} ends the lease that {} has of {user}",
                lease.holder
            );
            self.object("one holder a user", seen);
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
}

/// How long after the last fault the world gets to come to rest.
pub const REST: Duration = Duration::from_secs(60 * 60);
