//! The full user: what people see of their own account.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::account::Person;
use crate::account::person::HasPerson;

/// A person and everything that their profile shows.
#[derive(Debug, Clone)]
pub struct FullUser {
    /// The person.
    pub person: Person,
    /// `users.created_at`, as the database holds it.
    pub created_at: String,
    /// What was set of the profile.
    pub settings: Map<String, Value>,
    /// The team.
    pub team: Option<u64>,
    /// Whether the e-mail was proved to be the person's.
    pub is_email_verified: bool,
    /// The e-mail asked for.
    pub pending_email: Option<String>,
    /// Whether a second factor protects the account.
    pub is_two_factor_on: bool,
    /// The scenes of the team, in the order in which they were first personalised.
    pub scenes: Vec<Scene>,
}

/// Which dashboard a person wants for a scene.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Scene {
    /// The scene's name.
    pub scene: String,
    /// The dashboard's id.
    pub dashboard: u64,
}

impl HasPerson for FullUser {
    fn person(&self) -> &Person {
        &self.person
    }
}
