//! The dashboards that people choose for the scenes of their team.

use serde::{Deserialize, Serialize};

/// The most scenes that a person may personalise in a team, so that one person cannot fill the database.
pub const MAX_SCENES: u32 = 200;

/// The dashboard that a person has chosen for a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct Scene {
    /// The page of the app.
    #[cfg_attr(test, schemars(length(min = 1, max = 200)))]
    pub scene: String,
    #[cfg_attr(test, schemars(with = "DashboardId"))]
    pub dashboard: i64,
}

/// The id of a dashboard.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(extend("minimum" = 1, "maximum" = 9_007_199_254_740_991_u64))]
pub(crate) struct DashboardId(#[expect(dead_code)] u64);
