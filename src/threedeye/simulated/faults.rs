//! What can go wrong with one exchange, and who decides it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::kernel::Clock;
use crate::kernel::http_client::HttpResponse;

use super::Operation;

/// How one exchange goes.
#[derive(Clone, Default)]
pub enum Fault {
    /// Well.
    #[default]
    None,
    /// It is answered this, and nothing happens.
    Refused(HttpResponse),
    /// The connection cannot be made.
    Unreachable,
    /// Nothing happens, and no answer comes.
    Hangs,
    /// No answer comes, and so long after its arrival the request takes effect.
    Lands {
        /// How long after.
        after: Duration,
        /// Whose request it was.
        actor: usize,
    },
    /// The request takes effect, and the connection breaks.
    AnswerLost,
    /// The request takes effect, and its answer is made into another.
    Mangled(fn(HttpResponse) -> HttpResponse),
}

/// Decides how exchanges go. What either call awaits is time that passes and
/// turns that others get; a future that never ends is the death of the caller.
pub trait Faults {
    /// Called when a request is on its way.
    fn before(&self, operation: Operation) -> LocalBoxFuture<'_, Fault>;

    /// Called once it is clear what came of it, before the caller knows.
    fn after(&self, operation: Operation) -> LocalBoxFuture<'_, ()>;
}

/// Faults that a test has planned, one exchange after the other; then all goes well.
pub struct Planned<C> {
    clock: C,
    faults: RefCell<BTreeMap<Operation, VecDeque<Fault>>>,
    latencies: RefCell<BTreeMap<Operation, Duration>>,
}

impl<C: Clock> Planned<C> {
    /// Nothing goes wrong yet.
    pub fn new(clock: C) -> Self {
        Self {
            clock,
            faults: RefCell::default(),
            latencies: RefCell::default(),
        }
    }

    /// How the next exchanges of this kind go, after those that are planned already.
    pub fn plan(&self, operation: Operation, faults: impl IntoIterator<Item = Fault>) {
        let mut planned = self.faults.borrow_mut();
        planned.entry(operation).or_default().extend(faults);
    }

    /// Nothing is planned any more.
    pub fn clear(&self) {
        self.faults.borrow_mut().clear();
    }

    /// How long all exchanges of this kind take from now on.
    pub fn slow_down(&self, operation: Operation, latency: Duration) {
        self.latencies.borrow_mut().insert(operation, latency);
    }
}

impl<C: Clock> Faults for Planned<C> {
    fn before(&self, operation: Operation) -> LocalBoxFuture<'_, Fault> {
        async move {
            let latency = self.latencies.borrow().get(&operation).copied();
            if let Some(latency) = latency {
                self.clock.sleep(latency).await;
            }
            let mut planned = self.faults.borrow_mut();
            let next = planned.get_mut(&operation).and_then(VecDeque::pop_front);
            next.unwrap_or_default()
        }
        .boxed_local()
    }

    fn after(&self, _: Operation) -> LocalBoxFuture<'_, ()> {
        async {}.boxed_local()
    }
}
