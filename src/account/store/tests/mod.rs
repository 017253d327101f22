//! The statements of the room, on the native engine.

mod attempts;
mod lockout;
mod notices;
mod profiles;
