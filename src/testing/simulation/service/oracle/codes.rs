//! Codes of the second factor: each counts once, there are ten backup codes at most, and a lock holds.

use crate::account::Lock;
use crate::account::backup_code::BACKUP_CODES;
use crate::account::lockout::MAX_CONSECUTIVE_FAILURES;
use crate::kernel::Timestamp;
use crate::kernel::audit::Action;
use crate::testing::simulation::service::oracle::Oracle;
use crate::testing::simulation::service::rows::{Factor, Snapshot};

impl Oracle {
    pub fn codes_count_once(&mut self, before: &Snapshot) {
        let mut wrong = Vec::new();
        for (user, old, new) in kept(before, &self.tables) {
            if old.secret.is_some() && new.secret == old.secret && new.last_step < old.last_step {
                wrong.push((
                    "a code is accepted once",
                    format!("{user} went back a step"),
                ));
            }
        }
        for (code, used_by) in &before.backup_codes {
            let is_kept = self.tables.backup_codes.get(code);
            if used_by.is_some() && is_kept.is_some_and(|other| other != used_by) {
                wrong.push((
                    "a code is accepted once",
                    format!("one of {} again", code.0),
                ));
            }
        }
        for user in self.tables.emails.keys() {
            let codes = self.tables.backup_codes.keys();
            let count = codes.filter(|(owner, _)| owner == user).count();
            if count > BACKUP_CODES {
                wrong.push(("ten codes, never more", format!("{user} has {count}")));
            }
        }
        for (promise, seen) in wrong {
            self.object(promise, seen);
        }
    }

    /// Whose second factor, or whose backup codes, are others now needed a proof.
    pub fn replacements_need_a_proof(&mut self, before: &Snapshot, actor: usize) {
        let mut factors = kept(before, &self.tables);
        let is_replaced = factors.any(|(_, old, new)| {
            old.secret.is_some() && new.secret.is_some() && old.secret != new.secret
        });
        let after = &self.tables.backup_codes;
        let mut codes = before.backup_codes.keys();
        let are_codes_replaced = codes.any(|(user, hash)| {
            !after.contains_key(&(user.clone(), hash.clone()))
                && after.keys().any(|(owner, _)| owner == user)
        });
        if is_replaced || are_codes_replaced {
            self.needed_proof.insert(actor);
        }
    }

    /// What a lock is in force for is neither accepted nor counted, until support clears it.
    pub fn locks_hold(&mut self, before: &Snapshot, trail: &[(String, String)], now: Timestamp) {
        let mut broken = Vec::new();
        let unlock = Action::UnlockTwoFactor.as_str();
        let is_unlocked = |user: &String| {
            let mut rows = trail.iter();
            rows.any(|(action, subject)| action == unlock && subject == user)
        };
        for (user, old, new) in kept(before, &self.tables) {
            if is_unlocked(user) {
                continue;
            }
            let is_same = old.secret == new.secret;
            if is_locked(old.totp, now)
                && (!is_same || new.last_step != old.last_step || new.totp != old.totp)
            {
                broken.push(format!("{user}: {old:?} became {new:?}"));
            }
            let mut codes = before.backup_codes.iter().filter(|(code, used_by)| {
                let used_now = self.tables.backup_codes.get(code);
                code.0 == *user && used_by.is_none() && matches!(used_now, Some(Some(_)))
            });
            if is_locked(old.backup, now)
                && is_same
                && (new.backup != old.backup || codes.next().is_some())
            {
                broken.push(format!("{user}'s backup codes: {old:?} became {new:?}"));
            }
        }
        for seen in broken {
            self.object("a lock holds", seen);
        }
    }
}

/// The second factors that there were and still are.
fn kept<'a>(
    before: &'a Snapshot,
    after: &'a Snapshot,
) -> impl Iterator<Item = (&'a String, &'a Factor, &'a Factor)> {
    let all = before.factors.iter();
    all.filter_map(|(user, old)| Some((user, old, after.factors.get(user)?)))
}

fn is_locked(lock: Lock, now: Timestamp) -> bool {
    lock.until > now || lock.failures >= MAX_CONSECUTIVE_FAILURES
}
