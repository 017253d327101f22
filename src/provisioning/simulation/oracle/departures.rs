//! What must hold for users that were deleted.

use std::collections::BTreeSet;

use crate::kernel::sealing::Purpose;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::record::{Mapping, State};
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::world::rows::Snapshot;
use crate::threedeye::{RemoteId, RoleId};

/// A user as it was when it was deleted.
pub struct GoneUser {
    pub email: Option<EmailKey>,
    pub mapping: Option<Mapping>,
    pub at: Timestamp,
}

impl Oracle {
    pub fn no_key_outlives_its_user(&mut self, tables: &Snapshot) {
        if tables.stray_keys > 0 {
            let seen = format!("{} key(s) of deleted users are valid", tables.stray_keys);
            self.object("no key outlives its user", seen);
        }
    }

    /// A user may return until its wait is over, unless a person decided otherwise.
    pub fn none_is_removed_early(&mut self, tables: &Snapshot, actor: usize, now: Timestamp) {
        let vanished = self.leaving.iter().find(|(user, left_at)| {
            !tables.users.contains_key(*user)
                && !tables.rows.contains_key(*user)
                && now < left_at.plus(self.removals.wait)
        });
        if let Some((user, _)) = vanished
            && !self.on_purpose.contains(&actor)
            && !self.hurried.contains(user)
        {
            let seen = format!("{user} is forgotten by actor {actor}");
            self.object("no deleted user is removed before the wait is over", seen);
        }
        self.leaving = leaving(tables);
    }

    /// Called when an account has been deleted.
    pub fn was_due(&mut self, tables: &Snapshot, id: &RemoteId, actor: usize, now: Timestamp) {
        let mut rows = tables.rows.iter();
        let Some((user, left_at)) = rows.find_map(|(user, row)| {
            let is_its = row.mapping.threedeye_id.as_ref() == Some(id);
            Some((user, row.left_at?)).filter(|_| is_its)
        }) else {
            return;
        };
        if self.on_purpose.contains(&actor) {
            return;
        }
        if now < left_at.plus(self.removals.wait) && !self.hurried.contains(user) {
            let seen = format!("{} of {user}", id.0);
            self.object("no deleted user is removed before the wait is over", seen);
        }
        if self.listed.contains(user) {
            return;
        }
        let removed = self.removed.entry(actor).or_default();
        *removed += 1;
        if *removed > self.removals.limit {
            let seen = format!("actor {actor} has removed {removed}");
            self.object("a run removes no more accounts than it may", seen);
        }
    }

    /// Called when a user has returned in time and with its e-mail. The password may be sealed anew: an
    /// answer that was under way at the deletion moves it to the current key.
    pub fn nothing_was_lost(&mut self, user: &UserId, gone: &GoneUser, now: Option<&Mapping>) {
        let opened = |sealed: &Sealed| {
            let plain = self.sealer.open(Purpose::ThreedeyePassword, user, sealed);
            plain.map(|plain| plain.expose().to_owned()).ok()
        };
        let keeps = |mapping: &Mapping| {
            let password = mapping.password.as_ref().map(opened);
            let account = (mapping.threedeye_id.clone(), password);
            (mapping.credentials().is_some(), account)
        };
        let before = gone.mapping.as_ref().map(keeps);
        let after = now.map(keeps);
        let had_nothing = before
            .as_ref()
            .is_none_or(|(_, (id, password))| id.is_none() && password.is_none());
        if !had_nothing && before != after {
            let seen = format!("{user} had {:?}, has {now:?}", gone.mapping);
            self.object("a deletion that is undone in time loses nothing", seen);
        }
    }

    /// Roles saved for users that were leaving when last looked at: they go with them.
    pub fn parting_roles(&mut self, tables: &Snapshot) -> BTreeSet<RoleId> {
        let saved = tables.recoveries.iter().filter(|(user, _)| {
            let row = tables.rows.get(*user);
            row.is_some_and(|row| row.mapping.state == State::Leaving)
        });
        let parting = saved.flat_map(|(_, roles)| roles.iter().cloned()).collect();
        std::mem::replace(&mut self.parting, parting)
    }
}

fn leaving(tables: &Snapshot) -> std::collections::BTreeMap<UserId, Timestamp> {
    let rows = tables.rows.iter();
    rows.filter(|(_, row)| row.mapping.state == State::Leaving)
        .filter_map(|(user, row)| Some((user.clone(), row.left_at?)))
        .collect()
}
