//! The upstream in memory as a subject of `threedeye::conformance`.

use std::rc::Rc;
use std::time::Duration;

use crate::kernel::{Deadline, EmailKey};
use crate::provisioning::memory::World;
use crate::provisioning::memory::hazard::{Fate, Hazard, Hazards};
use crate::threedeye::conformance::{LOGIN, Seed, Subject, cases};

/// Answers to creates lack the id.
struct SecretIds;

impl Hazards for SecretIds {
    fn next(&self, _: usize, call: &'static str) -> Hazard {
        Hazard {
            fate: match call {
                "create" => Fate::Partial,
                _ => Fate::Fine,
            },
            ..Hazard::default()
        }
    }
}

impl Subject for World {
    fn seed(&self, accounts: &[Seed]) {
        for account in accounts {
            self.add_account(
                account.id,
                account.email,
                account.password,
                account.roles,
                account.ours,
            );
        }
    }

    fn slow_down(&self, created: Duration, deleted: Duration) {
        let mut remote = self.remote.borrow_mut();
        (remote.create_delay, remote.delete_delay) = (created, deleted);
    }

    fn lose_the_next_create(&self) {
        self.remote.borrow_mut().lose_next_answer = true;
    }

    fn keep_ids_secret(&self) {
        *self.hazards.borrow_mut() = Rc::new(SecretIds);
    }

    fn count(&self, email: &str) -> usize {
        self.accounts_of(email).len()
    }

    fn wait(&self, time: Duration) {
        self.pass(time);
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self, Duration::from_secs(60))
    }

    fn passed_deadline(&self) -> Deadline {
        Deadline::at(self.time.now())
    }
}

fn in_memory() -> Box<World> {
    let world = World::new();
    world.remote.borrow_mut().login = EmailKey::of(LOGIN);
    Box::new(world)
}

cases::conformance! { in_memory(), [cfg(test)] }
