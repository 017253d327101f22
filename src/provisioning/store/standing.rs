//! Where a user stands, beside all that is known of it.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::Reason;
use crate::provisioning::next::Standing;
use crate::provisioning::record::{ProvisioningRecord, State};
use crate::provisioning::store::load::{RecordRow, load_statement};

// ?1 user
const STANDING: &str = "
SELECT u.uuid IS NOT NULL AS has_user, t.state AS place_state, t.error_code, t.lease_until AS leased_until,
       t.leaving_since, q.due_at,
       EXISTS (SELECT 1 FROM provisioning_runs n
               WHERE n.status = 'running' AND n.mode = 'queue' AND n.hold_until = q.due_at) AS is_planned,
       (SELECT o.user_id FROM threedeye_users o
        WHERE o.email_key = u.email_key AND o.password_sealed IS NOT NULL AND o.user_id <> x.id) AS email_holder
FROM (SELECT ?1 AS id) x
LEFT JOIN users u ON u.uuid = x.id
LEFT JOIN threedeye_users t ON t.user_id = x.id
LEFT JOIN provisioning_queue q ON q.user_id = x.id";

db::row! {
    struct StandingRow {
        has_user: bool,
        place_state: Option<String>,
        error_code: Option<String>,
        leased_until: Option<Timestamp>,
        leaving_since: Option<Timestamp>,
        due_at: Option<Timestamp>,
        is_planned: bool,
        email_holder: Option<UserId>,
    }
}

impl From<StandingRow> for Standing {
    fn from(row: StandingRow) -> Self {
        let state = row.place_state.as_deref().and_then(State::parse);
        Self {
            has_user: row.has_user,
            is_contradicted: false,
            state: state.unwrap_or(State::Idle),
            reason: row.error_code.as_deref().and_then(Reason::parse),
            due_at: row.due_at,
            is_planned: row.is_planned,
            lease_until: row.leased_until.unwrap_or_default(),
            email_holder: row.email_holder,
            leaving_since: row.leaving_since,
        }
    }
}

/// Reads all that is known of one user, and where it stands.
pub async fn load_with_standing(
    database: &Database,
    user: &UserId,
) -> Result<(ProvisioningRecord, Standing), DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let standing = batch.push::<StandingRow>(Statement::new(STANDING, [user.into()]));
    let answers = database.run(batch).await?;
    Ok((
        answers.one(record)?.into_record()?,
        answers.one(standing)?.into(),
    ))
}
