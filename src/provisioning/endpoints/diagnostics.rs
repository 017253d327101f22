//! `GET /admin/threedeye/users/{userId}`: where a user's provisioning stands.
//!
//! Read-only. One D1 round trip, in parallel with the probe. An unknown user
//! and an unreachable 3dEye are answers, not errors.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::Failure;
use crate::provisioning::diagnosis::{Diagnosis, diagnose};
use crate::provisioning::record::{Mapping, ProvisioningRecord};
use crate::threedeye::{DirectoryScan, UpstreamError};
use crate::web::caller::Admin;
use crate::web::{ApiError, Call, Reply, Route, handler};

/// The whole probe; a list too long for it is answered as unknown.
const PROBE_BUDGET: Duration = Duration::from_secs(15);

pub const ROUTE: Route = Route::get(
    "/admin/threedeye/users/{userId}",
    "diagnoseUser",
    handler!(handle: Admin),
);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    user_id: String,
    user: UserPart,
    mapping: MappingPart,
    recovery: RecoveryPart,
    remote: RemotePart,
}

#[derive(Serialize)]
struct UserPart {
    found: bool,
    email: Option<String>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct MappingPart {
    found: bool,
    threedeye_user_id: Option<String>,
    has_password: bool,
    created_at: Option<Timestamp>,
    remote_account_exists: Option<bool>,
    state: Option<&'static str>,
    attempts: u32,
    last_error: Option<String>,
    next_attempt_at: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecoveryPart {
    found: bool,
    role_ids: Vec<String>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct RemotePart {
    configured: bool,
    customer_id: Option<String>,
    customer_user_count: Option<u64>,
    email_present_in_customer: Option<bool>,
    #[serde(rename = "match")]
    matched: Option<MatchPart>,
    sample_emails: Vec<String>,
    error: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MatchPart {
    id: String,
    email: String,
    role_count: usize,
}

async fn handle(call: Call<Admin>) -> Result<Reply, ApiError> {
    let user = call.user_id()?;
    call.query(&[])?;
    let services = &call.services;
    let database = services.database()?;
    let remote = services.remote();
    let found = diagnose(
        &database,
        remote.as_ref(),
        &*services.clock,
        &user,
        PROBE_BUDGET,
    )
    .await?;
    let customer_id = services
        .config
        .threedeye
        .as_ref()
        .map(|config| config.customer_id.clone());
    let body = describe(&user, &found, customer_id);
    Ok(Reply::json(StatusCode::OK, &body).no_store())
}

fn describe(user: &UserId, found: &Diagnosis, customer_id: Option<String>) -> Body {
    let Diagnosis { record, probe } = found;
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
            .map(|mapping| describe_mapping(mapping, scan))
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
        last_error: mapping.last_error.clone(),
        next_attempt_at: mapping.next_attempt_at,
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
            return RemotePart {
                error: Some(error.to_string()),
                ..part
            };
        }
    };
    let email = record.user.as_ref().and_then(|row| row.email_key.as_ref());
    let matched = email.and_then(|email| scan.by_email(email));
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
