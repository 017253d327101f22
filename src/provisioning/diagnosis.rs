//! Where a user's provisioning stands. Changes nothing, but for one thing: a quarantined user whose
//! account is there after all is due again, where the caller may bring that about.

use std::time::Duration;

use crate::db::{Database, DatabaseError};
use crate::kernel::audit::{Action, Entry, Origin};
use crate::kernel::ordered::set_of;
use crate::kernel::{Clock, Deadline, UserId};
use crate::provisioning::next::Standing;
use crate::provisioning::record::{ProvisioningRecord, State};
use crate::provisioning::sighting::{SEEN_AGAIN, check_list, is_seen};
use crate::provisioning::store;
use crate::threedeye::{Client, DirectoryScan, ScanQuery, UpstreamError};

/// How many masked e-mails are shown for a human to recognise the customer by.
const SAMPLES: usize = 5;

/// The rows and the probe, taken at the same time.
#[derive(Debug)]
pub struct Diagnosis {
    pub record: ProvisioningRecord,
    pub standing: Standing,
    /// What the customer's list shows; `None`: not configured.
    pub probe: Option<Result<DirectoryScan, UpstreamError>>,
}

/// Reads the rows (one round trip) while the list's first page is under way. `releases` is who lifts a quarantine
/// that the list contradicts; `None`: it stays, and is left to support.
pub async fn diagnose(
    database: &Database,
    remote: Option<&Client>,
    clock: &dyn Clock,
    user: &UserId,
    budget: Duration,
    releases: Option<&Origin>,
) -> Result<Diagnosis, DatabaseError> {
    let Some(remote) = remote else {
        let (record, standing) = store::load_with_standing(database, user).await?;
        return Ok(Diagnosis {
            record,
            standing,
            probe: None,
        });
    };
    let mut rows = None;
    let query = async {
        let read = store::load_with_standing(database, user).await;
        let query = read.as_ref().map(|(record, _)| scan_query(record));
        let query = query.unwrap_or_default();
        rows = Some(read);
        query
    };
    let probe = remote.scan(query, Deadline::after(clock, budget)).await;
    let (mut record, mut standing) = match rows {
        Some(read) => read?,
        // The probe failed before it asked what to look for.
        None => store::load_with_standing(database, user).await?,
    };
    let probe = match probe {
        Ok(scan) => check_list(database, scan, Some(user)).await?,
        Err(error) => Err(error),
    };
    let is_contradicted = probe
        .as_ref()
        .is_ok_and(|scan| is_released_by(scan, &record));
    match releases {
        Some(origin) if is_contradicted => {
            let entry = Entry {
                at: clock.now(),
                origin: origin.clone(),
                action: Action::Requeue,
                subject: user.to_string(),
                outcome: SEEN_AGAIN.to_owned(),
            };
            store::release_quarantined(database, &[user], entry.at, &[entry]).await?;
            (record, standing) = store::load_with_standing(database, user).await?;
        }
        None if is_contradicted => standing.is_contradicted = true,
        _ => {}
    }
    Ok(Diagnosis {
        record,
        standing,
        probe: Some(probe),
    })
}

/// Whether the list shows what the user's quarantine denies.
fn is_released_by(scan: &DirectoryScan, record: &ProvisioningRecord) -> bool {
    let email = record.user.as_ref().and_then(|row| row.email_key.as_ref());
    let Some((email, mapping)) = email.zip(record.mapping.as_ref()) else {
        return false;
    };
    mapping.state == State::Quarantined && is_seen(scan, email, mapping.respelled.is_some())
}

fn scan_query(record: &ProvisioningRecord) -> ScanQuery {
    let email = record.user.as_ref().and_then(|row| row.email_key.clone());
    let mapped = record
        .mapping
        .as_ref()
        .and_then(|row| row.threedeye_id.clone());
    ScanQuery {
        emails: set_of(email),
        ids: set_of(mapped),
        samples: SAMPLES,
        count: true,
        ..ScanQuery::default()
    }
}
