//! spkey-edge: SmartphoneKey's account service at the edge.
//!
//! This file holds the runtime's entry points and nothing else;
//! `docs/ARCHITECTURE.md` shows the rooms behind them.
#![allow(
    async_fn_in_trait,
    reason = "an isolate has one thread, so no future here needs to be Send"
)]

pub mod account;
pub mod alerts;
mod app;
pub mod audit;
pub mod auth;
pub mod config;
pub mod db;
pub mod health;
pub mod kernel;
pub mod metrics;
#[cfg(test)]
mod openapi;
pub mod operators;
pub mod overview;
pub mod platform;
pub mod provisioning;
pub mod services;
#[cfg(test)]
mod testing;
pub mod threedeye;
pub mod user_keys;
pub mod users;
pub mod web;

use wasm_bindgen::prelude::*;
use worker::web_sys::Request;
use worker::{Context, Env, MessageBatch, ScheduleContext, ScheduledEvent, event};

use crate::platform::bindings::ExecutionContext;

/// Once an isolate: a panic shall at least leave a message in the logs.
#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
    platform::runtime::schedule_by_promises();
}

/// An HTTPS call. Not an `event`, which would answer by a promise even where nothing is waited for.
#[wasm_bindgen]
pub fn fetch(request: Request, env: Env, context: ExecutionContext) -> Result<JsValue, JsValue> {
    platform::events::fetch::fetch(request, env, context)
}

/// The cron trigger.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let services = platform::isolate::services(&env, None);
    app::schedule::run(&services, &platform::log::Console).await;
}

/// Messages of a queue. Never an `Err`: that would panic, and with it fail
/// every other event of the isolate.
#[event(queue)]
async fn queue(batch: MessageBatch<JsValue>, env: Env, _context: Context) -> worker::Result<()> {
    platform::events::queue::queue(batch, env).await;
    Ok(())
}
