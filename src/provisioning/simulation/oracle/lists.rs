//! What must hold of lists, at the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::kernel::UserId;
use crate::kernel::audit::Action;
use crate::provisioning::bulk::{Act, BulkOrder, PlannedUser};
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::world::World;

/// A list as it was shown.
pub struct ShownList {
    act: Act,
    /// Whether each account that is deleted was to be shown.
    shows_accounts: bool,
    /// Those who were not refused, each with the accounts that would be deleted.
    users: BTreeMap<UserId, BTreeSet<String>>,
}

/// How often something was done to a user.
#[derive(Default)]
struct Done {
    resets: u32,
    deletions: u32,
    /// What was told before accounts were deleted.
    accounts: Vec<String>,
}

impl Oracle {
    /// An administrator has seen what a list would do.
    pub fn list_was_shown(&mut self, request: &str, order: &BulkOrder, seen: &[PlannedUser]) {
        let ready = seen.iter().filter_map(|planned| {
            let ready = planned.verdict.as_ref().ok()?;
            let deletes = ready.deletes.iter().map(|id| id.0.clone());
            Some((planned.user.clone()?, deletes.collect()))
        });
        let users: BTreeMap<UserId, BTreeSet<String>> = ready.collect();
        for user in users.keys() {
            if order.act != Act::Provision {
                self.hurried.insert(user.clone());
                self.listed.insert(user.clone());
            }
            if order.act == Act::Reset && order.reset.delete_remote {
                self.decides(user);
            }
        }
        let shown = ShownList {
            act: order.act,
            // The own account of a user that leaves may have been invisible; what provisioning replaces after a
            // reset is not looked for.
            shows_accounts: match order.act {
                Act::Reset => !order.reset.reprovision,
                Act::Provision => true,
                Act::Offboard => false,
            },
            users,
        };
        self.lists.insert(request.to_owned(), shown);
    }

    /// Called at the end.
    pub fn lists_were_done_as_shown(&mut self, world: &World) {
        let lists = std::mem::take(&mut self.lists);
        for (request, shown) in &lists {
            let runs: Vec<(String, String, u32)> = world.sqlite.query(
                "SELECT run_id, status, created FROM provisioning_runs
                 WHERE request_id = ?1 AND bulk IS NOT NULL",
                [request],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            );
            if runs.len() > 1 {
                self.object("a plan is done once", format!("{request}: {runs:?}"));
            }
            let mut done = done(world, request);
            if let Some(user) = done.keys().find(|user| !shown.users.contains_key(*user)) {
                let seen = format!("{request}: {user}");
                self.object("a list changes none but those it was shown to change", seen);
            }
            for (run, status, created) in &runs {
                if status == "running" {
                    self.object("every list ends", run.clone());
                }
                let users: Vec<(String, String)> = world.sqlite.query(
                    "SELECT user_id, state FROM provisioning_bulk_users
                     WHERE run_id = ?1 AND user_id IS NOT NULL",
                    [run],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                );
                let count = users.iter().filter(|(_, state)| state == "done").count();
                if count != *created as usize {
                    let seen = format!("{run}: {created} done, but {users:?}");
                    self.object("the ledger adds up", seen);
                }
                for (user, state) in users {
                    let done = done.remove(&UserId::new(&*user)).unwrap_or_default();
                    let seen = format!(
                        "{run}: {user} is {state}; {} resets, {} deletions",
                        done.resets, done.deletions
                    );
                    self.was_done_as_told(shown, &user, &state, &done, seen);
                }
            }
        }
        self.lists = lists;
    }

    fn was_done_as_told(
        &mut self,
        shown: &ShownList,
        user: &str,
        state: &str,
        done: &Done,
        seen: String,
    ) {
        if done.resets > 1 || done.deletions > 1 {
            self.object("a list does no user twice", seen.clone());
        }
        let times = match shown.act {
            Act::Reset => Some(done.resets),
            Act::Offboard => Some(done.deletions),
            Act::Provision => None,
        };
        match (state, times) {
            ("done", Some(1) | None) | ("refused" | "skipped", Some(0) | None) | ("failed", _) => {}
            _ => self.object("what a list tells of a user is what was done", seen),
        }
        let named = shown.users.get(&UserId::new(user));
        let is_shown = |account: &String| named.is_some_and(|named| named.contains(account));
        if let Some(account) = done.accounts.iter().find(|account| !is_shown(account))
            && shown.shows_accounts
        {
            let seen = format!("{user}: {account}");
            self.object("a list deletes the accounts that it was shown to", seen);
        }
    }
}

/// What the trail tells of a request, by its users.
fn done(world: &World, request: &str) -> BTreeMap<UserId, Done> {
    let trail: Vec<(String, String, String)> = world.sqlite.query(
        "SELECT subject, action, outcome FROM audit_log WHERE request_id = ?1",
        [request],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    );
    let mut users: BTreeMap<UserId, Done> = BTreeMap::new();
    for (subject, action, outcome) in trail {
        let done = users.entry(UserId::new(subject)).or_default();
        match action {
            action if action == Action::Reset.as_str() => done.resets += 1,
            action if action == Action::DeleteUser.as_str() => done.deletions += 1,
            action if action == Action::DeleteAccount.as_str() => {
                let ids = outcome.trim_start_matches("about to delete ").split(", ");
                done.accounts.extend(ids.map(str::to_owned));
            }
            _ => {}
        }
    }
    users
}
