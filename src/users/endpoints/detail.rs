//! `GET /admin/users/{userId}`: all that one page shows of a user. One read of D1 and no call to 3dEye.

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::audit::AuditEntry;
use crate::auth::SignIn;
use crate::auth::store::ApiKeyRow;
use crate::kernel::{Timestamp, UserId};
use crate::operators::Role;
use crate::provisioning::Reason;
use crate::provisioning::next::{Next, Standing};
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::record::State;
use crate::users::endpoints::row::UserState;
use crate::users::store::{
    self, DetailColumns, InstanceUserRow, NoticeCounts, PushTokenRow, SecondFactorColumns,
    UserDetails,
};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, errors, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, Reply, Route, handler};

pub const ROUTE: Route = Route::get(
    "/admin/users/{userId}",
    "showUser",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// All that one page shows of a user. To a session of the console e-mails and phone numbers are masked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "UserDetail"))]
struct Body {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    /// Whether there is a row in `users`. If not, the user was deleted, and the rest is what is left.
    found: bool,
    /// The first 320 characters; of a deleted user the last e-mail.
    email: Option<String>,
    phone_number: Option<String>,
    /// As the service that made the user wrote it.
    created_at: Option<String>,
    /// The identity provider's name of the person.
    auth_subject: Option<String>,
    team_id: Option<u64>,
    /// The e-mail that the person asked for and has not confirmed.
    pending_email: Option<String>,
    /// Until when it can be confirmed.
    pending_email_until: Option<Timestamp>,
    provisioning: ProvisioningPart,
    two_factor: TwoFactorPart,
    /// Devices for push messages, those seen last first.
    #[cfg_attr(test, schemars(length(max = 20)))]
    push_tokens: Vec<PushTokenPart>,
    /// Users of instances that are tied to this user; the newest twenty.
    #[cfg_attr(test, schemars(length(max = 20)))]
    instance_users: Vec<InstanceUserPart>,
    /// Keys of programs that are bound to this user, revoked ones included; the newest twenty.
    #[cfg_attr(test, schemars(length(max = 20)))]
    api_keys: Vec<ApiKeyRow>,
    notices: NoticesPart,
    /// The audit trail about this user, the newest twenty rows.
    #[cfg_attr(test, schemars(length(max = 20)))]
    history: Vec<AuditEntry>,
}

/// The 3dEye account, as far as it is recorded here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct ProvisioningPart {
    state: UserState,
    /// The account's id, once known.
    threedeye_user_id: Option<String>,
    /// Whether a sealed password is stored.
    has_password: bool,
    /// Failed attempts since the last success or reset.
    attempts: u32,
    /// Why the last attempt failed, as a word.
    reason: Option<Reason>,
    /// The same as a sentence.
    last_error: Option<String>,
    /// When the next attempt is due after a failure; `dueAt` tells it of every user in the queue.
    next_attempt_at: Option<Timestamp>,
    /// The user's place in the queue; null: not in it.
    due_at: Option<Timestamp>,
    /// Until when an actor works on the user; null: none does.
    lease_until: Option<Timestamp>,
    /// The planned run that has the user.
    run_id: Option<String>,
    /// Camera roles that wait to be attached again.
    saved_roles: Vec<String>,
    /// Whether the account took the place of one that we had not made.
    taken_over: bool,
    /// When the user was deleted; null: it was not.
    left_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    next: Next,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct TwoFactorPart {
    enabled: bool,
    enabled_at: Option<Timestamp>,
    /// Until when a set-up that was begun can be finished; null: there is none.
    set_up_until: Option<Timestamp>,
    backup_codes_remaining: u32,
    /// Codes of the authenticator.
    totp: LockPart,
    backup_code: LockPart,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct LockPart {
    /// Wrong codes in a row. From 100 on none is accepted until support unlocks.
    failures: u32,
    /// Until when no code is accepted; null: codes are.
    locked_until: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct PushTokenPart {
    id: String,
    #[cfg_attr(test, schemars(extend("enum" = ["ios", "android", "web"])))]
    platform: String,
    created_at: Timestamp,
    last_seen_at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct InstanceUserPart {
    id: u64,
    instance: String,
    /// E-mails and phone numbers in it are masked to a session of the console.
    username: String,
    key_changed_at: Timestamp,
}

/// Account notices that are not delivered yet, counted up to twenty.
#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct NoticesPart {
    waiting: u32,
    /// Those of them whose delivery was tried.
    failing: u32,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let now = call.now();
    let details = store::read_user(&call.services.database()?, &user, now).await?;
    if details.is_empty() {
        return Err(ApiError::unknown_user());
    }
    let data = PersonalData::for_caller(&call.caller);
    let body = Body::new(&user, details, data, call.services.removals(), now);
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

impl Body {
    fn new(
        user: &UserId,
        mut details: UserDetails,
        data: PersonalData,
        removals: RemovalOrder,
        now: Timestamp,
    ) -> Self {
        let columns = details.columns;
        let email = |email: Option<String>| email.map(|email| data.email(email));
        for key in &mut details.api_keys {
            key.label = key.label.take().map(|label| data.text(label));
        }
        let has_pending = columns.pending_email.is_some();
        Self {
            user_id: user.to_string(),
            found: columns.is_found,
            email: email(columns.user.email.clone()),
            phone_number: columns.user.phone_number.clone().map(|one| data.phone(one)),
            created_at: columns.user.created_at.clone(),
            auth_subject: columns.auth_subject.clone().map(|one| data.text(one)),
            team_id: columns.team_id,
            pending_email: email(columns.pending_email.clone()),
            pending_email_until: columns.pending_email_until.filter(|_| has_pending),
            two_factor: TwoFactorPart::new(columns.user.is_two_factor_on, &columns.second_factor),
            provisioning: ProvisioningPart::new(columns, removals, now),
            push_tokens: details.push_tokens.into_iter().map(Into::into).collect(),
            instance_users: details
                .instance_users
                .into_iter()
                .map(|row| InstanceUserPart::new(row, data))
                .collect(),
            api_keys: details.api_keys,
            notices: details.notices.into(),
            history: details
                .history
                .into_iter()
                .map(|row| AuditEntry::of(row, |text| data.text(text)))
                .collect(),
        }
    }
}

impl ProvisioningPart {
    fn new(columns: DetailColumns, removals: RemovalOrder, now: Timestamp) -> Self {
        let user = columns.user;
        let state = user.state.as_deref().and_then(State::parse);
        let reason = user.error_code.as_deref().and_then(Reason::parse);
        let standing = Standing {
            has_user: columns.is_found,
            is_contradicted: false,
            state: state.unwrap_or(State::Idle),
            reason,
            due_at: columns.due_at,
            is_planned: columns.run_id.is_some(),
            lease_until: columns.lease_until.unwrap_or_default(),
            email_holder: columns.email_holder,
            leaving_since: columns.leaving_since,
        };
        let roles = columns.role_ids.as_deref();
        Self {
            state: UserState::of(state, user.has_usable_email),
            threedeye_user_id: columns.threedeye_id,
            has_password: columns.has_password,
            attempts: user.attempts.unwrap_or(0),
            reason,
            last_error: user.last_error,
            next_attempt_at: user.next_attempt_at,
            due_at: columns.due_at,
            lease_until: columns.lease_until.filter(|until| *until > now),
            run_id: columns.run_id,
            // A CHECK holds the column to a list of strings.
            saved_roles: roles
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default(),
            taken_over: columns.is_taken_over,
            left_at: columns.left_at,
            created_at: columns.recorded_at,
            updated_at: columns.updated_at,
            next: standing.next(removals, now),
        }
    }
}

impl TwoFactorPart {
    fn new(enabled: bool, columns: &SecondFactorColumns) -> Self {
        Self {
            enabled,
            enabled_at: columns.enabled_at.filter(|_| enabled),
            set_up_until: columns.set_up_until,
            backup_codes_remaining: columns.backup_codes_remaining,
            totp: LockPart {
                failures: columns.totp_failures,
                locked_until: columns.totp_locked_until,
            },
            backup_code: LockPart {
                failures: columns.backup_failures,
                locked_until: columns.backup_locked_until,
            },
        }
    }
}

impl From<PushTokenRow> for PushTokenPart {
    fn from(row: PushTokenRow) -> Self {
        Self {
            id: row.id,
            platform: row.platform,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        }
    }
}

impl InstanceUserPart {
    fn new(row: InstanceUserRow, data: PersonalData) -> Self {
        Self {
            id: row.id,
            instance: row.instance,
            username: data.text(row.username),
            key_changed_at: row.key_changed_at,
        }
    }
}

impl From<NoticeCounts> for NoticesPart {
    fn from(counts: NoticeCounts) -> Self {
        Self {
            waiting: counts.waiting,
            failing: counts.failing,
        }
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "User support",
        "All that is known of a user",
        "Where the user stands and what happens next, the second factor, devices, keys, and what was done lately. One \
         read of the database; 3dEye is not asked. Deleted users are there for as long as anything is left of them.",
    )
    .parameter(spec.user_id())
    .answer(
        spec.json::<Body>(200, "What is known.")
            .no_store()
            .link("diagnoseUser", [("userId", "$request.path.userId")])
            .example("quarantined", example!({
                "userId": "00000000-0000-4000-8000-000000000001",
                "found": true,
                "email": "j***@example.com",
                "phoneNumber": null,
                "createdAt": "2024-01-15T10:30:00.000Z",
                "authSubject": "auth0|jane",
                "teamId": 7,
                "pendingEmail": null,
                "pendingEmailUntil": null,
                "provisioning": {
                    "state": "quarantined",
                    "threedeyeUserId": null,
                    "hasPassword": true,
                    "attempts": 1,
                    "reason": "orphan",
                    "lastError": "the e-mail belongs to an account outside our customer",
                    "nextAttemptAt": null,
                    "dueAt": null,
                    "leaseUntil": null,
                    "runId": null,
                    "savedRoles": [],
                    "takenOver": false,
                    "leftAt": null,
                    "createdAt": "2026-11-21T10:30:00.000Z",
                    "updatedAt": "2026-11-21T10:30:01.000Z",
                    "next": { "act": "needs_support", "at": null, "otherUserId": null }
                },
                "twoFactor": {
                    "enabled": true,
                    "enabledAt": "2026-11-01T08:00:00.000Z",
                    "setUpUntil": null,
                    "backupCodesRemaining": 9,
                    "totp": { "failures": 0, "lockedUntil": null },
                    "backupCode": { "failures": 0, "lockedUntil": null }
                },
                "pushTokens": [{
                    "id": "push_01JZX0000000000000000000EX",
                    "platform": "ios",
                    "createdAt": "2026-11-01T08:00:00.000Z",
                    "lastSeenAt": "2026-11-20T08:00:00.000Z"
                }],
                "instanceUsers": [],
                "apiKeys": [],
                "notices": { "waiting": 0, "failing": 0 },
                "history": [{
                    "id": 7,
                    "at": "2026-11-21T10:30:01.000Z",
                    "actor": { "kind": "cron", "id": null, "name": null },
                    "action": "threedeye.provision",
                    "subject": "00000000-0000-4000-8000-000000000001",
                    "outcome": "the e-mail belongs to an account outside our customer",
                    "reason": null,
                    "requestId": "req_01JZX0000000000000000000EX",
                    "address": null
                }]
            })),
    )
    .error(errors::unknown_user())
}
