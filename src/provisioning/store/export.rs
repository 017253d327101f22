//! All that is stored about a person, without secrets, in one round trip.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::db::{self, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;
use crate::kernel::{Timestamp, UserId};

// CAST: other services may store any type.
const USER: &str = "
SELECT CAST(email AS TEXT) AS email, CAST(phone_number AS TEXT) AS phone_number,
       CAST(created_at AS TEXT) AS created_at, CAST(auth_subject AS TEXT) AS auth_subject
FROM users WHERE uuid = ?1";

// Saved roles may be all there is: a reset can keep them and clear the rest.
const ACCOUNT: &str = "
SELECT coalesce(t.state, 'idle') AS state, t.email_key AS email,
       t.threedeye_id AS threedeye_user_id, t.password_sealed IS NOT NULL AS has_password,
       coalesce(t.attempts, 0) AS attempts, t.last_error, t.next_attempt_at,
       coalesce(t.created_at, r.created_at) AS created_at,
       coalesce(t.updated_at, r.created_at) AS updated_at,
       t.left_at, t.forgotten_email, t.forgotten_threedeye_id, t.taken_over_email,
       coalesce(r.role_ids, '[]') AS role_ids
FROM (SELECT ?1 AS id) q
LEFT JOIN threedeye_users t ON t.user_id = q.id
LEFT JOIN threedeye_recovery r ON r.user_id = q.id
WHERE t.user_id IS NOT NULL OR r.user_id IS NOT NULL";

const PROFILE: &str = "
SELECT settings, team_id, verified_email, pending_email, pending_email_until, updated_at
FROM profiles WHERE user_id = ?1";

const SECOND_FACTOR: &str = "
SELECT enabled_at, pending_until, totp_failures, backup_failures,
       (SELECT count(*) FROM backup_codes WHERE user_id = ?1) AS backup_codes,
       (SELECT count(*) FROM backup_codes WHERE user_id = ?1 AND used_at IS NULL)
         AS backup_codes_left
FROM second_factors WHERE user_id = ?1";

const PUSH_TOKENS: &str = "
SELECT id, platform, created_at, last_seen_at
FROM push_tokens WHERE user_id = ?1 ORDER BY created_at, id";

const SCENES: &str = "
SELECT team_id, scene, dashboard_id
FROM scene_personalisations WHERE user_id = ?1 ORDER BY id";

const API_KEYS: &str = "
SELECT id, scopes, label, created_at, last_used_at, expires_at, revoked_at
FROM api_keys WHERE user_id = ?1 ORDER BY created_at, id";

const INSTANCE_USERS: &str = "
SELECT id, instance, username, key_changed_at, created_at
FROM instance_users WHERE user_id = ?1 ORDER BY id";

const NOTICES: &str = "
SELECT id, type AS kind, recipient, attempts, created_at, expires_at
FROM notices WHERE user_id = ?1 ORDER BY created_at, id";

const LISTS: &str = "
SELECT b.run_id, r.action, b.state, b.outcome, b.ended_at
FROM provisioning_bulk_users b
CROSS JOIN provisioning_runs r ON r.run_id = b.run_id
WHERE b.user_id = ?1 ORDER BY b.run_id";

// ?1 user, ?2 before this id, ?3 limit
const TRAIL: &str = "
SELECT id, at, actor, action, outcome, request_id, address
FROM audit_log WHERE subject = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

// ?1 entry, ?2 user. Reading nothing leaves no trace. That there is something is `Exported::is_empty`
// in SQL.
const AUDIT: &str = audit_rows!(
    "WHERE EXISTS (SELECT 1 FROM users WHERE uuid = ?2)
   OR EXISTS (SELECT 1 FROM threedeye_users WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM threedeye_recovery WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM profiles WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM second_factors WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM push_tokens WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM scene_personalisations WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM api_keys WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM instance_users WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM notices WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM provisioning_bulk_users WHERE user_id = ?2)
   OR EXISTS (SELECT 1 FROM audit_log WHERE subject = ?2)"
);

db::row! {
    /// The row in `users`.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedUser"))]
    pub struct UserPart {
        /// As it was entered.
        email: Option<String>,
        phone_number: Option<String>,
        created_at: Option<String>,
        /// The identity provider's subject.
        auth_subject: Option<String>,
    }
}

db::row! {
    /// Where provisioning stands, and the account at 3dEye.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedThreedeyeAccount"))]
    pub struct AccountPart {
        /// As in the diagnostics, and `idle`.
        state: String,
        email: Option<String>,
        threedeye_user_id: Option<String>,
        has_password: bool,
        attempts: u32,
        last_error: Option<String>,
        next_attempt_at: Option<Timestamp>,
        created_at: Timestamp,
        updated_at: Timestamp,
        /// When the user was deleted.
        left_at: Option<Timestamp>,
        /// An earlier account that may still exist.
        forgotten_email: Option<String>,
        forgotten_threedeye_id: Option<String>,
        /// The e-mail of the account that this one took the place of; empty if there were several.
        taken_over_email: Option<String>,
        /// Roles that wait to be attached again.
        role_ids: Vec<String> = json,
    }
}

db::row! {
    /// What the person has set.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedProfile"))]
    pub struct ProfilePart {
        settings: Map<String, Value> = json,
        team_id: Option<i64>,
        verified_email: Option<String>,
        pending_email: Option<String>,
        pending_email_until: Option<Timestamp>,
        updated_at: Timestamp,
    }
}

