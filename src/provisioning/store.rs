//! The transactions of provisioning: one function each, one round trip and atomic.
//!
//! Every write that concerns a user's provisioning is guarded by the lease token: it changes nothing
//! if the lease was lost, and says so. What a run does to every user is written to read few rows.

pub(in crate::provisioning) mod bulk;
mod claim;
mod clear;
mod columns;
mod counts;
mod export;
mod fanout;
mod holdings;
mod intent;
mod lease;
pub(crate) mod leaving;
mod ledger;
mod load;
mod outcome;
mod pause;
mod quarantine;
mod queue;
mod removal;
mod retention;
mod run;
mod set_aside;
mod standing;
#[cfg(test)]
mod tests;

pub use claim::{ClaimRequest, Claims, claim};
pub use clear::{Cleared, Clearing, clear};
pub use counts::Counted;
pub use export::{Exported, export_user};
pub use fanout::abandoned::{Abandoned, Silence};
pub use fanout::delivery::{OpenedDelivery, ReplacementAllowance, close_delivery, open_delivery};
pub use fanout::give_up::{give_up, give_up_dead};
pub use fanout::plan::{Planned, Planning, plan_run};
pub use fanout::stop::stop_run;
pub use fanout::sums::ChunkStatus;
pub use holdings::{Holdings, delete_user, load_holdings};
pub use intent::{replace_intent, reseal};
pub use lease::{
    Busy, Guarded, LeaseTerms, LeaseToken, acquire_lease, release_lease, renew_leases,
};
pub use leaving::{DueLeavings, Leaving, LeavingOutcome, conclude_leaving, lease_leaving};
pub use ledger::{Chunks, RunFilter, RunRow, RunStatus, find_run, list_runs};
pub use load::{
    LoadedFor, LoadedForPlan, last_reset, load, load_for_plan, load_for_support,
    load_many_for_plan, load_with_key,
};
pub use outcome::{Outcome, UserOutcome, record_outcomes};
pub use pause::{Halt, Pause, read_halt, set_pause};
pub use quarantine::{Quarantined, has_accounts, release_quarantined};
pub use queue::{Candidate, count_waiting, list_due};
pub use removal::{
    Replacement, accounts_of_others, accounts_of_others_than, begin_leaving_removal, begin_removal,
    removed_at, save_recovery,
};
pub use retention::forget_runs;
pub use run::{OpenedRun, RunClosing, RunOpening, Tally, Trigger, close_run, open_run};
pub use set_aside::set_aside;
pub use standing::load_with_standing;
