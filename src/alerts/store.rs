//! Which alerts are firing, and what the receiver is still to be told.

use serde::{Deserialize, Serialize};

use super::Finding;
use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::ids::prefixed_ulid;
use crate::kernel::{Random, Timestamp};

// ?1 findings, ?2 now. What has not changed is not told.
const NOTE_CHANGES: &str = "
INSERT INTO alert_changes (id, name, status, at, text)
SELECT f.value ->> 'id', f.value ->> 'name', iif(f.value ->> 'firing', 'firing', 'resolved'), ?2, f.value ->> 'text'
FROM json_each(?1) f
WHERE (f.value ->> 'firing') = NOT EXISTS (SELECT 1 FROM alerts a WHERE a.name = f.value ->> 'name')";

// ?1 findings, ?2 now
const BEGIN: &str = "
INSERT OR IGNORE INTO alerts (name, since)
SELECT value ->> 'name', ?2 FROM json_each(?1) WHERE value ->> 'firing'";

// ?1 findings
const END: &str = "
DELETE FROM alerts
WHERE name IN (SELECT value ->> 'name' FROM json_each(?1) WHERE NOT (value ->> 'firing'))";

/// More than that a receiver that was down for long is not told: the newest count.
const TRIM: &str = "
DELETE FROM alert_changes
WHERE id <= (SELECT id FROM alert_changes ORDER BY id DESC LIMIT 1 OFFSET 100)";

const WAITING: &str = "SELECT id, name, status, at, text FROM alert_changes ORDER BY id LIMIT 20";

// ?1 ids
const FORGET: &str = "DELETE FROM alert_changes WHERE id IN (SELECT value FROM json_each(?1))";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Firing,
    Resolved,
}

db::named_columns!(Status);

db::row! {
    /// A row of `alert_changes`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Change {
        /// `alr_` and a ULID, the same at every attempt.
        pub id: String,
        pub name: String,
        pub status: Status,
        pub at: Timestamp,
        pub text: String,
    }
}

#[derive(Serialize)]
struct FindingParameter<'a> {
    id: String,
    name: &'static str,
    firing: bool,
    text: &'a str,
}

/// Writes down what has changed, and tells what the receiver is still to be told, oldest first.
pub async fn record_findings(
    database: &Database,
    findings: &[Finding],
    random: &dyn Random,
    now: Timestamp,
) -> Result<Vec<Change>, DatabaseError> {
    let parameters: Vec<FindingParameter> = findings
        .iter()
        .map(|finding| FindingParameter {
            id: prefixed_ulid("alr", now, random),
            name: finding.condition.as_str(),
            firing: finding.is_firing,
            text: &finding.text,
        })
        .collect();
    let findings = Arg::json(&parameters)?;
    let mut batch = Batch::new();
    let args = [findings.clone(), now.into()];
    batch.execute(Statement::new(NOTE_CHANGES, args.clone()));
    batch.execute(Statement::new(BEGIN, args));
    batch.execute(Statement::new(END, [findings]));
    batch.execute(Statement::new(TRIM, []));
    let waiting = batch.push::<Change>(Statement::new(WAITING, []));
    database.run(batch).await?.rows(waiting)
}

/// Forgets what the receiver was told.
pub async fn forget_changes(database: &Database, ids: &[&str]) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(FORGET, [Arg::json(&ids)?]));
    database.run(batch).await.map(|_| ())
}
