//! What an isolate keeps between its events.

use std::rc::Rc;

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::JsValue;
use worker::Env;

use super::bindings::{EventBindings, ExecutionContext};
use super::fetch::Fetch;
use super::log;
use super::runtime::{RuntimeClock, RuntimeRandom};
use super::unicode::RuntimeUnicode;
use super::webcrypto::WebCrypto;
use crate::auth::Signatures;
use crate::config::Config;
use crate::kernel::http_client::HttpClient;
use crate::kernel::{Clock, Random, Unicode};
use crate::services::{Environment, Services, Shared};

thread_local! {
    // An isolate has one thread.
    static SHARED: Rc<Shared> = Rc::default();
    static CLOCK: Rc<dyn Clock> = Rc::new(RuntimeClock);
    static RANDOM: Rc<dyn Random> = Rc::new(RuntimeRandom);
    static HTTP: Rc<dyn HttpClient> = Rc::new(Fetch);
    static SIGNATURES: Rc<dyn Signatures> = Rc::new(WebCrypto);
    static UNICODE: Rc<dyn Unicode> = Rc::new(RuntimeUnicode);
}

/// The services of one event.
pub fn services(env: &Env, context: Option<ExecutionContext>) -> Services {
    let shared = SHARED.with(Rc::clone);
    let config = shared.config(|| {
        let config = Config::parse(|name| setting(env, name));
        log::configuration(&config.problems);
        config
    });
    let environment = Environment {
        bindings: Rc::new(EventBindings::new(env, context)),
        clock: CLOCK.with(Rc::clone),
        random: RANDOM.with(Rc::clone),
        http: HTTP.with(Rc::clone),
        signatures: SIGNATURES.with(Rc::clone),
        unicode: UNICODE.with(Rc::clone),
    };
    Services::new(config, environment, shared)
}

/// A variable or a secret. `wrangler.toml` may hold numbers, booleans, lists and tables as well, and none of them
/// may count as absent: they are read as JavaScript writes them, a list with commas, a table as JSON.
fn setting(env: &Env, name: &str) -> Option<String> {
    let value = Reflect::get(env, &JsValue::from_str(name)).ok()?;
    if value.is_undefined() || value.is_null() {
        return None;
    }
    let is_table = value.is_object() && !Array::is_array(&value);
    let json = is_table.then(|| JSON::stringify(&value).ok()).flatten();
    Some(
        json.unwrap_or_else(|| Object::from(value).to_string())
            .into(),
    )
}
