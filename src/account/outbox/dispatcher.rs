//! One round of delivery, as the cron trigger starts it, and each request that has written notices.
//!
//! Only the outbox keeps anything between rounds. A round may therefore end at any point, and rounds may
//! overlap: a notice that was claimed and not settled is due again after its wait, and a receiver that got it
//! already recognises its id.

use std::cell::Cell;

use futures_util::{StreamExt as _, pin_mut, stream};

use crate::account::outbox::{ClaimedNotice, FailedNotice, NoticeClaim, message};
use crate::account::store::{claim_notices, claim_these_notices, settle_notices};
use crate::db::{Database, DatabaseError};
use crate::kernel::http_client::{HttpClient, HttpError};
use crate::kernel::webhook::{NotReceived, send};
use crate::kernel::{Clock, Purpose, SealError, Sealer, Secret, Timestamp, Webhook};

const MAX_NOTICES_PER_ROUND: u32 = 50;

/// Half of the connections that an invocation may have open.
const MAX_CONCURRENT_DELIVERIES: usize = 3;

/// After as many failures that look like an outage of the receiver, the round ends.
const MAX_CONSECUTIVE_FAILURES: u32 = 5;

/// Why a notice was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryFailure {
    #[error(transparent)]
    NotReceived(#[from] NotReceived),
    /// The token does not open, and without it the notice is of no use.
    #[error("notices.token_sealed: {0}")]
    Unopened(#[from] SealError),
    #[error("CREDENTIALS_KEY is missing or malformed")]
    NoKey,
    #[error("the notice could not be signed")]
    Unsigned,
}

impl DeliveryFailure {
    /// Whether the cause is the receiver, and may pass. Any other needs an operator.
    pub const fn is_receivers(self) -> bool {
        matches!(self, Self::NotReceived(_))
    }

    /// A short, stable name: the status that the receiver answered, or a word. None of it is the receiver's text.
    fn code(self) -> String {
        let word = match self {
            Self::NotReceived(NotReceived::Refused(status)) => return status.to_string(),
            Self::NotReceived(NotReceived::NoAnswer(HttpError::TimedOut)) => "timed_out",
            Self::NotReceived(NotReceived::NoAnswer(HttpError::Connection)) => "unreachable",
            Self::NotReceived(NotReceived::NoAnswer(HttpError::TooLarge)) => "too_large",
            Self::Unopened(_) => "unopened",
            Self::NoKey => "no_key",
            Self::Unsigned => "unsigned",
        };
        word.to_owned()
    }

    /// Whether the receiver seems to be down for every notice. Most 4xx are about the one that was refused,
    /// which must not delay others.
    const fn looks_like_outage(self) -> bool {
        match self {
            Self::NotReceived(NotReceived::Refused(status)) => {
                status == 429 || status == 408 || status < 400 || status >= 500
            }
            Self::NotReceived(NotReceived::NoAnswer(_)) => true,
            _ => false,
        }
    }
}

/// What a round did. Each claimed notice is delivered, failed or deferred.
#[derive(Debug)]
pub struct DeliveryReport {
    pub claimed: usize,
    pub delivered: usize,
    /// Notices that wait for another attempt.
    pub failed: usize,
    /// Notices that were given back unsent, because the receiver is down.
    pub deferred: usize,
    /// Notices that were deleted undelivered, because they had expired.
    pub expired: usize,
    /// Why notices failed, each reason once.
    pub failures: Vec<DeliveryFailure>,
    /// Why the round could not be settled; what it delivered will be delivered again.
    pub unsettled: Option<DatabaseError>,
}

/// What became of the notices that were claimed. Those that failed wait for their next attempt.
#[derive(Default)]
struct Sent {
    /// The ids of those that were delivered.
    delivered: Vec<String>,
    /// Those that were not sent, and are given back.
    deferred: Vec<ClaimedNotice>,
    failed: Vec<FailedNotice>,
    /// Why notices failed, each reason once.
    failures: Vec<DeliveryFailure>,
}

/// Delivers notices to the webhook.
pub struct WebhookDispatcher<'a> {
    pub database: &'a Database,
    pub http: &'a dyn HttpClient,
    pub clock: &'a dyn Clock,
    /// Opens the tokens; without it, notices that carry one stay.
    pub sealer: Option<&'a Sealer>,
    pub webhook: &'a Webhook,
}

