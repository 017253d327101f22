//! The operators of the console: people of support, each with a role of their own, and their sessions.
//! [`Admin`] is what the routes under `/admin/` take: one of them, or a holder of the admin pair.

pub mod admin;
pub mod endpoints;
pub mod oidc;
pub mod role;
pub mod session;
pub mod store;

pub use admin::{Admin, Shortfall};
pub use role::Role;
pub use session::{Operator, Session, SessionToken};
