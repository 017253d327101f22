//! When to fetch the keys. The fetch itself is the caller's.
//!
//! One cache serves all requests of an isolate. A request never waits for another one's fetch,
//! because the runtime cancels or hangs a request that awaits what another one owns. They share
//! only finished values.

use std::rc::Rc;
use std::time::Duration;

use crate::auth::jwks::KeysError;
use crate::auth::verified::VerifiedTokens;
use crate::auth::{Algorithm, PublicKey};
use crate::kernel::Timestamp;

#[cfg(test)]
mod tests;

/// The age at which a key set is due for a refresh. It stays in use until one succeeds.
pub const REFRESH_AGE: Duration = Duration::from_secs(5 * 60);

/// The age at which a key set is gone: the issuer may have withdrawn its keys long ago.
pub const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The least time between two refetches for unknown key ids, without which every token with an
/// invented id would cost a fetch; and between two refreshes.
pub const REFETCH_INTERVAL: Duration = Duration::from_secs(60);

/// How long no other fetch is started after a first one has failed.
pub const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// An imported key, and what was verified already with the keys of the same fetch.
#[derive(Clone)]
pub struct IssuerKey {
    pub key: Rc<dyn PublicKey>,
    pub verified: Rc<VerifiedTokens>,
}

/// A key of a set, with what identifies it in a token's header.
#[derive(Debug, Clone)]
pub struct VerificationKey<K = IssuerKey> {
    /// `kid`.
    pub key_id: String,
    /// The algorithm it was imported for.
    pub algorithm: Algorithm,
    pub key: K,
}

/// The answer to a token's key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<K> {
    Found(K),
    /// The caller must fetch, report the outcome to the cache, and ask [`JwksCache::find`].
    NeedsFetch,
    /// There is no such key, and it is too early to fetch again.
    Unknown,
    /// There are no keys: fetching them has just failed.
    Unavailable(KeysError),
}

/// The issuer's keys as far as this isolate knows them.
///
/// | keys | token's key | what happens |
/// |---|---|---|
/// | none yet, or older than [`MAX_AGE`] | any | a fetch by each request that comes before one has succeeded, but none within [`RETRY_INTERVAL`] after one has failed |
/// | any other | known | found |
/// | any other | unknown | one refetch, at most one in [`REFETCH_INTERVAL`] |
///
/// Besides, keys older than [`REFRESH_AGE`] are [due](JwksCache::take_refresh) for a refresh, whatever
/// else is fetched, so that invented key ids cannot hold a rotation up.
pub struct JwksCache<K = IssuerKey> {
    set: Option<KeySet<K>>,
    refetched_at: Option<Timestamp>,
    refreshed_at: Option<Timestamp>,
    failure: Option<Failure>,
}

struct KeySet<K> {
    keys: Vec<VerificationKey<K>>,
    asked_at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Failure {
    error: KeysError,
    failed_at: Timestamp,
}

impl<K> Default for JwksCache<K> {
    fn default() -> Self {
        Self {
            set: None,
            refetched_at: None,
            refreshed_at: None,
            failure: None,
        }
    }
}

impl<K> JwksCache<K> {
    /// Stores the keys of a fetch that began at `asked_at`. Of two concurrent fetches, the one
    /// that began later wins, whichever ends first.
    pub fn store(&mut self, keys: Vec<VerificationKey<K>>, asked_at: Timestamp) {
        self.failure = None;
        if self.set.as_ref().is_none_or(|set| set.asked_at <= asked_at) {
            self.set = Some(KeySet { keys, asked_at });
        }
    }

    /// Records a fetch that failed. Keys from an earlier one stay in use.
    pub const fn fail(&mut self, error: KeysError, failed_at: Timestamp) {
        self.failure = Some(Failure { error, failed_at });
    }

    /// Whether the caller is to refresh the keys now; no request need wait for that. True at most once
    /// in [`REFETCH_INTERVAL`].
    pub fn take_refresh(&mut self, now: Timestamp) -> bool {
        let is_due = self
            .set
            .as_ref()
            .is_some_and(|set| now.since(set.asked_at) >= REFRESH_AGE)
            && has_passed(self.refreshed_at, now);
        if is_due {
            self.refreshed_at = Some(now);
        }
        is_due
    }

    /// Why the last fetch failed; `None` when it did not. There may be keys from an earlier one.
    #[cfg(test)]
    pub fn failure(&self) -> Option<KeysError> {
        self.failure.map(|failure| failure.error)
    }
}

impl<K: Clone> JwksCache<K> {
    /// Looks up the key that a token names.
    ///
    /// [`Lookup::NeedsFetch`] permits the caller to fetch. Once there are keys, it is answered
    /// once in [`REFETCH_INTERVAL`]. The first fetch does not count: a key published right after
    /// it is found by a refetch.
    pub fn lookup(&mut self, key_id: &str, algorithm: Algorithm, now: Timestamp) -> Lookup<K> {
        let usable = self.set.as_ref();
        let Some(set) = usable.filter(|set| now.since(set.asked_at) < MAX_AGE) else {
            self.set = None;
            return match self.failure {
                Some(failure) if now.since(failure.failed_at) < RETRY_INTERVAL => {
                    Lookup::Unavailable(failure.error)
                }
                _ => Lookup::NeedsFetch,
            };
        };
        match set.find(key_id, algorithm) {
            Some(key) => Lookup::Found(key),
            None if has_passed(self.refetched_at, now) => {
                self.refetched_at = Some(now);
                Lookup::NeedsFetch
            }
            None => Lookup::Unknown,
        }
    }

    /// Looks up a key right after a fetch. Never [`Lookup::NeedsFetch`].
    pub fn find(&self, key_id: &str, algorithm: Algorithm) -> Lookup<K> {
        match (&self.set, self.failure) {
            (Some(set), _) => set
                .find(key_id, algorithm)
                .map_or(Lookup::Unknown, Lookup::Found),
            (None, Some(failure)) => Lookup::Unavailable(failure.error),
            // No fetch was reported.
            (None, None) => Lookup::Unknown,
        }
    }
}

/// Whether [`REFETCH_INTERVAL`] has passed since `before`.
fn has_passed(before: Option<Timestamp>, now: Timestamp) -> bool {
    before.is_none_or(|before| now.since(before) >= REFETCH_INTERVAL)
}

impl<K: Clone> KeySet<K> {
    /// Keys of different types may share an id (RFC 7517, section 4.5); of one type the first counts.
    fn find(&self, key_id: &str, algorithm: Algorithm) -> Option<K> {
        self.keys
            .iter()
            .find(|key| key.key_id == key_id && key.algorithm == algorithm)
            .map(|key| key.key.clone())
    }
}
