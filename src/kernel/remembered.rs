//! What an isolate remembers for a while, by its hash. It may be forgotten at any time, so nothing may be wrong without it.

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};

use crate::kernel::Timestamp;

/// At most `MOST` things; the one that came first makes room.
#[derive(Default)]
pub struct Remembered<const MOST: usize>(RefCell<VecDeque<Entry>>);

struct Entry {
    what: ContentHash,
    until: Timestamp,
}

/// The SHA-256 of what is remembered, which is not kept itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    /// Of several texts, which differ from others that only run together in the same way.
    pub fn of(texts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }
}

impl<const MOST: usize> Remembered<MOST> {
    pub fn contains(&self, what: ContentHash, now: Timestamp) -> bool {
        let entries = self.0.borrow();
        entries
            .iter()
            .any(|entry| entry.what == what && now < entry.until)
    }

    pub fn insert(&self, what: ContentHash, until: Timestamp, now: Timestamp) {
        let mut entries = self.0.borrow_mut();
        entries.retain(|entry| now < entry.until && entry.what != what);
        if entries.len() >= MOST {
            entries.pop_front();
        }
        if now < until {
            entries.push_back(Entry { what, until });
        }
    }
}
