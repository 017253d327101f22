//! The full user: what people see of their own account.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::account::Account;

/// The most scenes that a person may personalise in a team, so that one person cannot fill the database.
pub const MAX_SCENES: u32 = 200;

/// A person with everything that their profile shows.
pub type FullUser = Account<UserDetails>;

#[derive(Debug, Clone)]
pub struct UserDetails {
    /// `users.created_at`, as the database holds it.
    pub created_at: String,
    /// The settings that were set; see `profile::settings` for the others.
    pub settings: Map<String, Value>,
    pub team: Option<u64>,
    /// Whether the person has confirmed their present e-mail.
    pub is_email_verified: bool,
    /// The e-mail that was asked for and is not confirmed yet.
    pub pending_email: Option<String>,
    pub is_two_factor_on: bool,
    /// The scenes of the team, in the order in which they were first personalised.
    pub scenes: Vec<Scene>,
}

/// The dashboard that a person has chosen for a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct Scene {
    /// The page of the app.
    #[cfg_attr(test, schemars(length(min = 1, max = 200)))]
    pub scene: String,
    #[cfg_attr(test, schemars(with = "DashboardId"))]
    pub dashboard: u64,
}

/// The id of a dashboard.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(extend("minimum" = 1, "maximum" = 9_007_199_254_740_991_u64))]
pub(crate) struct DashboardId(#[expect(dead_code)] u64);
