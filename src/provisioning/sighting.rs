//! What a list of the customer's accounts shows beyond what it was read for: whether it can be
//! believed, and which quarantined users have their account in it.

use crate::db::{Database, DatabaseError};
use crate::kernel::audit::{Action, Entry};
use crate::kernel::ordered::set_of;
use crate::kernel::{Deadline, EmailKey, UserId};
use crate::provisioning::policy::{WATCH, list_deadline};
use crate::provisioning::store::{self, Quarantined};
use crate::provisioning::{Context, Provisioner};
use crate::threedeye::{DirectoryScan, ScanQuery, UpstreamError};

/// Refuses an empty list while users have accounts, the user `aside` not counted, for whom it was read, nor
/// those that left. One read of D1, and only for an empty list.
pub async fn check_list(
    database: &Database,
    scan: DirectoryScan,
    aside: Option<&UserId>,
) -> Result<Result<DirectoryScan, UpstreamError>, DatabaseError> {
    if scan.total == 0 && store::has_accounts(database, aside).await? {
        return Ok(Err(UpstreamError::EmptyList));
    }
    Ok(Ok(scan))
}

/// Whether the list shows what the user's quarantine denies. Another spelling that is known already is
/// no news.
pub fn is_seen(scan: &DirectoryScan, email: &EmailKey, respelled: bool) -> bool {
    scan.by_email(email).is_some() || (!respelled && scan.by_spelling(email).is_some())
}

impl Context<'_> {
    /// Makes those of these users due again whose account the list shows.
    pub(super) async fn release_seen(
        &self,
        quarantined: &[Quarantined],
        scan: &DirectoryScan,
    ) -> Result<(), DatabaseError> {
        let seen = quarantined
            .iter()
            .filter(|one| is_seen(scan, &one.email, one.respelled));
        let users: Vec<&UserId> = seen.map(|one| &one.user).collect();
        if users.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> = users
            .iter()
            .map(|user| self.entry(Action::Requeue, user, SEEN_AGAIN.to_owned()))
            .collect();
        store::release_quarantined(self.database, &users, self.clock.now(), &entries).await
    }
}

/// The outcome in the audit trail.
pub const SEEN_AGAIN: &str = "its account was seen";

impl Provisioner<'_> {
    /// A run without work reads the list for those quarantined within the last [`WATCH`], so that what
    /// a wrong list did is undone soon. The run does not fail where that fails.
    pub(super) async fn look_for_quarantined(
        &self,
        quarantined: &[Quarantined],
        deadline: Deadline,
    ) -> Result<(), DatabaseError> {
        let now = self.clock.now();
        let lately = quarantined
            .iter()
            .filter(|one| now.since(one.since) < WATCH);
        let query = ScanQuery {
            emails: set_of(lately.map(|one| one.email.clone())),
            ..ScanQuery::default()
        };
        if query.emails.is_empty() {
            return Ok(());
        }
        let deadline = list_deadline(deadline, now);
        let read = self.remote.scan(std::future::ready(query), deadline).await;
        match read {
            Ok(scan) => self.release_seen(quarantined, &scan).await,
            Err(_) => Ok(()),
        }
    }
}
