//! Instances of the user-key API, their API keys and their users.

pub mod api_keys;
pub mod create;
pub mod list;
pub mod users;

use serde::Serialize;

use crate::http::{ApiError, Call};
use crate::kernel::Timestamp;
use crate::platform::d1::InstanceRow;
use crate::user_keys::InstanceName;

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
pub(super) fn unknown() -> ApiError {
    ApiError::not_found("Instance not found")
}

/// The path's `{name}`. What is no name of an instance is none that there is.
fn in_path<C>(call: &Call<C>) -> Result<InstanceName, ApiError> {
    InstanceName::parse(call.path("name")?).ok_or_else(unknown)
}
