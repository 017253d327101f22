//! Which tokens were verified already. A token comes with every request of its owner, and its signature does
//! not change, so checking it once is enough while the key set is the same.
//!
//! Remembered is only that the signature is genuine. Who the token names, and whether it is accepted, is
//! judged at every request. Refusals are not remembered: guesses would push the genuine tokens out.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::kernel::Timestamp;

/// The most tokens that are remembered; the one that came first makes room.
pub const MAX_TOKENS: usize = 64;

/// The longest that a token is remembered.
pub const MAX_AGE: Duration = Duration::from_secs(10 * 60);

/// The verified tokens of one fetched key set. It is dropped with its keys, so no verdict outlives the
/// fetch of another set.
#[derive(Default)]
pub struct VerifiedTokens(RefCell<VecDeque<Entry>>);

struct Entry {
    token: TokenHash,
    until: Timestamp,
}

/// The SHA-256 of a token's text, its signature included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl VerifiedTokens {
    /// Whether this token was verified with a key of the set, and is not forgotten yet.
    pub fn contains(&self, token: TokenHash, now: Timestamp) -> bool {
        let entries = self.0.borrow();
        entries
            .iter()
            .any(|entry| entry.token == token && now < entry.until)
    }

    /// Remembers a token that was verified, until it expires or for [`MAX_AGE`].
    pub fn insert(&self, token: TokenHash, expires_at: Timestamp, now: Timestamp) {
        let until = expires_at.min(now.plus(MAX_AGE));
        let mut entries = self.0.borrow_mut();
        entries.retain(|entry| now < entry.until && entry.token != token);
        if entries.len() >= MAX_TOKENS {
            entries.pop_front();
        }
        if now < until {
            entries.push_back(Entry { token, until });
        }
    }
}
