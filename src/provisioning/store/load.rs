//! All that is known of one user.

use std::collections::BTreeMap;

use crate::auth::store::{ApiKeyRow, KeyColumns, find_api_key_statement};
use crate::auth::subject::linked_subject;
use crate::auth::{PresentedKey, Scope};
use crate::db::{self, Arg, Batch, Database, DatabaseError, Results, Slot, Statement, audit_json};
use crate::kernel::audit::Entry;
use crate::kernel::{EmailKey, UserId};
use crate::provisioning::record::{ProvisioningRecord, User};
use crate::provisioning::store::columns::{MappingColumns, recovery};

/// All that is known of users, who are called `q`.
macro_rules! load_records {
    ($columns:literal, $from:literal) => {
        concat!(
            "
SELECT ",
            $columns,
            "q.id AS requested,
       u.uuid, u.email, u.email_key AS user_email_key, ",
            linked_subject!(),
            " AS auth_subject,
       t.state, t.email_key AS intent_email, t.threedeye_id, t.password_sealed, t.attempts,
       t.last_error, t.next_attempt_at, t.lease_until, t.created_at AS mapped_at,
       t.updated_at AS changed_at, t.settled_at,
       t.forgotten_email, t.forgotten_threedeye_id, t.forgotten_password,
       t.taken_over_email, t.respelled_id,
       r.role_ids,
       EXISTS (SELECT 1 FROM threedeye_users o
               WHERE o.email_key = u.email_key AND o.password_sealed IS NOT NULL
                 AND o.user_id <> q.id) AS contested
FROM ",
            $from,
            " q
LEFT JOIN users u ON u.uuid = q.id
LEFT JOIN threedeye_users t ON t.user_id = q.id
LEFT JOIN threedeye_recovery r ON r.user_id = q.id"
        )
    };
}

// ?1 user
const LOAD: &str = load_records!("", "(SELECT ?1 AS id)");

// ?1 users. The last reset is as in LAST_RESET.
const LOAD_MANY: &str = load_records!(
    "(SELECT max(id) FROM (
  SELECT id, action FROM audit_log WHERE subject = q.id ORDER BY id DESC LIMIT 50
) WHERE action = 'threedeye.reset') AS last_reset,
       ",
    "(SELECT value AS id FROM json_each(?1))"
);

// The conditions are those on which the endpoint answers, as far as they are known before: a refused
// read leaves no row. Of one reader and user the first read an hour does.
macro_rules! audit_read {
    ($reader:literal, $from:literal) => {
        concat!(
            "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, address)
SELECT e.value ->> 'at', ",
            $reader,
            ", e.value ->> 'action', u.uuid, e.value ->> 'outcome', e.value ->> 'request',
       e.value ->> 'address'
FROM json_each(?1) e
JOIN users u ON u.uuid = (e.value ->> 'subject') AND u.email_key IS NOT NULL
LEFT JOIN threedeye_users t ON t.user_id = u.uuid",
            $from,
            "
WHERE coalesce(t.state <> 'quarantined' AND t.state <> 'set_aside', 1)
  AND NOT EXISTS (
    SELECT 1 FROM audit_log a
    WHERE a.action = 'threedeye.read_credentials' AND a.subject = u.uuid
      AND a.actor = ",
            $reader,
            " AND a.at > (e.value ->> 'at') - 3600000)
RETURNING id"
        )
    };
}

// ?1 entry
const AUDIT_SUPPORT: &str = audit_read!("(e.value ->> 'actor')", "");

// ?1 entry, ?2 hash, ?3 scope, ?4 now
const AUDIT_KEY: &str = audit_read!(
    "(e.value ->> 'actor') || k.id",
    "
JOIN api_keys k ON k.key_hash = ?2 AND k.revoked_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > ?4)
  AND (k.user_id IS NULL OR (k.user_id = u.uuid AND t.taken_over_email IS NULL))
  AND EXISTS (SELECT 1 FROM json_each(k.scopes) s WHERE s.value = ?3)"
);

db::row! {
    /// One row: three tables side by side.
    pub(super) struct RecordRow {
        user: UserColumns = flatten,
        mapping: MappingColumns = flatten,
    }
}

db::row! {
    struct UserColumns {
        requested: String,
        uuid: Option<String>,
        email: Option<String>,
        user_email_key: Option<String>,
        auth_subject: Option<String>,
        role_ids: Option<String>,
        contested: bool,
    }
}

