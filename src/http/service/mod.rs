//! The service about itself.

pub mod health;
pub mod openapi;
