//! The store in memory as a subject.

use std::time::Duration;

use crate::kernel::{EmailKey, Timestamp, UserId};
use crate::provisioning::memory::World;
use crate::provisioning::record::User;

use crate::provisioning::conformance::{Observation, Subject};

impl Subject for World {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn pass(&self, time: Duration) {
        World::pass(self, time);
    }

    async fn put_user(&self, id: &UserId, email: Option<&str>) {
        let user = User {
            id: id.clone(),
            email: email.map(ToOwned::to_owned),
            email_key: email.and_then(EmailKey::of),
            auth_subject: None,
        };
        self.tables.borrow_mut().insert_user(user, self.time.now());
    }

    async fn change_email(&self, id: &UserId, email: Option<&str>) {
        let now = self.time.now();
        self.tables.borrow_mut().change_email(id, email, now);
    }

    async fn delete_user(&self, id: &UserId) {
        self.tables.borrow_mut().delete_user(id);
    }

    async fn observe(&self, users: &[UserId]) -> Observation {
        let tables = self.tables.borrow();
        let queue: Vec<_> = tables.queue.clone().into_iter().collect();
        let audit = tables.audit.iter();
        Observation {
            dossiers: users.iter().map(|user| tables.dossier(user)).collect(),
            due: tables.due(self.time.now(), u32::MAX),
            waiting: queue.len() as u64,
            queue,
            removals: tables.removals.clone().into_iter().collect(),
            audit: audit
                .map(|entry| (entry.at, entry.subject.clone(), entry.outcome.clone()))
                .collect(),
            runs: tables.runs.clone().into_iter().collect(),
            plans: tables.fanout.plans.clone().into_iter().collect(),
            chunks: tables.fanout.chunks.clone().into_iter().collect(),
        }
        .in_order()
    }
}

crate::provisioning::conformance::cases::conformance! { Box::new(World::new()), [cfg(test)] }
