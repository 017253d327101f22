//! The outbox's other end: notices claimed for delivery, and settled.

use serde::{Deserialize, Serialize};

use crate::account::outbox::{Claim, Claimed, FIRST_WAIT, LONGEST_WAIT, Outbox, Settlement};
use crate::db::DatabaseError;
use crate::db::{Arg, Database, Statement};
use crate::kernel::{Sealed, Timestamp, UserId};

// As many at a time as a transaction has no trouble with. What is left of them is not
// claimed either, and goes with the next rounds.
const DELETE_EXPIRED: &str = "
DELETE FROM notices
WHERE id IN (SELECT id FROM notices WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 500)
RETURNING id";

// 30 doublings are more than the longest wait has, and fewer than an integer.
const CLAIM: &str = "
UPDATE notices
SET attempts = attempts + 1, due_at = ?1 + min(?3 << min(attempts, 30), ?4)
WHERE id IN (
  SELECT id FROM notices
  WHERE due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1)
  ORDER BY due_at, id LIMIT ?2
)
RETURNING id, type, user_id, recipient, token_sealed, created_at, due_at";

const DELETE_DELIVERED: &str = "DELETE FROM notices WHERE id IN (SELECT value FROM json_each(?1))";

// Whoever has claimed a notice since has moved it on, so that it is due at another time.
const GIVE_BACK: &str = "
UPDATE notices SET attempts = attempts - 1, due_at = ?2
WHERE (id, due_at) IN (SELECT value ->> 'id', value ->> 'due_again' FROM json_each(?1))";

#[derive(Deserialize)]
struct Columns {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    user_id: String,
    recipient: Option<String>,
    token_sealed: Option<String>,
    created_at: i64,
    due_at: i64,
}

impl From<Columns> for Claimed {
    fn from(row: Columns) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            user: UserId::new(row.user_id),
            to: row.recipient,
            token: row.token_sealed.map(Sealed::from_stored),
            created_at: Timestamp::from_millis(row.created_at),
            due_again: Timestamp::from_millis(row.due_at),
        }
    }
}

/// A claim that is given back, as it travels.
#[derive(Serialize)]
struct DeferredParameter<'a> {
    id: &'a str,
    due_again: i64,
}

impl<'a> From<&'a Claimed> for DeferredParameter<'a> {
    fn from(claimed: &'a Claimed) -> Self {
        Self {
            id: &claimed.id,
            due_again: claimed.due_again.as_millis(),
        }
    }
}

fn millis(wait: std::time::Duration) -> Arg {
    Arg::Int(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

impl Outbox for Database {
    type Error = DatabaseError;

    async fn claim(&self, now: Timestamp, limit: u32) -> Result<Claim, DatabaseError> {
        let delete = Statement::new(DELETE_EXPIRED, [now.into()]);
        let waits = [millis(FIRST_WAIT), millis(LONGEST_WAIT)];
        let args = [now.into(), limit.into()].into_iter().chain(waits);
        let claim = Statement::new(CLAIM, args);
        let mut answers = self.batch(vec![delete, claim]).await?;
        let expired = answers.count()?;
        // RETURNING keeps to no order. Ids have that of time.
        let mut rows: Vec<Columns> = answers.rows()?;
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Claim {
            notices: rows.into_iter().map(Into::into).collect(),
            expired,
        })
    }

    async fn settle(&self, now: Timestamp, settlement: &Settlement) -> Result<(), DatabaseError> {
        let deferred = settlement.deferred.iter();
        let deferred: Vec<DeferredParameter> = deferred.map(Into::into).collect();
        let batch = vec![
            Statement::new(DELETE_DELIVERED, [Arg::json(&settlement.delivered)?]),
            Statement::new(GIVE_BACK, [Arg::json(&deferred)?, now.into()]),
        ];
        self.batch(batch).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    //! The suite of `account::outbox::conformance` on these very statements, with a real D1 behind them.

    use futures_executor::block_on;

    use super::*;
    use crate::account::Notice;
    use crate::account::outbox::conformance::{START, Standing, Subject, cases, conformance};
    use crate::account::store::notices::notice_change;
    use crate::provisioning::store::conformance::lend;

    const STANDINGS: &str = "SELECT id, attempts, due_at FROM notices ORDER BY id";

    #[derive(Deserialize)]
    struct StandingRow {
        id: String,
        attempts: u32,
        due_at: i64,
    }

    impl Subject for Database {
        async fn put(&self, notice: Notice) {
            // A notice follows a change: this is one.
            let change = "UPDATE schema_version SET version = version";
            let batch = vec![Statement::new(change, []), notice_change(&notice)];
            self.batch(batch).await.unwrap();
        }

        async fn standings(&self) -> Vec<Standing> {
            let read = vec![Statement::new(STANDINGS, [])];
            let rows: Vec<StandingRow> = self.batch(read).await.unwrap().rows().unwrap();
            let standing = |row: StandingRow| Standing {
                id: row.id,
                attempts: row.attempts,
                due_at: Timestamp::from_millis(row.due_at),
            };
            rows.into_iter().map(standing).collect()
        }
    }

    macro_rules! hold {
        ($($case:ident)*) => {$(
            #[test]
            #[ignore = "needs node and the npm packages; npm test runs it"]
            fn $case() {
                block_on(cases::$case(&*lend()));
            }
        )*};
    }

    conformance!(hold);

    #[test]
    #[ignore = "needs node and the npm packages; npm test runs it"]
    fn more_expired_than_are_deleted_at_a_time_are_not_claimed_either() {
        let database = lend();
        let many = "
            INSERT INTO notices (id, type, user_id, created_at, expires_at, due_at)
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501)
            SELECT 'ntc_' || i, 'email_change_verification', 'user-' || i, 0, ?1, 0 FROM n";
        let many = Statement::new(many, [START.into()]);
        block_on(async {
            database.batch(vec![many]).await.unwrap();
            for expired in [500, 1, 0] {
                let claim = database.claim(START, 50).await.unwrap();
                assert_eq!((claim.notices, claim.expired), (Vec::new(), expired));
            }
        });
    }
}
