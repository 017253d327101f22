//! What may go wrong with one effect: a batch on the database or a request to 3dEye.

use std::cell::Cell;
use std::time::Duration;

use crate::provisioning::world::{Effect, Fuse, World};

/// How one effect goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hazard {
    /// How many turns others get before it takes effect.
    pub turns: u32,
    /// How long it takes until then.
    pub delay: Duration,
    /// What then happens.
    pub fate: Fate,
    /// Chooses among the errors that a failed request may answer with.
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
    /// No answer comes, and so long after its arrival the request takes effect.
    Lands(Duration),
    /// Nothing happens, and no answer comes.
    Hangs,
    /// The actor dies before it.
    DiesBefore,
    /// The actor dies after it, and never sees its answer.
    DiesAfter,
    /// The request takes effect, and its answer does not tell the new account's id.
    IdUntold,
}

/// Decides how each effect goes, and looks on.
pub trait Hazards {
    /// How the next effect of `actor` goes.
    fn next(&self, actor: usize, effect: Effect) -> Hazard;

    /// Called after every effect, also after those whose caller was told that they failed.
    fn observe(&self, _world: &World, _actor: usize, _effect: Effect) {}
}

/// Nothing goes wrong, and effects follow each other in their order.
pub struct Calm;

impl Hazards for Calm {
    fn next(&self, _: usize, _: Effect) -> Hazard {
        Hazard::default()
    }
}

/// Only the fuse goes wrong.
pub struct Burning {
    fuse: Fuse,
    effects: Cell<u32>,
}

impl Burning {
    pub const fn new(fuse: Fuse) -> Self {
        Self {
            fuse,
            effects: Cell::new(0),
        }
    }
}

impl Hazards for Burning {
    fn next(&self, _: usize, _: Effect) -> Hazard {
        let number = self.effects.get() + 1;
        self.effects.set(number);
        let fate = match self.fuse {
            Fuse::Before(last) if number == last => Fate::DiesBefore,
            Fuse::After(last) if number == last => Fate::DiesAfter,
            _ => Fate::Fine,
        };
        Hazard {
            fate,
            ..Hazard::default()
        }
    }
}
