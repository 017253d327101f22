//! Instances of the user-key API, their API keys and their users.

pub mod create;
pub mod list;

use serde::Serialize;

use crate::kernel::Timestamp;
use crate::user_keys::InstanceName;
use crate::user_keys::store::InstanceRow;
use crate::web::{ApiError, Call};

/// An instance as answers show it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InstancePart {
    name: InstanceName,
    created_at: Timestamp,
}

impl From<InstanceRow> for InstancePart {
    fn from(row: InstanceRow) -> Self {
        Self {
            name: row.name,
            created_at: row.created_at,
        }
    }
}

/// 404: there is no such instance.
pub(crate) fn unknown() -> ApiError {
    ApiError::not_found("Instance not found")
}

/// The path's `{name}`. What is no name of an instance is none that there is.
pub(crate) fn in_path<C>(call: &Call<C>) -> Result<InstanceName, ApiError> {
    InstanceName::parse(call.path("name")?).ok_or_else(unknown)
}
