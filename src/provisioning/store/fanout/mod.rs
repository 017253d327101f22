//! The transactions of planned runs. A list of chunks names each of them once.
//!
//! A user waits for its chunk as long as its place in the work queue is the run's hold, even while
//! another actor works on it. Figures are read off where the users stand and never added up, so what
//! is done twice counts once. The ledger shows the sums of a run's chunks, and the first [`MAX_RUN_ERRORS`](crate::provisioning::policy::MAX_RUN_ERRORS) of
//! their lines. What is closed keeps its figures and its end.
//!
//! CROSS JOIN keeps SQLite from reordering: the chunks come first, so a statement reads what its
//! chunks hold, whatever the tables hold.

pub mod abandoned;
pub mod delivery;
pub mod give_up;
pub mod plan;
pub mod stop;
pub mod sums;

/// SQL: whether a run's users are in chunks, whose ends are its end: a planned one's, and a list's.
macro_rules! has_chunks {
    () => {
        "(mode = 'queue' OR bulk IS NOT NULL)"
    };
}
pub(super) use has_chunks;