db::row! {
    /// The second factor, without its secret and codes.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedSecondFactor"))]
    pub struct SecondFactorPart {
        /// Null: it is off.
        enabled_at: Option<Timestamp>,
        /// Until when a set-up can be finished.
        pending_until: Option<Timestamp>,
        /// Refused codes in a row.
        totp_failures: u32,
        backup_failures: u32,
        backup_codes: u32,
        backup_codes_left: u32,
    }
}

db::row! {
    /// A device, without its token.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedPushToken"))]
    pub struct PushTokenPart {
        id: String,
        platform: String,
        created_at: Timestamp,
        last_seen_at: Timestamp,
    }
}

db::row! {
    /// A dashboard chosen for a scene.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedScene"))]
    pub struct ScenePart {
        team_id: i64,
        scene: String,
        dashboard_id: i64,
    }
}

db::row! {
    /// An API key, without the key itself.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedApiKey"))]
    pub struct ApiKeyPart {
        id: String,
        scopes: Vec<String> = json,
        label: Option<String>,
        created_at: Timestamp,
        last_used_at: Option<Timestamp>,
        expires_at: Option<Timestamp>,
        revoked_at: Option<Timestamp>,
    }
}

db::row! {
    /// A user of an instance, without its key.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedInstanceUser"))]
    pub struct InstanceUserPart {
        id: i64,
        instance: String,
        username: String,
        key_changed_at: Timestamp,
        created_at: Timestamp,
    }
}

db::row! {
    /// A notice that is not delivered yet, without its token.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedNotice"))]
    pub struct NoticePart {
        id: String,
        kind: String,
        recipient: Option<String>,
        attempts: u32,
        created_at: Timestamp,
        expires_at: Option<Timestamp>,
    }
}

db::row! {
    /// A list for `bulk` that named the user.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedList"))]
    pub struct ListPart {
        run_id: String,
        action: String,
        /// As in `listRunUsers`.
        state: String,
        outcome: Option<String>,
        ended_at: Option<Timestamp>,
    }
}

db::row! {
    /// A row of the audit trail.
    #[derive(Debug, Serialize)]
    #[serde(rename_all = "camelCase")]
    #[cfg_attr(test, derive(JsonSchema), schemars(rename = "ExportedAuditRow"))]
    pub struct TrailPart {
        pub id: u32,
        at: Timestamp,
        actor: String,
        action: String,
        outcome: String,
        request_id: String,
        /// The client's address.
        address: Option<String>,
    }
}

/// All of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
pub struct Exported {
    /// Null: there is no such user (any more).
    pub user: Option<UserPart>,
    /// Null: nothing is recorded.
    pub threedeye_account: Option<AccountPart>,
    pub profile: Option<ProfilePart>,
    pub second_factor: Option<SecondFactorPart>,
    pub push_tokens: Vec<PushTokenPart>,
    pub scenes: Vec<ScenePart>,
    /// Revoked ones included.
    pub api_keys: Vec<ApiKeyPart>,
    pub instance_users: Vec<InstanceUserPart>,
    pub notices: Vec<NoticePart>,
    /// Kept like the trail.
    pub lists: Vec<ListPart>,
    /// What was done to the user, newest first. It stays when the user is deleted.
    pub audit: Vec<TrailPart>,
}

impl Exported {
    /// Whether nothing is stored. Keys outlive their user, for instance.
    pub fn is_empty(&self) -> bool {
        self.user.is_none()
            && self.threedeye_account.is_none()
            && self.profile.is_none()
            && self.second_factor.is_none()
            && self.push_tokens.is_empty()
            && self.scenes.is_empty()
            && self.api_keys.is_empty()
            && self.instance_users.is_empty()
            && self.notices.is_empty()
            && self.lists.is_empty()
            && self.audit.is_empty()
    }
}

/// Reads all that is stored about a user, and of the trail `limit` rows before the one with this id;
/// writes down that it was read.
pub async fn export_user(
    database: &Database,
    user: &UserId,
    before: u32,
    limit: u32,
    entry: &Entry,
) -> Result<Exported, DatabaseError> {
    let of = |sql| Statement::new(sql, [user.into()]);
    let mut batch = Batch::new();
    let row = batch.push(of(USER));
    let account = batch.push(of(ACCOUNT));
    let profile = batch.push(of(PROFILE));
    let factor = batch.push(of(SECOND_FACTOR));
    let push_tokens = batch.push(of(PUSH_TOKENS));
    let scenes = batch.push(of(SCENES));
    let api_keys = batch.push(of(API_KEYS));
    let instance_users = batch.push(of(INSTANCE_USERS));
    let notices = batch.push(of(NOTICES));
    let lists = batch.push(of(LISTS));
    let args = [user.into(), before.into(), limit.into()];
    let audit = batch.push(Statement::new(TRAIL, args));
    batch.execute(Statement::new(AUDIT, [audit_json([entry])?, user.into()]));
    let answers = database.run(batch).await?;
    Ok(Exported {
        user: answers.first(row)?,
        threedeye_account: answers.first(account)?,
        profile: answers.first(profile)?,
        second_factor: answers.first(factor)?,
        push_tokens: answers.rows(push_tokens)?,
        scenes: answers.rows(scenes)?,
        api_keys: answers.rows(api_keys)?,
        instance_users: answers.rows(instance_users)?,
        notices: answers.rows(notices)?,
        lists: answers.rows(lists)?,
        audit: answers.rows(audit)?,
    })
}
