//! Provisioning: every user with an e-mail ends with exactly one 3dEye account, whose password is the
//! stored one and that holds its roles.
//!
//! | module | what it does |
//! |---|---|
//! | `record` | what is known of one user, as values |
//! | `store` | the transactions, one function each |
//! | `failure`, `reason` | why a user could not be provisioned: what the client reads, and the word for it |
//! | `policy` | waits, delays, limits |
//! | `attempt` | the steps for one user whose lease is held |
//! | `batch` | many users at once: first pass, re-reads, writing down |
//! | `backfill` | one run: plan, claim, batch, ledger |
//! | `fanout` | one run that queue consumers work off, chunk by chunk |
//! | `bulk` | a single act, done to each user of a list that an administrator gave |
//! | `single` | one user on demand (credentials, reprovisioning) |
//! | `step_by_step` | the same for support, told step by step |
//! | `sighting` | whether a list can be believed, and quarantined users whose account it shows |
//! | `reset` | the repair by hand |
//! | `offboarding` | the accounts of users that were deleted |
//! | `diagnosis`, `next` | where a user stands, and what happens next, read-only |
//!
//! # Why it survives a crash at any point
//!
//! 1. The password is stored before the create is sent (the *intent*). After a lost answer the password
//!    itself proves whether an account is ours.
//! 2. Roles are stored before an account is deleted.
//! 3. Every write is guarded by the lease token, and no call to 3dEye outlives the lease, so an actor
//!    that lost its lease changes nothing any more.
//! 4. What to do next is decided from the rows and the customer's list alone.

pub mod attempt;
pub mod backfill;
pub mod batch;
pub mod bulk;
pub mod diagnosis;
pub mod endpoints;
pub mod failure;
pub mod fanout;
pub mod next;
pub mod offboarding;
pub mod policy;
pub mod reason;
pub mod record;
pub mod reset;
pub mod sighting;
pub mod single;
pub mod step_by_step;
pub mod store;

#[cfg(test)]
pub mod simulation;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod world;

use std::ops::Deref;

use crate::db::Database;
use crate::kernel::audit::{Action, Entry, Origin};
use crate::kernel::sealing::Purpose;
use crate::kernel::{Clock, Random, Sealed, Sealer, Secret, UserId};
use crate::threedeye::{Client, password};

pub use failure::{Failure, ProvisioningError};
pub use reason::Reason;

use store::ClaimRequest;

/// What provisioning works with, borrowed for one request or event.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub database: &'a Database,
    pub clock: &'a dyn Clock,
    pub random: &'a dyn Random,
    /// Seals passwords at rest.
    pub sealer: &'a Sealer,
    /// On whose behalf; goes into the audit trail.
    pub origin: &'a Origin,
}

/// The same where 3dEye is configured.
#[derive(Clone, Copy)]
pub struct Provisioner<'a> {
    context: Context<'a>,
    pub remote: &'a Client,
}

impl<'a> Deref for Provisioner<'a> {
    type Target = Context<'a>;

    fn deref(&self) -> &Context<'a> {
        &self.context
    }
}

impl<'a> Context<'a> {
    pub const fn with(self, remote: &'a Client) -> Provisioner<'a> {
        Provisioner {
            context: self,
            remote,
        }
    }

    /// A row of the audit trail about a user.
    fn entry(&self, action: Action, user: &UserId, outcome: String) -> Entry {
        Entry {
            at: self.clock.now(),
            origin: self.origin.clone(),
            action,
            subject: user.to_string(),
            outcome,
        }
    }

    /// Asks for a user's lease, with a new password in case none is recorded.
    fn claim_request(&self, user: &UserId) -> Result<ClaimRequest, Failure> {
        Ok(ClaimRequest {
            user: user.clone(),
            password: self.new_password(user)?,
            entered_at: None,
            has_intent: false,
        })
    }

    fn new_password(&self, user: &UserId) -> Result<Sealed, Failure> {
        let plain = password::generate(self.random);
        self.sealer
            .seal(Purpose::ThreedeyePassword, user, &plain, self.random)
            .map_err(|_| Failure::Unsealable)
    }

    fn unsealed(&self, user: &UserId, sealed: &Sealed) -> Result<Secret, Failure> {
        self.sealer
            .open(Purpose::ThreedeyePassword, user, sealed)
            .map_err(|_| Failure::Unsealable)
    }
}
