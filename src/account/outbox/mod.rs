//! The outbox: notices that wait for delivery, each at least once, to the configured webhook.
//!
//! | file | what it holds |
//! |---|---|
//! | `dispatcher` | one round of delivery: claim what is due, send it, settle the outcome |
//! | `message` | what the receiver is told |

pub mod dispatcher;
pub mod message;

use std::time::Duration;

use crate::db;
use crate::kernel::{Sealed, Timestamp, UserId};

pub use dispatcher::{DeliveryFailure, DeliveryReport, WebhookDispatcher};

/// How long a notice waits after its first attempt; each further one doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(10 * 60);
/// The longest wait between two attempts.
pub const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

db::row! {
    /// A notice that a round of delivery has claimed: a row of `notices`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ClaimedNotice {
        /// `ntc_` and a ULID, the same at every attempt.
        pub id: String,
        /// The kind as it is stored: after a rollback, kinds that only the newer version knows are delivered too.
        pub kind: String = "type",
        pub user: UserId = "user_id",
        /// An e-mail address, else a phone number.
        pub to: Option<String> = "recipient",
        /// The token that it carries, sealed for `user`.
        pub token: Option<Sealed> = "token_sealed",
        pub created_at: Timestamp,
        /// When it is due again unless this round settles it. No other claim of the notice has the same.
        pub due_again: Timestamp = "due_at",
    }
}

/// A notice that could not be delivered, and why: `notices.last_cause`.
#[derive(Debug)]
pub struct FailedNotice {
    pub notice: ClaimedNotice,
    pub cause: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeClaim {
    /// Oldest first.
    pub notices: Vec<ClaimedNotice>,
    /// How many notices were deleted because they had expired.
    pub expired: usize,
}
