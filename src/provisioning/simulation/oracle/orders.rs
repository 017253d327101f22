//! What must hold of that which people order.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::UserId;
use crate::provisioning::reset::PlannedDelete;
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::world::World;
use crate::provisioning::world::rows::Snapshot;
use crate::threedeye::{RemoteId, RoleId};

/// What an actor was shown before it resets.
pub struct Shown {
    request: String,
    /// The accounts that would be deleted, with their roles.
    deletes: BTreeMap<RemoteId, BTreeSet<RoleId>>,
}

impl Oracle {
    /// Support wants the account of this user deleted.
    pub fn decides(&mut self, user: &UserId) {
        self.decided.insert(user.clone());
    }

    pub fn was_shown(&mut self, actor: usize, request: &str, deletes: &[PlannedDelete]) {
        let deletes = deletes.iter().map(|planned| {
            let roles = planned.roles.iter().cloned().collect();
            (planned.id.clone(), roles)
        });
        let shown = Shown {
            request: request.to_owned(),
            deletes: deletes.collect(),
        };
        self.shown.insert(actor, shown);
    }

    /// An actor has deleted this account.
    pub fn was_planned(&mut self, id: &RemoteId, actor: usize) {
        let Some(shown) = self.shown.get(&actor) else {
            return;
        };
        let account = self.accounts.iter().find(|account| account.user.id == *id);
        let held = account.map(|account| account.user.roles.iter().cloned().collect());
        if shown.deletes.get(id) != held.as_ref() {
            let seen = format!(
                "actor {actor} deletes {} with {held:?}, was shown {:?}",
                id.0, shown.deletes
            );
            self.object("what is done is what was shown", seen);
        }
    }

    /// Called at the end.
    pub fn plans_were_done_once(&mut self, world: &World) {
        let count =
            "SELECT count(*) FROM audit_log WHERE action = 'threedeye.reset' AND request_id = ?1";
        let requests: Vec<String> = self.shown.values().map(|one| one.request.clone()).collect();
        for request in requests {
            let done: Vec<u32> = world.sqlite.query(count, [&request], |row| row.get(0));
            if done.iter().any(|done| *done > 1) {
                self.object("a plan is done once", format!("{request}: {done:?}"));
            }
        }
    }

    /// Called when a run was stopped.
    pub fn holds_no_user(&mut self, world: &World, run: &str) {
        let held = "SELECT q.user_id FROM provisioning_queue q
            JOIN provisioning_runs r ON r.run_id = ?1 AND r.hold_until = q.due_at
            WHERE r.status <> 'running'";
        let held: Vec<String> = world.sqlite.query(held, [run], |row| row.get(0));
        let open =
            "SELECT count(*) FROM provisioning_runs WHERE run_id = ?1 AND status = 'running'";
        let open: Vec<u32> = world.sqlite.query(open, [run], |row| row.get(0));
        if !held.is_empty() || open != [0] {
            let seen = format!("{run} holds {held:?}, open {open:?}");
            self.object("a stopped run has ended and holds no user", seen);
        }
    }

    /// While runs are paused none begins.
    pub fn no_run_begins_in_a_pause(&mut self, tables: &Snapshot) {
        if tables.paused && self.paused && tables.runs > self.known_runs {
            let seen = format!("{} runs, then {}", self.known_runs, tables.runs);
            self.object("no run begins while they are paused", seen);
        }
        (self.paused, self.known_runs) = (tables.paused, tables.runs);
    }
}
