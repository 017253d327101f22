//! Every change has its audit row and its notices, and none is without its change.

use crate::account::lockout::FAILURES_BEFORE_LOCK;
use crate::account::notice::MAX_UNDELIVERED_PER_USER;
use crate::account::{Lock, NoticeKind};
use crate::kernel::audit::Action;
use crate::testing::simulation::service::oracle::Oracle;
use crate::testing::simulation::service::rows::{Factor, Snapshot};

/// Either lock of a second factor.
const LOCKS: [fn(&Factor) -> Lock; 2] = [|factor| factor.totp, |factor| factor.backup];

/// Actions, or kinds of notices, with their subjects.
type Named = Vec<(String, String)>;

impl Oracle {
    pub fn changes_are_in_the_trail(&mut self, before: &Snapshot, trail: &Named) {
        let mut changes = self.changes(before, trail);
        let mut told: Named = trail.clone();
        // Codes that are gone show no use, also the one by which they went.
        let did = |action: Action, user: &String| {
            trail.contains(&(action.as_str().to_owned(), user.clone()))
        };
        let is_seen = |(action, user): &(String, String)| {
            action != Action::UseBackupCode.as_str()
                || !did(Action::DisableTwoFactor, user) && !did(Action::GenerateBackupCodes, user)
        };
        told.retain(is_seen);
        changes.sort();
        told.sort();
        if changes != told {
            let seen = format!("changed: {changes:?}; in the trail: {told:?}");
            self.object("every change has its audit row", seen);
        }
    }

    /// What differs from before, as actions with their subjects.
    fn changes(&self, before: &Snapshot, trail: &Named) -> Named {
        let mut changes = Named::new();
        let mut changed = |action: Action, subject: &str| {
            changes.push((action.as_str().to_owned(), subject.to_owned()));
        };
        let after = &self.tables;
        for user in after.emails.keys() {
            let (old, new) = (before.factors.get(user), after.factors.get(user));
            let secret_before = old.and_then(|factor| factor.secret.as_ref());
            let secret = new.and_then(|factor| factor.secret.as_ref());
            if secret != secret_before {
                match secret {
                    Some(_) => changed(Action::EnableTwoFactor, user),
                    None => changed(Action::DisableTwoFactor, user),
                }
            }
            let pending = new.and_then(|factor| factor.pending.as_ref());
            if pending.is_some() && pending != old.and_then(|factor| factor.pending.as_ref()) {
                changed(Action::StartTwoFactor, user);
            }
            for lock in LOCKS {
                let failures = old.map_or(0, |factor| lock(factor).failures);
                let is_locked = new.is_some_and(|factor| {
                    let now = lock(factor).failures;
                    now > failures && now >= FAILURES_BEFORE_LOCK
                });
                if is_locked {
                    changed(Action::LockTwoFactor, user);
                }
            }
            let unlock = Action::UnlockTwoFactor.as_str().to_owned();
            let had_failures = old.is_some_and(|factor| factor.has_failures());
            let is_clear = new.is_some_and(|factor| !factor.has_failures());
            if had_failures && is_clear && trail.contains(&(unlock, user.clone())) {
                changed(Action::UnlockTwoFactor, user);
            }
            let is_confirmed = {
                let confirm = Action::ConfirmEmailChange.as_str().to_owned();
                trail.contains(&(confirm, user.clone()))
            };
            let (asked, asks) = (
                before.pending_emails.get(user),
                after.pending_emails.get(user),
            );
            let is_cleared = asked.is_some() && asks.is_none();
            if after.emails.get(user) != before.emails.get(user) || is_cleared && is_confirmed {
                changed(Action::ConfirmEmailChange, user);
            } else if is_cleared {
                changed(Action::CancelEmailChange, user);
            } else if asks.is_some() && asks != asked {
                changed(Action::RequestEmailChange, user);
            }
            let mut codes = after
                .backup_codes
                .iter()
                .filter(|(code, _)| code.0 == *user);
            if codes.any(|(code, _)| !before.backup_codes.contains_key(code)) {
                changed(Action::GenerateBackupCodes, user);
            }
        }
        for ((user, _), _) in after.backup_codes.iter().filter(|(code, used_by)| {
            used_by.is_some() && before.backup_codes.get(code) == Some(&None)
        }) {
            changed(Action::UseBackupCode, user);
        }
        for (user, key) in &after.keys {
            if before.keys.get(user) != Some(key) {
                changed(Action::ResetUserKey, user);
            }
        }
        changes
    }

    pub fn changes_have_their_notices(&mut self, before: &Snapshot, trail: &Named) {
        let mut due = Named::new();
        for (action, user) in trail {
            let kinds = kinds_of(action).iter();
            due.extend(kinds.map(|kind| (kind.as_str().to_owned(), user.clone())));
        }
        for (user, new) in &self.tables.factors {
            let old = before.factors.get(user);
            for lock in LOCKS {
                let failures = old.map_or(0, |factor| lock(factor).failures);
                if failures < FAILURES_BEFORE_LOCK && lock(new).failures == FAILURES_BEFORE_LOCK {
                    let kind = NoticeKind::TwoFactorLocked;
                    due.push((kind.as_str().to_owned(), user.clone()));
                }
            }
        }
        let mut written = Named::new();
        for (id, notice) in &self.tables.notices {
            if !before.notices.contains_key(id) {
                written.push((notice.kind.clone(), notice.user.clone()));
            }
            self.notices.insert(id.clone(), notice.clone());
        }
        // Where a user has too many, the oldest are dropped, and may be those that were just written.
        let is_full = |user: &String| {
            let of_user = self.tables.notices.values().filter(|row| row.user == *user);
            of_user.count() >= MAX_UNDELIVERED_PER_USER
        };
        due.retain(|(_, user)| !is_full(user));
        written.retain(|(_, user)| !is_full(user));
        due.sort();
        written.sort();
        if due != written {
            let seen = format!("due: {due:?}; written: {written:?}");
            self.object(
                "a change has its notices, and no notice is without one",
                seen,
            );
        }
    }
}

/// The notices of a change.
fn kinds_of(action: &str) -> &'static [NoticeKind] {
    let kinds: [(Action, &[NoticeKind]); 7] = [
        (Action::EnableTwoFactor, &[NoticeKind::TwoFactorEnabled]),
        (Action::DisableTwoFactor, &[NoticeKind::TwoFactorDisabled]),
        (Action::UnlockTwoFactor, &[NoticeKind::TwoFactorUnlocked]),
        (
            Action::GenerateBackupCodes,
            &[NoticeKind::BackupCodesCreated],
        ),
        (Action::UseBackupCode, &[NoticeKind::BackupCodeUsed]),
        (Action::ConfirmEmailChange, &[NoticeKind::EmailChanged]),
        (
            Action::RequestEmailChange,
            &[
                NoticeKind::EmailChangeRequested,
                NoticeKind::EmailChangeVerification,
            ],
        ),
    ];
    let of_action = kinds
        .into_iter()
        .find(|(other, _)| other.as_str() == action);
    of_action.map_or(&[], |(_, kinds)| kinds)
}
