//! The transactions of runs over a list that an administrator gave.

mod list;
mod next;
mod open;
mod resolve;

use crate::db;

pub use list::{BulkUserRow, list_bulk_users};
pub use next::{Claim, ClaimTerms, Settled, next_bulk_user};
pub use open::{
    BulkOpened, BulkOpening, NewBulkUser, find_planned, open_bulk_run, take_replacement,
};
pub use resolve::{Named, Resolved, resolve};

db::row! {
    /// Such a run, as a delivery finds it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct BulkRun {
        pub run_id: String,
        /// JSON.
        pub bulk: String,
        /// Who started it, by which request.
        pub actor: String,
        pub request_id: String,
    }
}
