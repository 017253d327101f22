//! Whether a run may go on, looked up as it goes.

use std::cell::Cell;

use crate::db::DatabaseError;
use crate::kernel::Timestamp;
use crate::provisioning::batch::Stop;
use crate::provisioning::policy::HALT_WATCH;
use crate::provisioning::{Context, store};

/// Looks now and then whether runs were stopped or are paused.
pub struct RunWatch {
    runs: Vec<String>,
    looked_at: Cell<Timestamp>,
}

impl RunWatch {
    /// A watch over runs that may go on at this moment.
    pub fn new(runs: Vec<String>, now: Timestamp) -> Self {
        Self {
            runs,
            looked_at: Cell::new(now),
        }
    }

    /// Why nothing more may be begun; looks once in [`HALT_WATCH`].
    pub async fn look(&self, context: &Context<'_>) -> Result<Option<Stop>, DatabaseError> {
        let now = context.clock.now();
        if now.since(self.looked_at.get()) < HALT_WATCH {
            return Ok(None);
        }
        self.looked_at.set(now);
        let runs: Vec<&str> = self.runs.iter().map(String::as_str).collect();
        let halt = store::read_halt(context.database, &runs).await?;
        Ok(match (halt.stopped, halt.paused) {
            (true, _) => Some(Stop::ByOrder),
            (false, true) => Some(Stop::Paused),
            (false, false) => None,
        })
    }
}
