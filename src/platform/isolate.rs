//! What all requests of one isolate share: finished values only.
//!
//! Awaiting a future that another request owns would hang or be cancelled by
//! the runtime, so nothing here is a future or a lock.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use worker::Env;

use crate::auth::jwks::JwksCache;
use crate::config::Config;
use crate::platform::webcrypto::PublicKey;
use crate::threedeye::client::TokenCache;
use crate::user_keys::Throttle;

/// The isolate's imported JWKS.
pub type Keys = Rc<RefCell<JwksCache<PublicKey>>>;

/// The isolate's shared values.
#[derive(Default)]
pub struct Isolate {
    config: OnceCell<Rc<Config>>,
    keys: Keys,
    tokens: Rc<RefCell<TokenCache>>,
    throttle: Rc<RefCell<Throttle>>,
}

thread_local! {
    /// An isolate has one thread.
    static ISOLATE: Isolate = Isolate::default();
}

impl Isolate {
    /// Works with this isolate's values.
    pub fn with<T>(work: impl FnOnce(&Self) -> T) -> T {
        ISOLATE.with(work)
    }

    /// The configuration, parsed once: the environment is the same for every
    /// request of an isolate.
    pub fn config(&self, env: &Env) -> Rc<Config> {
        let config = self.config.get_or_init(|| {
            let config = Config::parse(|name| env.var(name).ok().map(|value| value.to_string()));
            super::log::configuration(&config.problems);
            Rc::new(config)
        });
        Rc::clone(config)
    }

    /// The imported JWKS.
    pub fn keys(&self) -> Keys {
        Rc::clone(&self.keys)
    }

    /// 3dEye's bearer token.
    pub fn tokens(&self) -> Rc<RefCell<TokenCache>> {
        Rc::clone(&self.tokens)
    }

    /// The count of requests with the keys of instances.
    pub fn throttle(&self) -> Rc<RefCell<Throttle>> {
        Rc::clone(&self.throttle)
    }
}
