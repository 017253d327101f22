//! What an isolate keeps between its events.

use std::cell::OnceCell;
use std::rc::Rc;

use worker::Env;

use super::bindings::EventBindings;
use super::fetch::Fetch;
use super::log;
use super::runtime::{RuntimeClock, RuntimeRandom};
use super::webcrypto::WebCrypto;
use crate::app;
use crate::config::Config;
use crate::services::{Environment, Services, Shared};
use crate::web::Router;

thread_local! {
    // An isolate has one thread.
    static SHARED: OnceCell<Rc<Shared>> = const { OnceCell::new() };
    static ROUTER: Rc<Router> = Rc::new(app::router());
}

/// The router, built once.
pub fn router() -> Rc<Router> {
    ROUTER.with(Rc::clone)
}

/// The services of one event.
pub fn services(env: &Env) -> Services {
    let shared = SHARED.with(|shared| Rc::clone(shared.get_or_init(|| Rc::new(share(env)))));
    Services::new(Box::new(EventBindings::new(env)), shared)
}

/// The settings are the same for every event of an isolate.
fn share(env: &Env) -> Shared {
    let config = Config::parse(|name| env.var(name).ok().map(|value| value.to_string()));
    log::configuration(&config.problems);
    let environment = Environment {
        clock: Rc::new(RuntimeClock),
        random: Rc::new(RuntimeRandom),
        http: Rc::new(Fetch),
        signatures: Rc::new(WebCrypto),
    };
    Shared::new(config, environment)
}
