//! The end of runs, and of what is remembered of removals.

use std::time::Duration;

use crate::db::{Batch, Statement};
use crate::kernel::Timestamp;
use crate::kernel::ids::first_ulid_of;
use crate::provisioning::policy::REMOVAL_MEMORY;
use crate::provisioning::store::fanout::has_chunks;
use crate::provisioning::store::removal::drop_old_removals;

/// As far back as charts go.
const CHARTED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Deletes what belongs to old runs. ?1: the first run that is kept; ids are in the order in which runs begin. One whose
/// chunks are open is still at work, or will be given up; one without chunks that died has no other end.
macro_rules! of_old_runs {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE run_id IN (
  SELECT run_id FROM provisioning_runs
  WHERE run_id < ?1 AND NOT (status = 'running' AND ",
            has_chunks!(),
            ")
  ORDER BY run_id LIMIT 100)"
        )
    };
}

// ?1 the last day that is forgotten
const OLD_COUNTS: &str = "
DELETE FROM daily_counts
WHERE day IN (SELECT DISTINCT day FROM daily_counts WHERE day <= ?1 ORDER BY day LIMIT 10)";

/// Adds what deletes runs that began before `until`, a hundred at a time, with their chunks and lists, the daily counts
/// of that time, and e-mails of accounts that were removed longer ago than is of use.
pub fn forget_runs(batch: &mut Batch, until: Timestamp, now: Timestamp) {
    let first_kept = first_ulid_of("run", until);
    // The runs last, so that nothing is left behind that no one would look for.
    for sql in [
        of_old_runs!("provisioning_chunks"),
        of_old_runs!("provisioning_bulk_users"),
        of_old_runs!("provisioning_runs"),
    ] {
        batch.execute(Statement::new(sql, [first_kept.as_str().into()]));
    }
    // Charts go back so far, whatever is kept of the trail.
    let until = until.min(now.minus(CHARTED));
    let day = until.as_secs().div_euclid(24 * 60 * 60);
    batch.execute(Statement::new(OLD_COUNTS, [day.into()]));
    batch.execute(drop_old_removals(now.minus(REMOVAL_MEMORY)));
}
