//! `GET /admin/threedeye/users/{userId}`: where a user's provisioning stands.
//!
//! Read-only, but for a quarantined user whose account is seen: that user is due again, if the caller may
//! mend users. An unknown user and an unreachable 3dEye are answers, not errors.

use std::time::Duration;

use http::StatusCode;
#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::auth::SignIn;
use crate::kernel::{Timestamp, UserId};
use crate::operators::Role;
use crate::provisioning::diagnosis::{Diagnosis, diagnose};
use crate::provisioning::next::Next;
use crate::provisioning::record::{Mapping, ProvisioningRecord};
use crate::provisioning::{Failure, Reason};
#[cfg(test)]
use crate::threedeye::RemoteId;
use crate::threedeye::{DirectoryScan, UpstreamError};
use crate::web::caller::Admin;
#[cfg(test)]
use crate::web::openapi::{OperationDoc, Spec, example};
use crate::web::personal_data::PersonalData;
use crate::web::{ApiError, Call, ErrorFormat, Reply, Route, handler};

/// The whole probe; a list too long for it is answered as unknown.
const PROBE_BUDGET: Duration = Duration::from_secs(15);

pub const ROUTE: Route = Route::get_only(
    "/admin/threedeye/users/{userId}",
    "diagnoseUser",
    handler!(handle: Admin, (Role::Viewer, SignIn::AnyTime)),
);

/// Where one user's provisioning stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(rename = "Diagnostics"))]
struct Body {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    /// The row in `users`.
    user: UserPart,
    /// The row in `threedeye_users`. Where found is false, everything else is null, false or 0.
    mapping: MappingPart,
    /// Roles that wait to be attached again.
    recovery: RecoveryPart,
    /// What 3dEye shows right now.
    remote: RemotePart,
    next: Next,
}

