//! What the client has to do at 3dEye, as one suite: on `simulated` natively, and on the simulator
//! in JavaScript over HTTP, so that what the native tests run on is held to the same answers.

pub mod cases;
mod simulator;

use std::rc::Rc;
use std::time::Duration;

use crate::kernel::Clock;
use crate::threedeye::Client;

/// The user name that the client logs in with.
pub const LOGIN: &str = "Svc@example.com";

/// An account that has always been there.
pub struct Seed {
    pub id: &'static str,
    /// In any case.
    pub email: &'static str,
    pub password: &'static str,
    /// They exist from now on.
    pub roles: &'static [&'static str],
    /// Our customer's, or another's.
    pub ours: bool,
}

/// A client, and the 3dEye in front of it.
pub struct Subject {
    pub client: Client,
    pub clock: Rc<dyn Clock>,
    pub remote: Box<dyn Remote>,
}

/// What happens at 3dEye other than by the client.
pub trait Remote {
    fn seed(&self, accounts: &[Seed]);

    /// How long a created account stays unseen, and the e-mail of a deleted one taken.
    fn slow_down(&self, created: Duration, deleted: Duration);

    /// The next create takes effect, and its answer is lost.
    fn lose_the_next_create(&self);

    /// Creates do not tell the new account's id any more.
    fn keep_ids_secret(&self);

    /// How many accounts of all customers have this e-mail.
    fn count(&self, email: &str) -> usize;
}
