//! spkey-edge: SmartphoneKey's account service at the edge.
#![allow(
    async_fn_in_trait,
    reason = "an isolate has one thread, so no future here needs to be Send"
)]

pub mod auth;
pub mod config;
pub mod kernel;
pub mod platform;
pub mod threedeye;
