//! What must hold at the end.

use std::collections::BTreeMap;

use crate::kernel::audit::Action;
use crate::provisioning::Failure;
use crate::provisioning::record::State;
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::simulation::oracle::proofs::is_protected;
use crate::provisioning::world::World;
use crate::threedeye::RoleId;

impl Oracle {
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
            let settled = match state {
                Some(State::Complete) => true,
                Some(State::Quarantined) => taken(false),
                Some(State::SetAside) => tables.holder_of(email, user),
                // Never replaced, so never done; it tries again for ever.
                Some(State::Pending) => is_protected(email) && taken(true),
                // The user is back under its id, but with another e-mail: a person decides what
                // becomes of the account before.
                Some(State::LeftInPlace) => row.is_some_and(|row| {
                    let forgotten = row.mapping.forgotten.as_ref();
                    let mut emails = row.mapping.email_key.iter();
                    emails.any(is_protected)
                        || forgotten.is_some_and(|account| is_protected(&account.email))
                }),
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
            let is_kept = email.as_ref().is_some_and(is_protected);
            if self.passwords.contains_key(&account.password) && !is_known && !is_kept {
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
                    // The roles of a user who is not provisioned yet are saved.
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
        self.plans_were_done_once(world);
        self.lists_were_done_as_shown(world);
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
        self.charts_tell_what_the_trail_tells(&audit, world);
    }

    /// However writes were lost or repeated, each row of the trail was counted once, and nothing else was.
    fn charts_tell_what_the_trail_tells(&mut self, audit: &[(String, String)], world: &World) {
        let mut told: BTreeMap<&str, u32> = BTreeMap::new();
        for (_, outcome) in audit {
            let name = match outcome.as_str() {
                done @ ("created" | "adopted" | "replaced" | "roles_attached") => done,
                text if text == Failure::Duplicate.to_string() => "set_aside",
                text if text == Failure::Orphan.to_string() || text.contains("spelling") => {
                    "quarantined"
                }
                _ => "failed",
            };
            *told.entry(name).or_default() += 1;
        }
        let select = "SELECT name, sum(value) FROM daily_counts WHERE name NOT IN ('time', 'users', 'complete')
                      GROUP BY name";
        let counted: Vec<(String, u32)> = world
            .sqlite
            .query(select, [], |row| Ok((row.get(0)?, row.get(1)?)));
        let told: Vec<(String, u32)> = told
            .into_iter()
            .map(|(name, count)| (name.to_owned(), count))
            .collect();
        if counted != told {
            let seen = format!("counted {counted:?}, in the trail {told:?}");
            self.object("charts tell what the trail tells", seen);
        }
    }
}

/// What the audit trail tells of provisioning: by which request, with which outcome.
fn provisioned(world: &World) -> Vec<(String, String)> {
    let select = "SELECT request_id, outcome FROM audit_log WHERE action = ?1 ORDER BY id";
    let action = [Action::Provision.as_str()];
    world
        .sqlite
        .query(select, action, |row| Ok((row.get(0)?, row.get(1)?)))
}
