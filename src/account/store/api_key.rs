//! The use of an API key, noted in the batch that the key was used for.

use crate::auth::store::{touch_api_key, touch_api_key_statement};
use crate::db::{Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

/// A use of an API key that is to be noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyUse {
    /// The key's id.
    pub key: String,
    pub at: Timestamp,
    /// Nothing is written where a use after this moment was noted already.
    pub unless_after: Timestamp,
}

impl ApiKeyUse {
    pub(super) fn statement(&self) -> Statement {
        touch_api_key_statement(&self.key, self.at, self.unless_after)
    }
}

/// Notes the use of a key by a request that writes nothing else.
pub async fn note_api_key_use(database: &Database, key: &ApiKeyUse) -> Result<(), DatabaseError> {
    touch_api_key(database, &key.key, key.at, key.unless_after).await
}
