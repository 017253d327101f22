//! What users and services may ask about one user.

pub mod credentials;
