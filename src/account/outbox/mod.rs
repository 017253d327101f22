//! The outbox: notices that wait for delivery, each at least once, to the configured webhook.
//!
//! | file | what it holds |
//! |---|---|
//! | `dispatcher` | one round of delivery: claim what is due, send it, settle the outcome |
//! | `message` | the signed request that the receiver gets |

pub mod dispatcher;
pub mod message;
pub mod receiver;

use std::time::Duration;

use serde::Deserialize;

use crate::db;
use crate::kernel::{Sealed, Timestamp, UserId};

pub use dispatcher::{DeliveryFailure, DeliveryReport, WebhookDispatcher};

/// How long a notice waits after its first attempt; each further one doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(10 * 60);
/// The longest wait between two attempts.
pub const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A notice that a round of delivery has claimed: a row of `notices`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ClaimedNotice {
    /// `ntc_` and a ULID, the same at every attempt.
    pub id: String,
    /// The kind as it is stored: after a rollback, kinds that only the newer version knows are delivered too.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(rename = "user_id", deserialize_with = "db::user_id")]
    pub user: UserId,
    /// An e-mail address, else a phone number.
    #[serde(rename = "recipient")]
    pub to: Option<String>,
    /// The token that it carries, sealed for `user`.
    #[serde(rename = "token_sealed")]
    pub token: Option<Sealed>,
    pub created_at: Timestamp,
    /// When it is due again unless this round settles it. No other claim of the notice has the same.
    #[serde(rename = "due_at")]
    pub due_again: Timestamp,
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
