//! The outbox: how notices leave it, each at least once.
//!
//! | file | what it holds |
//! |---|---|
//! | `delivery` | one round: claim what is due, send it, settle what came of it |
//! | `message` | what a receiver gets, and how it knows who sent it |

pub mod delivery;
pub mod message;

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
mod memory;

use std::fmt;
use std::time::Duration;

use crate::kernel::{Sealed, Timestamp, UserId};

/// How long a notice waits after its first attempt; each further one doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(10 * 60);

/// The longest that a notice waits between two attempts.
pub const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A notice that one round of delivery has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// `ntc_` and a ULID, the same at every attempt.
    pub id: String,
    /// What it is about, by the name that is stored: a version that was rolled
    /// back delivers what the one after it has written.
    pub kind: String,
    /// Whose account it is about.
    pub user: UserId,
    /// An e-mail, else a phone number.
    pub to: Option<String>,
    /// The token that it carries, sealed for `user`.
    pub token: Option<Sealed>,
    /// When the change happened.
    pub created_at: Timestamp,
    /// When it is due again unless this round settles it. Tells the claim from any later one.
    pub due_again: Timestamp,
}

/// What a round begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is to be delivered, oldest first.
    pub notices: Vec<Claimed>,
    /// How many were deleted because they were of no use to anybody any more.
    pub expired: usize,
}

/// What a round ends with. What it does not name waits for its next attempt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The ids of those that were delivered.
    pub delivered: Vec<String>,
    /// Those that nothing was done for.
    pub deferred: Vec<Claimed>,
}

impl Settlement {
    /// Whether there is nothing to write.
    pub const fn is_empty(&self) -> bool {
        self.delivered.is_empty() && self.deferred.is_empty()
    }
}

/// Where notices wait.
pub trait Outbox {
    /// Why it could not be asked.
    type Error: fmt::Display;

    /// Takes up at most `limit` notices that are due, those first that have been due for longest.
    ///
    /// Claiming counts an attempt and moves the notice on by that attempt's wait, in one
    /// transaction. So no other round takes it up meanwhile, and whatever becomes of this
    /// one, it comes up again. Notices that have expired are deleted instead.
    async fn claim(&self, now: Timestamp, limit: u32) -> Result<Claim, Self::Error>;

    /// Deletes what was delivered. What was deferred is due at `now` with its attempt
    /// uncounted, unless another round has claimed it since. All in one transaction.
    async fn settle(&self, now: Timestamp, settlement: &Settlement) -> Result<(), Self::Error>;
}
