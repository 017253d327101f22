//! Where a user's provisioning stands: read-only.

use std::time::Duration;

use crate::kernel::{Clock, Deadline, UserId};
use crate::threedeye::{Survey, Upstream, UpstreamError, Wanted};

use crate::db::DatabaseError;
use crate::provisioning::Store;
use crate::provisioning::record::Dossier;

/// How many masked e-mails a human gets to recognise the customer by.
const SAMPLES: usize = 5;

/// The rows and the probe, taken at the same time.
#[derive(Debug)]
pub struct Diagnosis {
    /// The rows.
    pub dossier: Dossier,
    /// What the customer's list shows; `None`: not configured.
    pub probe: Option<Result<Survey, UpstreamError>>,
}

/// Reads the rows (one round trip) while the list's first page is under way.
pub async fn diagnose(
    store: &impl Store,
    upstream: Option<&impl Upstream>,
    clock: &dyn Clock,
    user: &UserId,
    budget: Duration,
) -> Result<Diagnosis, DatabaseError> {
    let Some(upstream) = upstream else {
        return Ok(Diagnosis {
            dossier: store.dossier(user).await?,
            probe: None,
        });
    };
    let mut rows = None;
    let wanted = async {
        let read = store.dossier(user).await;
        let wanted = read.as_ref().map(what_to_look_for).unwrap_or_default();
        rows = Some(read);
        wanted
    };
    let probe = upstream
        .survey(wanted, Deadline::after(clock, budget))
        .await;
    let dossier = match rows {
        Some(read) => read?,
        // The probe failed before it asked what to look for.
        None => store.dossier(user).await?,
    };
    Ok(Diagnosis {
        dossier,
        probe: Some(probe),
    })
}

fn what_to_look_for(dossier: &Dossier) -> Wanted {
    let email = dossier.user.as_ref().and_then(|row| row.email_key.clone());
    let mapped = dossier
        .mapping
        .as_ref()
        .and_then(|row| row.threedeye_id.clone());
    Wanted {
        emails: email.into_iter().collect(),
        ids: mapped.into_iter().collect(),
        samples: SAMPLES,
        count: true,
    }
}
