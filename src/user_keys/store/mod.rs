//! The user-key API in SQL.

mod management;
mod visits;

pub use management::{
    InstanceRow, InstanceUserRow, KeyRow, NewInstance, NewInstanceUser, NewKey, NotMade, UserFilter,
};
pub use visits::{KeyReset, ResetOutcome};

use crate::user_keys::InstanceUserId;

use crate::db::Arg;

impl From<InstanceUserId> for Arg {
    fn from(id: InstanceUserId) -> Self {
        // Below 2^53 by its type.
        Self::Int(id.get() as i64)
    }
}
