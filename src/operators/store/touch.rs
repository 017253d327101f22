use std::time::Duration;

use crate::db::{Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::operators::Session;

/// How precisely `seen_at` is kept, so that a session costs two writes every five minutes at most.
const SEEN_PRECISION: Duration = Duration::from_secs(5 * 60);

const TOUCH: &str = "UPDATE console_sessions SET seen_at = ?2 WHERE id_hash = ?1 AND seen_at < ?2";

const TOUCH_OPERATOR: &str = "
UPDATE operators SET last_seen_at = ?2
WHERE id = (SELECT operator_id FROM console_sessions WHERE id_hash = ?1)
  AND coalesce(last_seen_at, 0) < ?2";

impl Session {
    /// Whether it is time to note that the session was used.
    pub fn is_to_be_touched(&self, now: Timestamp) -> bool {
        now.since(self.seen_at) >= SEEN_PRECISION
    }
}

/// Notes that a session was used at `now`.
pub async fn touch_session(
    database: &Database,
    id_hash: &str,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    for sql in [TOUCH, TOUCH_OPERATOR] {
        batch.execute(Statement::new(sql, [id_hash.into(), now.into()]));
    }
    database.run(batch).await.map(|_| ())
}
