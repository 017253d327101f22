//! The bindings of `wrangler.toml`.

use js_sys::Object;
use wasm_bindgen::prelude::*;
use worker::{D1Database, Env, Queue, RateLimiter};

use crate::provisioning::StoreError;

#[wasm_bindgen]
extern "C" {
    /// The environment, asked by names that need not be carried across the
    /// border of Wasm first, and without asking what type each binding has:
    /// one of another type fails when it is used.
    type Environment;

    #[wasm_bindgen(method, getter, js_name = DB)]
    fn database(this: &Environment) -> Option<Object>;

    #[wasm_bindgen(method, getter, js_name = PROVISIONING_QUEUE)]
    fn provisioning_queue(this: &Environment) -> Option<Object>;

    #[wasm_bindgen(method, getter, js_name = ADMIN_RATE_LIMITER)]
    fn admin_rate_limiter(this: &Environment) -> Option<Object>;

    #[wasm_bindgen(method, getter, js_name = AUTH_RATE_LIMITER)]
    fn auth_rate_limiter(this: &Environment) -> Option<Object>;
}

/// The bindings of one request or event. Each but the database may be absent.
pub struct Bindings(Environment);

impl Bindings {
    /// The bindings of `env`.
    pub fn new(env: &Env) -> Self {
        Self(AsRef::<JsValue>::as_ref(env).clone().unchecked_into())
    }

    /// `DB`.
    pub fn database(&self) -> Result<D1Database, StoreError> {
        let binding = self.0.database();
        binding
            .map(JsCast::unchecked_into)
            .ok_or_else(|| StoreError("the binding DB is missing".to_owned()))
    }

    /// `PROVISIONING_QUEUE`.
    pub fn provisioning_queue(&self) -> Option<Queue> {
        self.0.provisioning_queue().map(JsCast::unchecked_into)
    }

    /// `ADMIN_RATE_LIMITER`: requests of an administrator.
    pub fn admin_rate_limiter(&self) -> Option<RateLimiter> {
        self.0.admin_rate_limiter().map(JsCast::unchecked_into)
    }

    /// `AUTH_RATE_LIMITER`: failed authentications from an address.
    pub fn auth_rate_limiter(&self) -> Option<RateLimiter> {
        self.0.auth_rate_limiter().map(JsCast::unchecked_into)
    }
}
