//! A single act, done to each user of a list: reset, provision or off-board.
//!
//! A preview tells what would become of each user and names it by a plan. The run that carries it out does each user
//! by the code of the single act, under the same guards, and holds it to what the preview saw. What became of a user
//! is written down, so that a message which comes twice finds no one to do.
//!
//! | module | what it does |
//! |---|---|
//! | `given` | the entries of a list, and whom they name |
//! | `preview` | what would be done to each user |
//! | `plan` | what the preview showed, recognised again |
//! | `start` | opens the run, and sends it to the queue or does it |
//! | `work` | one user after the other |
//! | `outcome` | how it ended for a user |

mod given;
mod outcome;
mod plan;
mod preview;
mod start;
mod work;

use serde::{Deserialize, Serialize};

use crate::db::DatabaseError;
use crate::kernel::RequestId;
use crate::kernel::audit::{Actor, Origin};
use crate::provisioning::reset::ResetOrder;
use crate::provisioning::store::bulk::BulkRun;

pub use given::Given;
pub use outcome::{Refusal, UserState};
pub use plan::BulkPlan;
pub use preview::{Planned, PlannedUser};
pub use start::Started;
pub use work::BulkReport;

/// What is done to each user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    Reset,
    Provision,
    Offboard,
}

impl Act {
    pub const ALL: [Self; 3] = [Self::Reset, Self::Provision, Self::Offboard];

    /// The name in the ledger and in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Provision => "provision",
            Self::Offboard => "offboard",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkOrder {
    pub act: Act,
    /// How a reset is done.
    pub reset: ResetOrder,
    /// Whether camera roles may be lost for good.
    pub may_lose_roles: bool,
    pub reason: Option<String>,
    /// Names the entries of the list.
    pub list: String,
}

impl BulkOrder {
    /// Whether the same is asked for of the same list; by whom and why does not matter.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.act, self.reset, &self.list) == (other.act, other.reset, &other.list)
    }
}

impl BulkRun {
    /// What was asked for.
    pub fn order(&self) -> Result<BulkOrder, DatabaseError> {
        serde_json::from_str(&self.bulk)
            .map_err(|_| DatabaseError::bad_value("provisioning_runs", "bulk", &self.run_id))
    }

    /// On whose behalf the run changes things: of the one that started it.
    fn origin(&self, order: &BulkOrder) -> Origin {
        let actor = Actor::from_stored(&*self.actor);
        let origin = Origin::event(actor, RequestId::from_stored(&*self.request_id));
        match &order.reason {
            Some(reason) => origin.because(reason.as_str()),
            None => origin,
        }
    }
}
