//! All that one page shows of a user, in one round trip and without secrets.

use super::columns::{UserColumns, user_columns};
use crate::auth::store::{ApiKeyRow, KeyColumns};
use crate::db::{self, AuditRow, Batch, Database, DatabaseError, Statement};
use crate::kernel::{Timestamp, UserId};

// ?1 user, ?2 now. A pending e-mail is void under another e-mail than it was asked from.
const USER: &str = concat!(
    "
SELECT u.uuid IS NOT NULL AS is_found,",
    user_columns!(),
    ",
  substr(CAST(u.auth_subject AS TEXT), 1, 512) AS auth_subject, p.team_id,
  iif(p.pending_email_until > ?2 AND p.pending_from IS u.email_key, p.pending_email, NULL)
    AS pending_email,
  p.pending_email_until,
  t.threedeye_id, t.password_sealed IS NOT NULL AS has_password, t.lease_until,
  t.created_at AS recorded_at, t.updated_at, t.left_at, t.leaving_since,
  t.taken_over_email IS NOT NULL AS is_taken_over,
  q.due_at,
  (SELECT n.run_id FROM provisioning_runs n
   WHERE n.status = 'running' AND n.mode = 'queue' AND n.hold_until = q.due_at LIMIT 1) AS run_id,
  (SELECT o.user_id FROM threedeye_users o
   WHERE o.email_key = u.email_key AND o.password_sealed IS NOT NULL AND o.user_id <> x.id) AS email_holder,
  r.role_ids,
  f.enabled_at, iif(f.pending_until > ?2, f.pending_until, NULL) AS set_up_until,
  (SELECT count(*) FROM backup_codes WHERE user_id = x.id AND used_at IS NULL)
    AS backup_codes_remaining,
  coalesce(f.totp_failures, 0) AS totp_failures,
  iif(f.totp_locked_until > ?2, f.totp_locked_until, NULL) AS totp_locked_until,
  coalesce(f.backup_failures, 0) AS backup_failures,
  iif(f.backup_locked_until > ?2, f.backup_locked_until, NULL) AS backup_locked_until
FROM (SELECT ?1 AS id) x
LEFT JOIN users u ON u.uuid = x.id
LEFT JOIN threedeye_users t ON t.user_id = x.id
LEFT JOIN threedeye_recovery r ON r.user_id = x.id
LEFT JOIN provisioning_queue q ON q.user_id = x.id
LEFT JOIN profiles p ON p.user_id = x.id
LEFT JOIN second_factors f ON f.user_id = x.id"
);

// ?1 user
const PUSH_TOKENS: &str = "
SELECT id, platform, created_at, last_seen_at
FROM push_tokens WHERE user_id = ?1 ORDER BY last_seen_at DESC LIMIT 20";

// ?1 user
const INSTANCE_USERS: &str = "
SELECT id, instance, username, key_changed_at
FROM instance_users WHERE user_id = ?1 ORDER BY id DESC LIMIT 20";

// ?1 user. The newest first: ids begin with the moment of their making.
const API_KEYS: &str = "
SELECT id, scopes, user_id, label, created_at, last_used_at, expires_at, revoked_at
FROM api_keys WHERE user_id = ?1 ORDER BY id DESC LIMIT 20";

// ?1 user. A user has some twenty at most, but for e-mails to many addresses.
const NOTICES: &str = "
SELECT count(*) AS waiting, coalesce(sum(attempts > 0), 0) AS failing
FROM (SELECT attempts FROM notices WHERE user_id = ?1 LIMIT 20)";

// ?1 user
const HISTORY: &str = "
SELECT id, at, actor, action, subject, outcome, reason, request_id, address
FROM audit_log WHERE subject = ?1 ORDER BY id DESC LIMIT 20";

db::row! {
    /// How a kind of code stands, a set-up and the codes left.
    #[derive(Debug)]
    pub struct SecondFactorColumns {
        pub enabled_at: Option<Timestamp>,
        pub set_up_until: Option<Timestamp>,
        pub backup_codes_remaining: u32,
        pub totp_failures: u32,
        pub totp_locked_until: Option<Timestamp>,
        pub backup_failures: u32,
        pub backup_locked_until: Option<Timestamp>,
    }
}

db::row! {
    #[derive(Debug)]
    pub struct DetailColumns {
        pub is_found: bool,
        pub user: UserColumns = flatten,
        pub auth_subject: Option<String>,
        pub team_id: Option<u64>,
        pub pending_email: Option<String>,
        pub pending_email_until: Option<Timestamp>,
        pub threedeye_id: Option<String>,
        pub has_password: bool,
        pub lease_until: Option<Timestamp>,
        pub recorded_at: Option<Timestamp>,
        pub updated_at: Option<Timestamp>,
        pub left_at: Option<Timestamp>,
        pub leaving_since: Option<Timestamp>,
        pub is_taken_over: bool,
        pub due_at: Option<Timestamp>,
        pub run_id: Option<String>,
        pub email_holder: Option<UserId>,
        /// JSON array of strings.
        pub role_ids: Option<String>,
        pub second_factor: SecondFactorColumns = flatten,
    }
}

db::row! {
    #[derive(Debug)]
    pub struct PushTokenRow {
        pub id: String,
        pub platform: String,
        pub created_at: Timestamp,
        pub last_seen_at: Timestamp,
    }
}

db::row! {
    #[derive(Debug)]
    pub struct InstanceUserRow {
        pub id: u64,
        pub instance: String,
        pub username: String,
        pub key_changed_at: Timestamp,
    }
}

db::row! {
    #[derive(Debug, Clone, Copy)]
    pub struct NoticeCounts {
        pub waiting: u32,
        pub failing: u32,
    }
}

#[derive(Debug)]
pub struct UserDetails {
    pub columns: DetailColumns,
    pub push_tokens: Vec<PushTokenRow>,
    pub instance_users: Vec<InstanceUserRow>,
    pub api_keys: Vec<ApiKeyRow>,
    pub notices: NoticeCounts,
    pub history: Vec<AuditRow>,
}

impl UserDetails {
    /// Whether there never was such a user, as far as can be told.
    pub fn is_empty(&self) -> bool {
        !self.columns.is_found
            && self.columns.user.state.is_none()
            && self.columns.role_ids.is_none()
            && self.api_keys.is_empty()
            && self.history.is_empty()
    }
}

/// Reads a user, the newest twenty of each kind.
pub async fn read_user(
    database: &Database,
    user: &UserId,
    now: Timestamp,
) -> Result<UserDetails, DatabaseError> {
    let of = |sql| Statement::new(sql, [user.into()]);
    let mut batch = Batch::new();
    let columns = batch.push::<DetailColumns>(Statement::new(USER, [user.into(), now.into()]));
    let push_tokens = batch.push::<PushTokenRow>(of(PUSH_TOKENS));
    let instance_users = batch.push::<InstanceUserRow>(of(INSTANCE_USERS));
    let api_keys = batch.push::<KeyColumns>(of(API_KEYS));
    let notices = batch.push::<NoticeCounts>(of(NOTICES));
    let history = batch.push::<AuditRow>(of(HISTORY));
    let results = database.run(batch).await?;
    let keys = results.rows(api_keys)?.into_iter();
    Ok(UserDetails {
        columns: results.one(columns)?,
        push_tokens: results.rows(push_tokens)?,
        instance_users: results.rows(instance_users)?,
        api_keys: keys.map(KeyColumns::into_row).collect::<Result<_, _>>()?,
        notices: results.one(notices)?,
        history: results.rows(history)?,
    })
}
