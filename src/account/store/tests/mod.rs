//! The promises of the store, one case each, on the native engine; and each once more on SQLite and D1
//! side by side.

mod attempts;
mod email_changes;
mod lockout;
mod notices;
mod profiles;
mod setups;
