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
pub struct Scene {
    pub scene: String,
    /// The dashboard's id.
    pub dashboard: u64,
}
