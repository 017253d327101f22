//! Counters: numbers that only grow.

use crate::db::Statement;
use crate::kernel::Timestamp;

// ?1 name, ?2 kind, ?3 how many, ?4 now
const ADD: &str = "
INSERT INTO counters (name, kind, value, changed_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name, kind) DO UPDATE SET value = value + excluded.value, changed_at = excluded.changed_at";

/// Messages of planned runs that failed too often.
pub const DEAD_LETTERS: &str = "dead_letters";
/// Outcomes of provisioning, by `daily_counts.name`. A trigger adds them.
pub const OUTCOMES: &str = "outcomes";
/// Requests that were refused, by [`Refusal`](super::refusals::Refusal).
pub const REFUSED: &str = "refused";

/// Adds to a counter. `kind` is empty for one that has none.
pub fn add(name: &str, kind: &str, count: u32, now: Timestamp) -> Statement {
    Statement::new(ADD, [name.into(), kind.into(), count.into(), now.into()])
}
