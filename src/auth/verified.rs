//! Which tokens were verified already. A token comes with every request of its owner, and its signature does
//! not change, so checking it once is enough while the key set is the same.
//!
//! Remembered is only that the signature is genuine. Who the token names, and whether it is accepted, is
//! judged at every request. Refusals are not remembered: guesses would push the genuine tokens out.

use std::time::Duration;

use crate::kernel::{ContentHash, Remembered, Timestamp};

/// The most tokens that are remembered.
const MAX_TOKENS: usize = 64;

/// The longest that a token is remembered.
const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// The verified tokens of one fetched key set. It is dropped with its keys, so no verdict outlives the
/// fetch of another set.
#[derive(Default)]
pub struct VerifiedTokens(Remembered<MAX_TOKENS>);

impl VerifiedTokens {
    /// Whether the token with this text's hash was verified with a key of the set, and is not forgotten yet.
    pub fn contains(&self, token: ContentHash, now: Timestamp) -> bool {
        self.0.contains(token, now)
    }

    /// Remembers a token that was verified, until it expires or for [`MAX_AGE`].
    pub fn insert(&self, token: ContentHash, expires_at: Timestamp, now: Timestamp) {
        let until = expires_at.min(now.plus(MAX_AGE));
        self.0.insert(token, until, now);
    }
}
