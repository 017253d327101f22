//! What people and callers have learned from answers and notices.

use std::collections::BTreeMap;

use crate::account::TotpSecret;
use crate::kernel::{Secret, Timestamp};

/// What one person knows.
#[derive(Default)]
pub struct Person {
    /// The secrets that were shown, in order, in base32.
    pub secrets: Vec<String>,
    /// The backup codes that were shown, in order.
    pub backup_codes: Vec<String>,
    /// The code that was sent last.
    pub last_sent: Option<Proof>,
    /// The tokens that came with notices, in order.
    pub tokens: Vec<String>,
    /// The user keys that were given, in order.
    pub keys: Vec<String>,
}

/// A code that is sent, and what it is in truth.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proof {
    pub text: String,
    pub kind: ProofKind,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofKind {
    /// Of this secret and time step.
    Totp(String, i64),
    Backup,
    Wrong,
}

const STEP_MS: i64 = 30_000;

impl Proof {
    /// The code of a secret so many steps from now; `None` where another step around now has the same.
    pub fn totp(secret: &str, now: Timestamp, steps: i64) -> Option<Self> {
        let opened = TotpSecret::from_base32(&Secret::new(secret)).unwrap();
        let present = now.as_millis().div_euclid(STEP_MS);
        let step = present + steps;
        let code_of = |step: i64| opened.code_at(Timestamp::from_millis(step * STEP_MS));
        let text = code_of(step);
        let mut near = present - 3..=present + 3;
        let is_unique = near.all(|near| near == step || code_of(near) != text);
        let kind = ProofKind::Totp(secret.to_owned(), step);
        is_unique.then_some(Self { text, kind })
    }

    /// A code that the authenticator showed ten minutes ago.
    pub fn wrong_totp(secret: &str, now: Timestamp) -> Option<Self> {
        let kind = ProofKind::Wrong;
        Self::totp(secret, now, -20).map(|old| Self { kind, ..old })
    }

    pub fn backup(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            kind: ProofKind::Backup,
        }
    }

    /// No backup code is like this one, and no authenticator shows letters.
    pub fn wrong_backup() -> Self {
        Self {
            text: "wrong".to_owned(),
            kind: ProofKind::Wrong,
        }
    }
}

/// By user.
#[derive(Default)]
pub struct Known(BTreeMap<String, Person>);

impl Known {
    pub fn of(&mut self, user: &str) -> &mut Person {
        self.0.entry(user.to_owned()).or_default()
    }
}