#[derive(Serialize)]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct UserPart {
    /// Whether there is one.
    found: bool,
    /// The e-mail as it was entered; masked to a session of the console.
    email: Option<String>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct MappingPart {
    /// Whether there is one that tells something.
    found: bool,
    /// The account's id, once known.
    #[cfg_attr(test, schemars(length(min = 1)))]
    threedeye_user_id: Option<String>,
    /// Whether a sealed password is stored. The password itself is never part of this answer.
    has_password: bool,
    /// When the row was made.
    created_at: Option<Timestamp>,
    /// Whether the customer's list shows the mapped id. Null: not probed, not seen whole, or no id.
    remote_account_exists: Option<bool>,
    /// pending: an intent is recorded, the account may exist or not. attaching: the account is
    /// there, saved roles wait. complete: done. quarantined: the e-mail is taken outside our
    /// customer, or present there in another spelling; a reset, another e-mail, or the account
    /// being seen lifts it. set_aside: another user holds the same e-mail.
    /// leaving: the user was deleted, and its account will be; until then its e-mail is not free.
    /// left_in_place: the user was deleted, its account is protected and waits for a decision.
    /// Null: nothing is recorded.
    #[cfg_attr(test, schemars(extend("enum" = ["pending", "attaching", "complete", "quarantined", "set_aside", "leaving", "left_in_place", null])))]
    state: Option<&'static str>,
    /// Failed attempts since the last success or reset.
    attempts: u32,
    /// Why the last attempt failed, as a word.
    reason: Option<Reason>,
    /// The same as a sentence.
    last_error: Option<String>,
    /// When the next attempt is due.
    next_attempt_at: Option<Timestamp>,
    /// Whether the account took the place of one that we had not made. A person then gets its
    /// password only with a token that proves the e-mail which that account had.
    taken_over: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct RecoveryPart {
    /// Whether there is a row.
    found: bool,
    /// The roles.
    role_ids: Vec<String>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct RemotePart {
    /// Whether 3dEye is configured. If not, the rest is null or empty.
    configured: bool,
    /// Our customer.
    customer_id: Option<String>,
    /// How many users our customer has. Null: unknown.
    customer_user_count: Option<u64>,
    /// Whether an account of our customer has this user's e-mail, in whichever spelling. Null:
    /// unknown.
    email_present_in_customer: Option<bool>,
    /// The account with this user's e-mail, else one with the same e-mail in another spelling (case
    /// or composition of letters beyond ASCII), or null.
    #[serde(rename = "match")]
    matched: Option<MatchPart>,
    /// A few masked e-mails, to see whether this is the right customer.
    #[cfg_attr(test, schemars(length(max = 5), inner(regex(pattern = r"\*\*\*"))))]
    sample_emails: Vec<String>,
    /// Why the probe failed. The answer is a 200 all the same.
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema), schemars(inline))]
struct MatchPart {
    #[cfg_attr(test, schemars(with = "RemoteId"))]
    id: String,
    /// The e-mail as 3dEye spells it; masked to a session of the console.
    #[cfg_attr(test, schemars(length(min = 1)))]
    email: String,
    /// How many camera roles it holds.
    role_count: usize,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let services = &call.services;
    let database = services.database()?;
    let remote = services.remote();
    // Each reads the customer's whole list, so an operator's have the limit of a person: a fifth.
    if let Admin::Operator(session) = &call.caller
        && !services.person_within_limit(&session.operator().id).await
    {
        return Err(ErrorFormat::Admin.too_many());
    }
    let origin = call.origin(call.caller.actor());
    let may_mend = call.require(Role::Support, SignIn::AnyTime).is_ok();
    let found = diagnose(
        &database,
        remote.as_ref(),
        &*services.clock,
        &user,
        PROBE_BUDGET,
        may_mend.then_some(&origin),
    )
    .await?;
    let customer_id = services
        .config
        .threedeye
        .as_ref()
        .map(|config| config.customer_id.clone());
    let next = found.standing.clone().next(services.removals(), call.now());
    let mut body = describe(&user, &found, customer_id, next);
    let data = PersonalData::for_caller(&call.caller);
    body.user.email = body.user.email.map(|email| data.email(email));
    body.remote.matched = body.remote.matched.map(|account| MatchPart {
        email: data.email(account.email),
        ..account
    });
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

fn describe(user: &UserId, found: &Diagnosis, customer_id: Option<String>, next: Next) -> Body {
    let Diagnosis {
        record,
        standing,
        probe,
    } = found;
    let scan = probe.as_ref().and_then(|probe| probe.as_ref().ok());
    Body {
        user_id: user.to_string(),
        user: UserPart {
            found: record.user.is_some(),
            email: record.user.as_ref().and_then(|row| row.email.clone()),
        },
        mapping: record
            .mapping
            .as_ref()
            .filter(|mapping| mapping.is_recorded())
            .map(|mapping| MappingPart {
                reason: standing.reason,
                ..describe_mapping(mapping, scan)
            })
            .unwrap_or_default(),
        recovery: RecoveryPart {
            found: record.recovery.is_some(),
            role_ids: record
                .recovery
                .iter()
                .flat_map(|saved| saved.roles.iter().map(|role| role.0.clone()))
                .collect(),
        },
        remote: match probe {
            None => RemotePart::default(),
            Some(probe) => describe_remote(record, probe, customer_id),
        },
        next,
    }
}

fn describe_mapping(mapping: &Mapping, scan: Option<&DirectoryScan>) -> MappingPart {
    let exists = match (&mapping.threedeye_id, scan) {
        (Some(id), Some(scan)) if scan.by_id(id).is_some() => Some(true),
        (Some(_), Some(scan)) if scan.complete => Some(false),
        _ => None,
    };
    MappingPart {
        found: true,
        threedeye_user_id: mapping.threedeye_id.as_ref().map(|id| id.0.clone()),
        has_password: mapping.password.is_some(),
        created_at: Some(mapping.created_at),
        remote_account_exists: exists,
        state: Some(mapping.state.as_str()),
        attempts: mapping.attempts,
        reason: None,
        last_error: mapping.last_error.clone(),
        next_attempt_at: mapping.next_attempt_at,
        taken_over: mapping.taken_over.is_some(),
    }
}

fn describe_remote(
    record: &ProvisioningRecord,
    probe: &Result<DirectoryScan, UpstreamError>,
    customer_id: Option<String>,
) -> RemotePart {
    let part = RemotePart {
        configured: true,
        customer_id,
        ..RemotePart::default()
    };
    let scan = match probe {
        Ok(scan) => scan,
        Err(error) => {
            let error = Some(error.to_string());
            return RemotePart { error, ..part };
        }
    };
    let email = record.user.as_ref().and_then(|row| row.email_key.as_ref());
    let matched = email.and_then(|email| scan.by_email(email).or_else(|| scan.by_spelling(email)));
    let present = match (email, matched) {
        (None, _) => None,
        (Some(_), Some(_)) => Some(true),
        (Some(_), None) => scan.complete.then_some(false),
    };
    RemotePart {
        customer_user_count: scan.complete.then_some(scan.total),
        email_present_in_customer: present,
        matched: matched.map(|account| MatchPart {
            id: account.id.0.clone(),
            email: account.email.clone(),
            role_count: account.roles.len(),
        }),
        sample_emails: scan.samples.clone(),
        error: (!scan.complete).then(|| Failure::ListIncomplete.to_string()),
        ..part
    }
}

#[cfg(test)]
fn openapi(spec: &mut Spec) -> OperationDoc {
    OperationDoc::new(
        "3dEye support",
        "Where a user's provisioning stands",
        "Reads the rows and asks 3dEye at the same time. Changes nothing, but for one thing: a \
         quarantined user whose account is seen is due again; where an operator with the role viewer asks, \
         `next` tells that the next run will see to it. An unknown user and an unreachable 3dEye are answers, \
         not errors.",
    )
    .parameter(spec.user_id())
    .answer(
        spec.json::<Body>(200, "What is known.")
            .link("resetUser", [("userId", "$request.path.userId")])
            .no_store()
            .example(
                "provisioned",
                example!({
                    "userId": "00000000-0000-4000-8000-000000000001",
                    "user": { "found": true, "email": "jane@example.com" },
                    "mapping": {
                        "found": true,
                        "threedeyeUserId": "11111111-1111-4111-8111-111111111111",
                        "hasPassword": true,
                        "createdAt": "2026-11-21T10:30:00.000Z",
                        "remoteAccountExists": true,
                        "state": "complete",
                        "attempts": 0,
                        "reason": null,
                        "lastError": null,
                        "nextAttemptAt": null,
                        "takenOver": false
                    },
                    "recovery": { "found": false, "roleIds": [] },
                    "remote": {
                        "configured": true,
                        "customerId": "customer-example",
                        "customerUserCount": 42,
                        "emailPresentInCustomer": true,
                        "match": {
                            "id": "11111111-1111-4111-8111-111111111111",
                            "email": "jane@example.com",
                            "roleCount": 2
                        },
                        "sampleEmails": ["a***@example.com", "b***@example.org"],
                        "error": null
                    },
                    "next": { "act": "none", "at": null, "otherUserId": null }
                }),
            )
            .example(
                "stuck",
                example!({
                    "userId": "00000000-0000-4000-8000-000000000002",
                    "user": { "found": true, "email": "omar@example.com" },
                    "mapping": {
                        "found": true,
                        "threedeyeUserId": null,
                        "hasPassword": true,
                        "createdAt": "2026-11-21T10:30:00.000Z",
                        "remoteAccountExists": null,
                        "state": "pending",
                        "attempts": 3,
                        "reason": "unavailable",
                        "lastError": "3dEye is unavailable",
                        "nextAttemptAt": "2026-11-21T10:46:00.000Z",
                        "takenOver": false
                    },
                    "recovery": { "found": false, "roleIds": [] },
                    "remote": {
                        "configured": true,
                        "customerId": "customer-example",
                        "customerUserCount": null,
                        "emailPresentInCustomer": null,
                        "match": null,
                        "sampleEmails": [],
                        "error": "3dEye is unavailable"
                    },
                    "next": { "act": "wait", "at": "2026-11-21T10:46:00.000Z", "otherUserId": null }
                }),
            )
            .example(
                "unknownUser",
                example!({
                    "userId": "unknown-user",
                    "user": { "found": false, "email": null },
                    "mapping": {
                        "found": false,
                        "threedeyeUserId": null,
                        "hasPassword": false,
                        "createdAt": null,
                        "remoteAccountExists": null,
                        "state": null,
                        "attempts": 0,
                        "reason": null,
                        "lastError": null,
                        "nextAttemptAt": null,
                    "takenOver": false
                    },
                    "recovery": { "found": false, "roleIds": [] },
                    "remote": {
                        "configured": false,
                        "customerId": null,
                        "customerUserCount": null,
                        "emailPresentInCustomer": null,
                        "match": null,
                        "sampleEmails": [],
                        "error": null
                    },
                    "next": { "act": "none", "at": null, "otherUserId": null }
                }),
            ),
    )
}
