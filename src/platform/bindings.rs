//! The bindings of `wrangler.toml`.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use js_sys::{Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use worker::{Env, RateLimiter};

use super::d1::D1;
use super::queue::ProvisioningQueue;
use crate::db::{Database, DatabaseError};
use crate::provisioning::fanout::RunQueue;
use crate::services::{Bindings, RateLimit};

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

    #[wasm_bindgen(method, getter, js_name = PERSON_RATE_LIMITER)]
    fn person_rate_limiter(this: &Environment) -> Option<Object>;

    #[wasm_bindgen(method, getter, js_name = AUTH_RATE_LIMITER)]
    fn auth_rate_limiter(this: &Environment) -> Option<Object>;

    /// The runtime's context of one event.
    pub type ExecutionContext;

    #[wasm_bindgen(method, catch, js_name = waitUntil)]
    fn wait_until(this: &ExecutionContext, work: &Promise) -> Result<(), JsValue>;
}

/// The bindings of one event. Each but the database may be absent.
pub struct EventBindings {
    environment: Environment,
    context: Option<ExecutionContext>,
}

impl EventBindings {
    /// The bindings of an event. Without its context no work outlives it.
    pub fn new(env: &Env, context: Option<ExecutionContext>) -> Self {
        Self {
            environment: AsRef::<JsValue>::as_ref(env).clone().unchecked_into(),
            context,
        }
    }

    fn rate_limiter(&self, limit: RateLimit) -> Option<RateLimiter> {
        let binding = match limit {
            RateLimit::Admin => self.environment.admin_rate_limiter(),
            RateLimit::Person => self.environment.person_rate_limiter(),
            RateLimit::Authentication => self.environment.auth_rate_limiter(),
        };
        binding.map(JsCast::unchecked_into)
    }
}

impl Bindings for EventBindings {
    fn database(&self) -> Result<Database, DatabaseError> {
        let binding = self
            .environment
            .database()
            .ok_or_else(|| DatabaseError("the binding DB is missing".to_owned()))?;
        Ok(Database::new(Rc::new(D1(binding.unchecked_into()))))
    }

    fn run_queue(&self) -> Option<Rc<dyn RunQueue>> {
        let binding = self.environment.provisioning_queue()?;
        Some(Rc::new(ProvisioningQueue::new(binding.unchecked_into())))
    }

    fn wait_until(&self, work: LocalBoxFuture<'static, ()>) {
        if let Some(context) = &self.context {
            let work = future_to_promise(async move {
                work.await;
                Ok(JsValue::UNDEFINED)
            });
            // Where the runtime refuses, the work goes on for as long as the event does.
            let _ = context.wait_until(&work);
        }
    }

    fn has_limit(&self, limit: RateLimit) -> bool {
        self.rate_limiter(limit).is_some()
    }

    fn within_limit<'a>(&'a self, limit: RateLimit, key: &'a str) -> LocalBoxFuture<'a, bool> {
        Box::pin(async move {
            let Some(limiter) = self.rate_limiter(limit) else {
                return true;
            };
            limiter
                .limit(key.to_owned())
                .await
                .map_or(true, |outcome| outcome.success)
        })
    }
}
