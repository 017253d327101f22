//! What every [`Upstream`] has to do, as one suite: for the upstream in memory
//! that the tests of provisioning run on, and for the real client in front of
//! the simulator.

pub mod cases;
mod simulator;

use std::time::Duration;

use crate::kernel::Deadline;

use crate::threedeye::Upstream;

/// Whom the subjects log in as.
pub const LOGIN: &str = "Svc@example.com";

/// An account that has always been there.
pub struct Seed {
    /// Its id.
    pub id: &'static str,
    /// Its e-mail, in whichever case.
    pub email: &'static str,
    /// Its password.
    pub password: &'static str,
    /// Its roles; they exist from now on.
    pub roles: &'static [&'static str],
    /// Our customer's, or another's.
    pub ours: bool,
}

/// An upstream under test, and what happens to it from outside.
pub trait Subject: Upstream {
    /// Puts accounts there.
    fn seed(&self, accounts: &[Seed]);

    /// How long a created account stays unseen, and the e-mail of a deleted one taken.
    fn slow_down(&self, created: Duration, deleted: Duration);

    /// The next create takes effect, and its answer is lost.
    fn lose_the_next_create(&self);

    /// Creates do not tell the new account's id any more.
    fn keep_ids_secret(&self);

    /// How many accounts have this e-mail, whoever may see them.
    fn count(&self, email: &str) -> usize;

    /// Lets time pass.
    fn wait(&self, time: Duration);

    /// A deadline far enough away.
    fn deadline(&self) -> Deadline;

    /// A deadline that has passed.
    fn passed_deadline(&self) -> Deadline;
}
