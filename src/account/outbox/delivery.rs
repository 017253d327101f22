//! One round of delivery, as the cron trigger starts it.
//!
//! Nothing is remembered between rounds but what the outbox holds. A round may therefore end at
//! any point, and two may overlap: what was claimed and not settled comes up again after
//! its wait, and a receiver that has had it already knows it by its id.

use std::cell::Cell;
use std::time::Duration;

use futures_util::{StreamExt as _, pin_mut, stream};

use crate::config::WebhookConfig;
use crate::kernel::http_client::{HttpClient, HttpError};
use crate::kernel::{Clock, Purpose, SealError, Sealer, Secret};

use crate::account::outbox::{Claimed, Outbox, Settlement, message};

/// The most notices a round takes up.
pub const ROUND: u32 = 50;

/// How many are sent at a time: half of the connections that an invocation has.
const AT_ONCE: usize = 3;

/// How long a receiver has for its whole answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// After as many failures in a row the receiver is down, and the round ends.
const PATIENCE: u32 = 5;

/// The most bytes of an answer; nobody looks at them.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Why a notice was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Any other status than 2xx; redirects are not followed.
    #[error("the receiver answered {0}")]
    Refused(u16),
    /// No answer.
    #[error("the receiver: {0}")]
    NoAnswer(#[from] HttpError),
    /// The token that it carries does not open, and without it it would be of no use.
    #[error("notices.token_sealed: {0}")]
    Unopened(#[from] SealError),
    /// The token needs a key, and there is none.
    #[error("CREDENTIALS_KEY is missing or malformed")]
    NoKey,
    /// The request could not be made.
    #[error("the notice could not be signed")]
    Unsigned,
}

impl Failure {
    /// Whether the receiver is to blame, so that time may mend it. Anything else wants somebody to act.
    pub const fn is_receivers(self) -> bool {
        matches!(self, Self::Refused(_) | Self::NoAnswer(_))
    }

    /// Whether the receiver looks as if it were down for every notice. A 4xx is about the one that it
    /// refuses, whoever's that is: it must not make others wait.
    const fn looks_down(self) -> bool {
        match self {
            Self::Refused(status) => {
                status == 429 || status == 408 || status < 400 || status >= 500
            }
            Self::NoAnswer(_) => true,
            _ => false,
        }
    }
}

/// What a round did.
#[derive(Debug)]
pub struct Report<E> {
    /// Notices taken up: those of the next three.
    pub claimed: usize,
    /// Notices that the receiver has taken.
    pub delivered: usize,
    /// Notices that wait for another attempt.
    pub failed: usize,
    /// Notices that were given back, because the receiver is down.
    pub deferred: usize,
    /// Notices that were deleted undelivered, because they had expired.
    pub expired: usize,
    /// Why notices failed, each reason once.
    pub failures: Vec<Failure>,
    /// Why the round could not be settled; what it delivered will be delivered again.
    pub unsettled: Option<E>,
}

/// Carries notices from an outbox to a receiver.
pub struct Courier<'a, O, T: ?Sized, C> {
    /// Where they wait.
    pub outbox: &'a O,
    /// The way.
    pub transport: &'a T,
    /// The time.
    pub clock: &'a C,
    /// Opens the tokens; without it those that carry one stay.
    pub sealer: Option<&'a Sealer>,
    /// The receiver.
    pub webhook: &'a WebhookConfig,
}

impl<O: Outbox, T: HttpClient + ?Sized, C: Clock> Courier<'_, O, T, C> {
    /// Delivers what is due, [`ROUND`] notices at most.
    ///
    /// # Errors
    ///
    /// Nothing could be claimed, and nothing was done.
    pub async fn deliver(&self) -> Result<Report<O::Error>, O::Error> {
        let now = self.clock.now();
        let claim = self.outbox.claim(now, ROUND).await?;
        let claimed = claim.notices.len();
        let (settlement, failures, failed) = self.send_all(claim.notices).await;
        let unsettled = if settlement.is_empty() {
            None
        } else {
            self.outbox.settle(now, &settlement).await.err()
        };
        Ok(Report {
            claimed,
            delivered: settlement.delivered.len(),
            failed,
            deferred: settlement.deferred.len(),
            expired: claim.expired,
            failures,
            unsettled,
        })
    }

    /// Sends the notices until the receiver turns out to be down. Tells what is to be settled,
    /// why notices failed, and how many did.
    async fn send_all(&self, notices: Vec<Claimed>) -> (Settlement, Vec<Failure>, usize) {
        let is_down = Cell::new(false);
        let attempts = stream::iter(notices)
            .map(|notice| async {
                let result = match is_down.get() {
                    true => None,
                    false => Some(self.send(&notice).await),
                };
                (notice, result)
            })
            .buffer_unordered(AT_ONCE);
        pin_mut!(attempts);
        let (mut settlement, mut failures) = (Settlement::default(), Vec::new());
        let (mut failed, mut in_a_row) = (0, 0);
        while let Some((notice, result)) = attempts.next().await {
            match result {
                None => settlement.deferred.push(notice),
                Some(Ok(())) => {
                    in_a_row = 0;
                    settlement.delivered.push(notice.id);
                }
                Some(Err(failure)) => {
                    failed += 1;
                    in_a_row += u32::from(failure.looks_down());
                    if in_a_row >= PATIENCE {
                        is_down.set(true);
                    }
                    if !failures.contains(&failure) {
                        failures.push(failure);
                    }
                }
            }
        }
        (settlement, failures, failed)
    }

    async fn send(&self, notice: &Claimed) -> Result<(), Failure> {
        let token = self.open(notice)?;
        let now = self.clock.now();
        let request = message::request(notice, token.as_ref(), self.webhook, now);
        let request = request.ok_or(Failure::Unsigned)?;
        let answer = self
            .transport
            .send(request, TIMEOUT, MAX_ANSWER_BYTES)
            .await?;
        if (200..300).contains(&answer.status) {
            Ok(())
        } else {
            Err(Failure::Refused(answer.status))
        }
    }

    fn open(&self, notice: &Claimed) -> Result<Option<Secret>, Failure> {
        let Some(sealed) = &notice.token else {
            return Ok(None);
        };
        let sealer = self.sealer.ok_or(Failure::NoKey)?;
        let token = sealer.open(Purpose::EmailToken, &notice.user, sealed)?;
        Ok(Some(token))
    }
}

#[cfg(test)]
mod tests;
