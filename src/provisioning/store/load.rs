//! All that is known of one user.

use serde::Deserialize;

use crate::auth::store::{ApiKeyRow, KeyColumns, find_api_key_statement};
use crate::auth::subject::linked_subject;
use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, UserId};
use crate::provisioning::record::{ProvisioningRecord, User};
use crate::provisioning::store::columns::{MappingColumns, recovery};

// ?1 user
const LOAD: &str = concat!(
    "
SELECT q.id AS requested,
       u.uuid, u.email, u.email_key AS user_email_key, ",
    linked_subject!(),
    " AS auth_subject,
       t.state, t.email_key AS intent_email, t.threedeye_id, t.password_sealed, t.attempts,
       t.last_error, t.next_attempt_at, t.lease_until, t.created_at AS mapped_at, t.settled_at,
       t.forgotten_email, t.forgotten_threedeye_id, t.forgotten_password,
       r.role_ids,
       EXISTS (SELECT 1 FROM threedeye_users o
               WHERE o.email_key = u.email_key AND o.state <> 'set_aside'
                 AND o.user_id <> q.id) AS contested
FROM (SELECT ?1 AS id) q
LEFT JOIN users u ON u.uuid = q.id
LEFT JOIN threedeye_users t ON t.user_id = q.id
LEFT JOIN threedeye_recovery r ON r.user_id = q.id"
);

/// One row: three tables side by side.
#[derive(Deserialize)]
pub(super) struct RecordRow {
    requested: String,
    uuid: Option<String>,
    email: Option<String>,
    user_email_key: Option<String>,
    auth_subject: Option<String>,
    #[serde(flatten)]
    mapping: MappingColumns,
    role_ids: Option<String>,
    #[serde(deserialize_with = "db::flag")]
    contested: bool,
}

impl RecordRow {
    pub(super) fn into_record(self) -> Result<ProvisioningRecord, DatabaseError> {
        let user = self.uuid.map(|_| User {
            email: self.email,
            email_key: self.user_email_key.as_deref().and_then(EmailKey::of),
            auth_subject: self.auth_subject,
        });
        Ok(ProvisioningRecord {
            user,
            mapping: self.mapping.into_mapping(&self.requested)?,
            recovery: recovery(self.role_ids, &self.requested)?,
            contested: self.contested,
        })
    }
}

pub(super) fn load_statement(user: &UserId) -> Statement {
    Statement::new(LOAD, [user.into()])
}

/// Reads all that is known of one user.
pub async fn load(database: &Database, user: &UserId) -> Result<ProvisioningRecord, DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    database.run(batch).await?.one(record)?.into_record()
}

/// The same and, where one is presented, the API key with this hash.
pub async fn load_with_key(
    database: &Database,
    user: &UserId,
    key_hash: Option<&str>,
) -> Result<(ProvisioningRecord, Option<ApiKeyRow>), DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let key = key_hash.map(|hash| batch.push::<KeyColumns>(find_api_key_statement(hash)));
    let answers = database.run(batch).await?;
    let record = answers.one(record)?.into_record()?;
    let key = match key {
        Some(slot) => answers.first(slot)?.map(KeyColumns::into_row).transpose()?,
        None => None,
    };
    Ok((record, key))
}
