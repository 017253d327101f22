#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;
use crate::operators::Role;
use crate::operators::session::SESSION_IDLE;

macro_rules! operators {
    ($which:literal) => {
        concat!(
            "
SELECT id, email_key, role, created_at, created_by, last_seen_at, disabled_at,
  (SELECT count(*) FROM console_sessions s
   WHERE s.operator_id = o.id AND s.ends_at > ?1 AND s.seen_at > ?2) AS sessions
FROM operators o
WHERE ",
            $which
        )
    };
}

// ?1 now, ?2 since when a session may have idled, ?3 the id after which the page begins, ?4 limit
const LIST: &str = operators!("?3 IS NULL OR id < ?3 ORDER BY id DESC LIMIT ?4");

// ?3 id
const ONE: &str = operators!("id = ?3");

db::row! {
    /// An operator, with the sessions that are open.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "Operator"))]
    pub struct OperatorRow {
        /// `op_` and a ULID; the audit trail names the operator by it.
        #[cfg_attr(test, schemars(extend(
            "pattern" = "^op_[0-7][0-9A-HJKMNP-TV-Z]{25}$",
            "examples" = ["op_01JZX0000000000000000000EX"],
        )))]
        pub id: String,
        /// In lower case.
        #[serde(rename = "email")]
        pub email_key: String = "email_key",
        pub role: Role,
        pub created_at: Timestamp,
        /// As the audit trail names them.
        pub created_by: String,
        /// The last request, to five minutes; null: has never signed in.
        pub last_seen_at: Option<Timestamp>,
        /// Since when they may not sign in; null: they may.
        pub disabled_at: Option<Timestamp>,
        /// How many sessions are open.
        pub sessions: u32,
    }
}

/// Lists operators, disabled ones too, newest first, at most `limit`: those made before `after`, or the
/// newest.
pub async fn list_operators(
    database: &Database,
    after: Option<&str>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<OperatorRow>, DatabaseError> {
    let args = [
        now.into(),
        now.minus(SESSION_IDLE).into(),
        after.into(),
        limit.into(),
    ];
    let mut batch = Batch::new();
    let rows = batch.push(Statement::new(LIST, args));
    database.run(batch).await?.rows(rows)
}

pub async fn operator_by_id(
    database: &Database,
    id: &str,
    now: Timestamp,
) -> Result<Option<OperatorRow>, DatabaseError> {
    let args = [now.into(), now.minus(SESSION_IDLE).into(), id.into()];
    let mut batch = Batch::new();
    let row = batch.push(Statement::new(ONE, args));
    database.run(batch).await?.first(row)
}
