//! A real D1 as an engine for native tests, at the other end of HTTP.

use futures_util::future::LocalBoxFuture;
use std::sync::MutexGuard;

use ureq::Agent;

use crate::db::DatabaseError;
use crate::db::{Engine, Statement};
use crate::kernel::Timestamp;
use crate::testing::{self, Shared};

/// What `dev/conformance/d1.mjs` put in the place of `unixepoch()`.
const TURN_CLOCK: &str = "UPDATE conformance_clock SET seconds = ?1";

/// The D1 of `dev/conformance/d1.mjs`, which all tests share in turns.
pub struct Bridge {
    agent: Agent,
    url: String,
    clock: Box<dyn Fn() -> Timestamp>,
    _turn: MutexGuard<'static, ()>,
}

impl Bridge {
    /// Waits for its turn. What the test before left behind is still there.
    pub fn lend(clock: impl Fn() -> Timestamp + 'static) -> Self {
        static SERVER: Shared = Shared::new("d1");
        let (url, turn) = SERVER.lend();
        Self {
            agent: testing::agent(None),
            url: url.to_owned(),
            clock: Box::new(clock),
            _turn: turn,
        }
    }

    /// Runs the statements as one batch, the first of which turns the clock.
    pub fn run(&self, statements: &[Statement]) -> Result<Vec<String>, DatabaseError> {
        let clock = Statement::new(TURN_CLOCK, [(self.clock)().as_secs().into()]);
        let mut all = vec![&clock];
        all.extend(statements);
        let body = serde_json::to_vec(&all).unwrap();
        let mut response = self.agent.post(&self.url).send(&body).unwrap();
        // Of D1's own size at most, and more than ureq reads by itself.
        let answer = response.body_mut().with_config().limit(100_000_000);
        let answer = answer.read_to_string().unwrap();
        if response.status() != 200 {
            return Err(DatabaseError(format!("D1: {answer}")));
        }
        // A line for each statement; JSON has no line breaks.
        Ok(answer.lines().skip(1).map(str::to_owned).collect())
    }
}

impl Engine for Bridge {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>> {
        Box::pin(async move { self.run(statements) })
    }

    /// The bridge tells rows only.
    fn size(&self) -> Option<u64> {
        None
    }
}