impl RecordRow {
    pub(super) fn into_record(self) -> Result<ProvisioningRecord, DatabaseError> {
        let Self { user: row, mapping } = self;
        let user = row.uuid.map(|_| User {
            email: row.email,
            email_key: row.user_email_key.as_deref().and_then(EmailKey::of),
            auth_subject: row.auth_subject,
        });
        Ok(ProvisioningRecord {
            user,
            mapping: mapping.into_mapping(&row.requested)?,
            recovery: recovery(row.role_ids, &row.requested)?,
            contested: row.contested,
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

/// What was loaded for another than the user.
pub struct LoadedFor {
    pub record: ProvisioningRecord,
    /// The API key that was presented, if it is in force.
    pub key: Option<ApiKeyRow>,
    /// Whether the audit row of the read was written: the first one an hour is.
    pub is_noted: bool,
}

/// The same for support, with the audit row of their read; `read` names who reads whose login, `None`: it
/// has been noted within the hour.
pub async fn load_for_support(
    database: &Database,
    user: &UserId,
    read: Option<&Entry>,
) -> Result<LoadedFor, DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let noted = read.map(|read| {
        let statement = Statement::new(AUDIT_SUPPORT, [audit_json([read])?]);
        Ok::<_, DatabaseError>(batch.push::<()>(statement))
    });
    let noted = noted.transpose()?;
    let answers = database.run(batch).await?;
    Ok(LoadedFor {
        record: answers.one(record)?.into_record()?,
        key: None,
        is_noted: has_row(&answers, noted)?,
    })
}

/// The same and the API key, with the audit row of its read: `read` names the key but for its id.
pub async fn load_with_key(
    database: &Database,
    user: &UserId,
    key: &PresentedKey,
    read: Option<&Entry>,
) -> Result<LoadedFor, DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let found = batch.push::<KeyColumns>(find_api_key_statement(key));
    let noted = read.map(|read| {
        let args = [
            audit_json([read])?,
            key.hash.as_str().into(),
            Scope::ThreedeyeRead.as_str().into(),
            key.at.into(),
        ];
        Ok::<_, DatabaseError>(batch.push::<()>(Statement::new(AUDIT_KEY, args)))
    });
    let noted = noted.transpose()?;
    let answers = database.run(batch).await?;
    let key = answers.first(found)?;
    Ok(LoadedFor {
        record: answers.one(record)?.into_record()?,
        key: key.map(KeyColumns::into_row).transpose()?,
        is_noted: has_row(&answers, noted)?,
    })
}

fn has_row(answers: &Results, slot: Option<Slot<()>>) -> Result<bool, DatabaseError> {
    match slot {
        Some(slot) => Ok(answers.count(slot)? > 0),
        None => Ok(false),
    }
}

// ?1 user. A reset is never behind so many other rows while a plan lasts.
const LAST_RESET: &str = "
SELECT max(id) AS id FROM (
  SELECT id, action FROM audit_log WHERE subject = ?1 ORDER BY id DESC LIMIT 50
) WHERE action = 'threedeye.reset'";

db::row! {
    struct LastResetRow {
        id: Option<u64>,
    }
}

/// The audit row of the user's last reset, if it was lately.
pub async fn last_reset(database: &Database, user: &UserId) -> Result<Option<u64>, DatabaseError> {
    let mut batch = Batch::new();
    let last = batch.push::<LastResetRow>(Statement::new(LAST_RESET, [user.into()]));
    Ok(database.run(batch).await?.one(last)?.id)
}

/// The same with all that is known of the user.
pub async fn load_for_plan(
    database: &Database,
    user: &UserId,
) -> Result<(ProvisioningRecord, Option<u64>), DatabaseError> {
    let mut batch = Batch::new();
    let record = batch.push::<RecordRow>(load_statement(user));
    let last = batch.push::<LastResetRow>(Statement::new(LAST_RESET, [user.into()]));
    let answers = database.run(batch).await?;
    Ok((answers.one(record)?.into_record()?, answers.one(last)?.id))
}

db::row! {
    struct ManyRow {
        record: RecordRow = flatten,
        last_reset: Option<u64>,
    }
}

/// What a plan of one user of a list goes by. A row that cannot be read is this user's alone.
#[derive(Debug)]
pub struct LoadedForPlan {
    pub record: Result<ProvisioningRecord, DatabaseError>,
    pub last_reset: Option<u64>,
}

/// The same of many users, by their ids, in one round trip.
pub async fn load_many_for_plan(
    database: &Database,
    users: &[UserId],
) -> Result<BTreeMap<UserId, LoadedForPlan>, DatabaseError> {
    let mut batch = Batch::new();
    let rows = batch.push::<ManyRow>(Statement::new(LOAD_MANY, [Arg::json(&users)?]));
    let rows = database.run(batch).await?.rows(rows)?.into_iter();
    let loaded = rows.map(|row| {
        let user = UserId::new(row.record.user.requested.clone());
        let loaded = LoadedForPlan {
            record: row.record.into_record(),
            last_reset: row.last_reset,
        };
        (user, loaded)
    });
    Ok(loaded.collect())
}
