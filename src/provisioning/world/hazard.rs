//! Who decides what goes wrong with the effects of a world.

use std::cell::Cell;

use crate::provisioning::world::{Effect, Fuse, World};
use crate::testing::simulation::hazard::{Fate, Hazard};

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
