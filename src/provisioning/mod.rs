//! Provisioning: every user with an e-mail ends with exactly one 3dEye
//! account, whose password is the stored one and that holds its roles.
//!
//! Pure domain code over four traits: [`Upstream`](crate::threedeye::Upstream),
//! [`store::Store`], [`Clock`](crate::kernel::Clock) and
//! [`Random`](crate::kernel::Random). It knows neither HTTP nor D1.
//!
//! | file | what it does |
//! |---|---|
//! | `record` | what is known of one user, as values |
//! | `listing` | what a listing of the work queue tells of a user |
//! | `store` | the transactions that the database must offer |
//! | `failure` | why a user could not be provisioned: client, log and queue face |
//! | `policy` | waits, delays, limits |
//! | `account` | the steps for one user whose lease is held |
//! | `batch` | many users at once: first pass, re-reads, settling |
//! | `backfill` | one run: plan, claim, survey, batch, ledger |
//! | `fanout` | one run that queue consumers work off, chunk by chunk |
//! | `single` | one user on demand (credentials, reprovisioning) |
//! | `reset` | the repair by hand |
//! | `diagnosis` | where a user stands, read-only |
//!
//! # Why it survives a crash at any point
//!
//! 1. The password is stored before the create is sent (the *intent*). After a
//!    lost answer the password itself proves whether an account is ours.
//! 2. Roles are stored before an account is deleted.
//! 3. Every write is guarded by the lease token, and no call to 3dEye outlives
//!    the lease, so an actor that lost its lease changes nothing any more.
//! 4. What to do next is decided from the rows and the customer's list alone.

pub mod account;
pub mod backfill;
pub mod batch;
pub mod diagnosis;
pub mod endpoints;
pub mod failure;
pub mod fanout;
pub mod listing;
pub mod policy;
pub mod record;
pub mod reset;
pub mod single;
pub mod store;

#[cfg(test)]
pub(crate) mod conformance;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use crate::kernel::Sealer;
use crate::kernel::audit::Origin;

pub use failure::Failure;
pub use store::Store;

/// Everything that provisioning works with, borrowed for one request or event.
pub struct Toolbox<'a, U, S, C, R> {
    /// 3dEye.
    pub upstream: &'a U,
    /// The database.
    pub store: &'a S,
    /// The time.
    pub clock: &'a C,
    /// The CSPRNG.
    pub random: &'a R,
    /// Seals passwords at rest.
    pub sealer: &'a Sealer,
    /// On whose behalf; goes into the audit trail.
    pub origin: &'a Origin,
}

impl<U, S, C, R> Clone for Toolbox<'_, U, S, C, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<U, S, C, R> Copy for Toolbox<'_, U, S, C, R> {}
