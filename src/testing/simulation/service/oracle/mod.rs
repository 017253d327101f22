//! Looks at the tables after every effect and at every answer, and says what is wrong.

mod changes;
mod codes;
mod judge;
mod notices;

use std::collections::{BTreeMap, BTreeSet};

use crate::db::sqlite::Sqlite;
use crate::kernel::audit::Action;
use crate::kernel::{EmailKey, Timestamp};
use crate::testing::simulation::schedule::Violation;
use crate::testing::simulation::service::known::{Proof, ProofKind};
use crate::testing::simulation::service::rows::{NoticeRow, Snapshot};

/// What must hold, and what is needed to tell.
#[derive(Default)]
pub struct Oracle {
    /// The tables as they were last seen, and how many rows had been written by then.
    tables: Snapshot,
    written: Option<u64>,
    /// Changes that each actor has brought about and that no answer has told of yet.
    untold: BTreeMap<(usize, &'static str), u32>,
    /// The steps of a secret whose codes were accepted.
    accepted_steps: BTreeMap<String, BTreeSet<i64>>,
    accepted_backup_codes: BTreeSet<String>,
    /// Actors that have replaced a second factor or backup codes, for which they needed a proof.
    needed_proof: BTreeSet<usize>,
    /// All notices that ever were in the outbox.
    notices: BTreeMap<String, NoticeRow>,
    /// The actor whose claim of a notice was the last one.
    claimed_by: BTreeMap<String, usize>,
    /// The body of each notice that has arrived.
    arrived: BTreeMap<String, Vec<u8>>,
    /// Notices that the receiver has acknowledged.
    acknowledged: BTreeSet<String>,
    /// The hash of the user key that each actor presents.
    pub presented: BTreeMap<usize, String>,
    /// Hashes of user keys that were replaced.
    replaced: BTreeSet<String>,
    pub violation: Option<Violation>,
}

impl Oracle {
    pub fn object(&mut self, promise: &'static str, seen: String) {
        self.violation.get_or_insert(Violation { promise, seen });
    }

    /// Takes the tables as they are for a beginning.
    pub fn begin(&mut self, sqlite: &Sqlite) {
        self.tables = Snapshot::of(sqlite);
        self.written = Some(sqlite.total_changes());
        self.notices.clone_from(&self.tables.notices);
    }

    /// Looks at the tables as an actor's effect has left them.
    pub fn look(&mut self, sqlite: &Sqlite, actor: usize, now: Timestamp) {
        let written = Some(sqlite.total_changes());
        if self.written == written {
            return;
        }
        self.written = written;
        let tables = Snapshot::of(sqlite);
        let before = std::mem::replace(&mut self.tables, tables);
        let new_rows = self.tables.trail.iter().skip(before.trail.len());
        let trail: Vec<(String, String)> = new_rows.cloned().collect();
        self.changes_are_in_the_trail(&before, &trail);
        self.changes_have_their_notices(&before, &trail);
        self.codes_count_once(&before);
        self.locks_hold(&before, &trail, now);
        self.replacements_need_a_proof(&before, actor);
        self.notices_have_one_round(&before, actor, now);
        self.notices_stay_until_delivered(&before, &trail, now);
        self.replaced_keys_are_dead(&before, actor);
        self.emails_have_one_user();
        for (action, _) in trail {
            if let Some(action) = TOLD.iter().find(|told| told.as_str() == action) {
                *self.untold.entry((actor, action.as_str())).or_default() += 1;
            }
        }
    }

    /// Whether an actor has brought about a change that it was not told of yet, which it is now.
    pub fn has_done(&mut self, actor: usize, action: Action) -> bool {
        let untold = self.untold.entry((actor, action.as_str())).or_default();
        let left = untold.checked_sub(1);
        *untold = left.unwrap_or_default();
        left.is_some()
    }

    /// An actor was told that its change was made.
    pub fn is_told(&mut self, actor: usize, action: Action) {
        if !self.has_done(actor, action) {
            let seen = format!("actor {actor} was told of {}", action.as_str());
            self.object("what is answered was done", seen);
        }
    }

    /// An actor was answered this status; if it is a client error, its change was not made.
    pub fn is_refused(&mut self, actor: usize, action: Action, status: u16) {
        if (400..500).contains(&status) && self.has_done(actor, action) {
            let seen = format!("actor {actor} was refused {}", action.as_str());
            self.object("what is refused was not done", seen);
        }
    }

    /// The newest step of the proof's secret that was accepted so far.
    pub fn newest_step(&self, proof: &Proof) -> Option<i64> {
        match &proof.kind {
            ProofKind::Totp(secret, _) => self.accepted_steps.get(secret)?.last().copied(),
            _ => None,
        }
    }

    /// A proof was accepted; `newest_step` is what it was when the proof was sent.
    pub fn is_accepted(&mut self, proof: &Proof, newest_step: Option<i64>) {
        let text = &proof.text;
        let is_right = match &proof.kind {
            ProofKind::Totp(secret, step) => {
                let steps = self.accepted_steps.entry(secret.clone()).or_default();
                steps.insert(*step) && newest_step.is_none_or(|newest| newest < *step)
            }
            ProofKind::Backup => self.accepted_backup_codes.insert(text.clone()),
            ProofKind::Wrong => {
                self.object("no wrong code is accepted", text.clone());
                return;
            }
        };
        if !is_right {
            self.object("a code is accepted once", format!("{proof:?}"));
        }
    }

    /// An actor was told that its change was made for which it had sent this proof, if any; with the newest step
    /// as [`Oracle::is_accepted`] takes it.
    pub fn has_proved(&mut self, actor: usize, proof: Option<(&Proof, Option<i64>)>) {
        if !self.needed_proof.contains(&actor) {
            return;
        }
        match proof {
            Some((proof, newest_step)) => self.is_accepted(proof, newest_step),
            None => {
                let seen = format!("actor {actor} has sent no code");
                self.object("what the second factor protects takes a code of it", seen);
            }
        }
    }

    fn replaced_keys_are_dead(&mut self, before: &Snapshot, actor: usize) {
        let after = self.tables.keys.clone();
        for (user, key) in after {
            let Some(old) = before.keys.get(&user).filter(|old| **old != key) else {
                continue;
            };
            if self.replaced.contains(&key) {
                self.object("a replaced key never works again", user.clone());
            }
            if self.presented.get(&actor).is_some_and(|key| key != old) {
                let seen = format!("actor {actor} has reset {user}");
                self.object("a replaced key resets nothing", seen);
            }
            self.replaced.insert(old.clone());
        }
    }

    fn emails_have_one_user(&mut self) {
        let mut seen = BTreeSet::new();
        let emails = self.tables.emails.values();
        let shared = emails
            .filter_map(|email| EmailKey::of(email))
            .find(|email| !seen.insert(email.clone()));
        if let Some(email) = shared {
            self.object("an e-mail has one user", email.as_str().to_owned());
        }
    }
}

/// The changes that answers tell of.
const TOLD: [Action; 8] = [
    Action::StartTwoFactor,
    Action::EnableTwoFactor,
    Action::DisableTwoFactor,
    Action::GenerateBackupCodes,
    Action::UseBackupCode,
    Action::CancelEmailChange,
    Action::ConfirmEmailChange,
    Action::ResetUserKey,
];
