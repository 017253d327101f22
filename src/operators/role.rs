//! What an operator may do.

use serde::{Deserialize, Serialize};

use crate::db;

/// Each role may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "OperatorRole"))]
pub enum Role {
    /// Looks, with personal data masked.
    Viewer,
    /// Mends one person's account.
    Support,
    /// Everything that a holder of the admin pair may do.
    Admin,
}

db::named_columns!(Role);

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_do_what_those_before_it_may() {
        assert!(Role::Viewer < Role::Support && Role::Support < Role::Admin);
    }

    #[test]
    fn the_database_allows_exactly_these_roles() {
        let schema = include_str!("../../migrations/0008_operators.sql");
        let names =
            [Role::Viewer, Role::Support, Role::Admin].map(|role| format!("'{}'", role.as_str()));
        assert!(schema.contains(&format!("CHECK (role IN ({}))", names.join(", "))));
        for role in [Role::Viewer, Role::Support, Role::Admin] {
            assert_eq!(serde_json::json!(role), role.as_str());
        }
    }
}