impl WebhookDispatcher<'_> {
    /// Delivers what is due, `MAX_NOTICES_PER_ROUND` at most.
    ///
    /// # Errors
    ///
    /// The claim failed, and nothing was sent.
    pub async fn deliver(&self) -> Result<DeliveryReport, DatabaseError> {
        let now = self.clock.now();
        let claim = claim_notices(self.database, now, MAX_NOTICES_PER_ROUND).await?;
        Ok(self.finish(now, claim).await)
    }

    /// Delivers those of these notices that are due, as a round of their own. They are few: what one request wrote.
    ///
    /// # Errors
    ///
    /// The claim failed, and nothing was sent.
    pub async fn deliver_these(&self, ids: &[String]) -> Result<DeliveryReport, DatabaseError> {
        let now = self.clock.now();
        let claim = claim_these_notices(self.database, now, ids).await?;
        Ok(self.finish(now, claim).await)
    }

    /// Sends what was claimed at `now`, and settles it.
    async fn finish(&self, now: Timestamp, claim: NoticeClaim) -> DeliveryReport {
        let claimed = claim.notices.len();
        let sent = self.send_all(claim.notices).await;
        let unsettled = if claimed == 0 {
            None
        } else {
            let (delivered, deferred) = (&sent.delivered, &sent.deferred);
            let settle = settle_notices(self.database, now, delivered, deferred, &sent.failed);
            settle.await.err()
        };
        DeliveryReport {
            claimed,
            delivered: sent.delivered.len(),
            failed: sent.failed.len(),
            deferred: sent.deferred.len(),
            expired: claim.expired,
            failures: sent.failures,
            unsettled,
        }
    }

    /// Sends the notices until the receiver turns out to be down.
    async fn send_all(&self, notices: Vec<ClaimedNotice>) -> Sent {
        let is_down = Cell::new(false);
        let attempts = stream::iter(notices)
            .map(|notice| async {
                let result = match is_down.get() {
                    true => None,
                    false => Some(self.send(&notice).await),
                };
                (notice, result)
            })
            .buffer_unordered(MAX_CONCURRENT_DELIVERIES);
        pin_mut!(attempts);
        let (mut sent, mut consecutive) = (Sent::default(), 0);
        while let Some((notice, result)) = attempts.next().await {
            match result {
                None => sent.deferred.push(notice),
                Some(Ok(())) => {
                    consecutive = 0;
                    sent.delivered.push(notice.id);
                }
                Some(Err(failure)) => {
                    let cause = failure.code();
                    sent.failed.push(FailedNotice { notice, cause });
                    consecutive += u32::from(failure.looks_like_outage());
                    if consecutive >= MAX_CONSECUTIVE_FAILURES {
                        is_down.set(true);
                    }
                    if !sent.failures.contains(&failure) {
                        sent.failures.push(failure);
                    }
                }
            }
        }
        sent
    }

    async fn send(&self, notice: &ClaimedNotice) -> Result<(), DeliveryFailure> {
        let token = self.open(notice)?;
        let now = self.clock.now();
        let request = message::request(notice, token.as_ref(), self.webhook, now);
        let request = request.ok_or(DeliveryFailure::Unsigned)?;
        Ok(send(self.http, request).await?)
    }

    fn open(&self, notice: &ClaimedNotice) -> Result<Option<Secret>, DeliveryFailure> {
        let Some(sealed) = &notice.token else {
            return Ok(None);
        };
        let sealer = self.sealer.ok_or(DeliveryFailure::NoKey)?;
        let token = sealer.open(Purpose::EmailToken, &notice.user, sealed)?;
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests;
