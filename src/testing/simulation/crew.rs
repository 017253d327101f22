//! The actors of a simulation: whose turn it is, and who is dead.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::future::pending;

use crate::kernel::Clock as _;
use crate::testing::simulation::hazard::{Fate, Hazard};
use crate::testing::transport::{VirtualClock, yield_once};

#[derive(Default)]
pub struct Crew {
    /// Who is at work, by a number.
    pub actor: Cell<usize>,
    dead: RefCell<BTreeSet<usize>>,
    /// Those who die once their effect is over.
    dying: RefCell<BTreeSet<usize>>,
}

impl Crew {
    /// The way to an effect: others get their turns, time passes, the actor may die.
    pub async fn approach(&self, hazard: Hazard, clock: &VirtualClock) {
        let actor = self.actor.get();
        for _ in 0..hazard.turns {
            yield_once().await;
        }
        if !hazard.delay.is_zero() {
            clock.until(clock.now().plus(hazard.delay)).await;
        }
        if hazard.fate == Fate::DiesBefore {
            self.dead.borrow_mut().insert(actor);
        }
        self.end_if_dead(actor).await;
    }

    /// Called right before an effect: what comes next is the way back from this very one.
    pub fn light(&self, hazard: Hazard) {
        if hazard.fate == Fate::DiesAfter {
            self.dying.borrow_mut().insert(self.actor.get());
        }
    }

    /// The way back from an effect.
    pub async fn leave(&self) {
        let actor = self.actor.get();
        if self.dying.borrow_mut().remove(&actor) {
            self.dead.borrow_mut().insert(actor);
        }
        self.end_if_dead(actor).await;
        // Others of the same actor get their turn.
        yield_once().await;
    }

    pub fn is_dead(&self, actor: usize) -> bool {
        self.dead.borrow().contains(&actor)
    }

    pub fn revive_all(&self) {
        self.dead.borrow_mut().clear();
        self.dying.borrow_mut().clear();
    }

    /// An actor is dead whichever of its effects under way it died in.
    async fn end_if_dead(&self, actor: usize) {
        if self.is_dead(actor) {
            pending::<()>().await;
        }
    }
}
