//! What may go wrong with one effect on the world.

use std::time::Duration;

use crate::provisioning::memory::World;

/// How one effect goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hazard {
    /// How many turns others get before it takes effect.
    pub turns: u32,
    /// How long it takes until then.
    pub delay: Duration,
    /// What then happens.
    pub fate: Fate,
    /// Chooses among the errors that a failed call may answer with.
    pub flavour: u32,
}

/// How an effect ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fate {
    /// Well.
    #[default]
    Fine,
    /// It fails without having taken effect.
    FailsBefore,
    /// It takes effect, and its answer is lost.
    FailsAfter,
    /// The caller is told that it failed, and so long after the effect takes place.
    Lands(Duration),
    /// The actor dies before it.
    DiesBefore,
    /// The actor dies after it, and never sees its answer.
    DiesAfter,
    /// A read shows only a part of what is there, and says so.
    Partial,
}

/// Decides how each effect goes, and looks on.
pub trait Hazards {
    /// How the next effect of `actor` goes.
    fn next(&self, actor: usize, call: &'static str) -> Hazard;

    /// Called after every effect.
    fn observe(&self, _world: &World, _actor: usize, _call: &'static str) {}
}

/// Nothing goes wrong, and effects follow each other in their order.
pub struct Calm;

impl Hazards for Calm {
    fn next(&self, _: usize, _: &'static str) -> Hazard {
        Hazard::default()
    }
}
