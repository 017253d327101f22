//! What native tests share: the whole service in memory, the simulations, checks of the sources, and
//! servers in JavaScript (the real counterparts of what these tests run on natively).

mod bad_input;
mod layers;
mod operations;
pub mod outside;
mod request;
mod schema;
pub mod service;
pub mod simulation;
pub mod transport;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ureq::Agent;

/// A server of `dev/conformance/`. It ends when its standard input closes, so
/// it outlives neither this value nor, however that ends, this process.
pub struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// Starts `dev/conformance/<name>.mjs` with the node of `SPKEY_NODE`, or
    /// the one on the path, and waits until it has told its address.
    pub fn start(name: &str) -> Self {
        let node = std::env::var("SPKEY_NODE").unwrap_or_else(|_| "node".to_owned());
        let root = env!("CARGO_MANIFEST_DIR");
        let mut child = Command::new(&node)
            .arg(format!("{root}/dev/conformance/{name}.mjs"))
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{node} could not be started: {error}"));
        let mut first_line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut first_line).unwrap();
        let url = first_line.trim().to_owned();
        assert!(
            url.starts_with("http://"),
            "{name}.mjs did not start: {url}"
        );
        Self { child, url }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Its exit status says nothing about the tests.
        let _ = self.child.wait();
    }
}

/// A server that all tests share, in turns: starting one takes seconds.
pub struct Shared {
    name: &'static str,
    server: OnceLock<Server>,
    turn: Mutex<()>,
}

impl Shared {
    /// `dev/conformance/<name>.mjs`, to be started when first needed.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            server: OnceLock::new(),
            turn: Mutex::new(()),
        }
    }

    /// The server's address, for as long as the turn is held. What the one
    /// before left behind is the caller's to clear, also where it failed.
    pub fn lend(&self) -> (&str, MutexGuard<'_, ()>) {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let server = self.server.get_or_init(|| Server::start(self.name));
        (server.url(), turn)
    }
}

/// A connection that was idle for longer is not used again: workerd ends it after 15 s.
const MAX_IDLE_AGE: Duration = Duration::from_secs(5);

/// A client that takes every status as an answer and follows no redirect.
pub fn agent(timeout: Option<Duration>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .max_idle_age(MAX_IDLE_AGE)
        .timeout_global(timeout);
    config.build().into()
}
