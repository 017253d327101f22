//! A real D1 as an engine for native tests, at the other end of HTTP.

use std::cell::{Cell, RefCell};

use futures_util::future::LocalBoxFuture;
use ureq::Agent;

use crate::db::DatabaseError;
use crate::db::{Engine, Statement};
use crate::kernel::Timestamp;
use crate::platform::d1;
use crate::testing;

const TURN_CLOCK: &str = "UPDATE conformance_clock SET seconds = ?1 / 1000";

/// Sends batches to `dev/conformance/d1.mjs`.
pub struct Bridge {
    agent: Agent,
    url: String,
    /// What D1's own clock shows.
    pub clock: Cell<Timestamp>,
    /// Reads that ride on every batch, which spares an observer a round trip.
    riders: RefCell<Vec<Statement>>,
    /// What they answered last, unless that batch failed.
    observed: RefCell<Option<Vec<String>>>,
}

impl Bridge {
    pub fn to(url: &str, now: Timestamp) -> Self {
        Self {
            agent: testing::agent(None),
            url: url.to_owned(),
            clock: Cell::new(now),
            riders: RefCell::default(),
            observed: RefCell::default(),
        }
    }

    /// Lets these reads ride on the batches to come.
    pub fn ride(&self, reads: Vec<Statement>) {
        *self.riders.borrow_mut() = reads;
        *self.observed.borrow_mut() = None;
    }

    /// What the last batch answered to these reads, if they rode on it.
    pub fn take_observed(&self, reads: &[Statement]) -> Option<Vec<String>> {
        let observed = self.observed.borrow_mut().take();
        observed.filter(|_| *self.riders.borrow() == reads)
    }

    fn send(&self, statements: &[&Statement]) -> Result<Vec<String>, DatabaseError> {
        let body = serde_json::to_vec(statements).unwrap();
        let mut response = self.agent.post(&self.url).send(&body).unwrap();
        let answer = response.body_mut().read_to_string().unwrap();
        if response.status() != 200 {
            return Err(DatabaseError(answer));
        }
        Ok(d1::split(&answer))
    }
}

impl Engine for Bridge {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>> {
        Box::pin(async move {
            let clock = Statement::new(TURN_CLOCK, [self.clock.get().into()]);
            let riders = self.riders.borrow();
            let mut all = vec![&clock];
            all.extend(statements);
            all.extend(riders.iter());
            *self.observed.borrow_mut() = None;
            let mut answers = self.send(&all)?;
            let observed = answers.split_off(1 + statements.len());
            if !riders.is_empty() {
                *self.observed.borrow_mut() = Some(observed);
            }
            Ok(answers.split_off(1))
        })
    }
}
