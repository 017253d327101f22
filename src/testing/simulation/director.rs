//! Decides how every effect goes, and keeps what a schedule was made of.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::Duration;

use crate::testing::simulation::dice::{Dice, Draws};
use crate::testing::simulation::hazard::{Fate, Hazard};
use crate::testing::simulation::schedule::{Part, Played, Schedule, Violation};

/// How much goes wrong in a schedule.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// Of a thousand effects, how many go wrong.
    pub faults: u64,
    /// Of a thousand effects, how many take their time.
    pub delays: u64,
}

/// The hazards of one schedule.
pub struct Director {
    pub dice: Dice,
    trouble: Trouble,
    without: BTreeSet<Part>,
    effects: RefCell<BTreeMap<usize, u64>>,
    /// The parts that played a role.
    played: RefCell<BTreeSet<Part>>,
    /// What happened, one line an effect; only where it will be read.
    trace: Option<RefCell<Vec<String>>>,
    /// The faults are over.
    pub calm: Cell<bool>,
}

impl Director {
    pub fn new(schedule: &Schedule, trouble: Trouble, traced: bool) -> Self {
        Self {
            dice: Dice::of(schedule.seed),
            trouble,
            without: schedule.without.clone(),
            effects: RefCell::default(),
            played: RefCell::default(),
            trace: traced.then(RefCell::default),
            calm: Cell::new(false),
        }
    }

    /// Whether this part takes place; remembers that it did.
    pub fn plays(&self, part: Part) -> bool {
        let plays = !self.without.contains(&part);
        if plays {
            self.played.borrow_mut().insert(part);
        }
        plays
    }

    pub fn tell(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            trace.borrow_mut().push(line());
        }
    }

    /// How the next effect of `actor` goes, which is one of these fates if it goes wrong, and takes one of
    /// these times if it takes its time. `adjust` may change it before it is told.
    pub fn next(
        &self,
        actor: usize,
        effect: impl Debug,
        fates: &[Fate],
        delays_ms: &[u64],
        adjust: impl FnOnce(&mut Hazard),
    ) -> Hazard {
        let number = {
            let mut effects = self.effects.borrow_mut();
            let number = effects.entry(actor).or_default();
            *number += 1;
            *number
        };
        if self.calm.get() {
            return Hazard::default();
        }
        let draws = Draws::of_fate(self.dice, actor, number);
        let mut hazard = Hazard {
            turns: draws.below(3) as u32,
            ..Hazard::default()
        };
        let delay = draws.pick(delays_ms);
        if draws.chance(self.trouble.delays) && self.plays(Part::Delay(actor, number)) {
            hazard.delay = Duration::from_millis(delay);
        }
        let fate = draws.pick(fates);
        hazard.flavour = draws.below(1000) as u32;
        if draws.chance(self.trouble.faults) && self.plays(Part::Fault(actor, number)) {
            hazard.fate = fate;
        }
        adjust(&mut hazard);
        self.tell(|| {
            let (delay, fate) = (hazard.delay, hazard.fate);
            format!("  actor {actor}, effect {number}: {effect:?} ({fate:?}, after {delay:?})")
        });
        hazard
    }

    /// What came of the schedule.
    pub fn played(&self, violation: Option<Violation>) -> Played {
        let trace = self.trace.as_ref();
        Played {
            parts: self.played.borrow().clone(),
            effects: self.effects.borrow().values().sum(),
            trace: trace
                .map(|lines| lines.borrow().clone())
                .unwrap_or_default(),
            violation,
        }
    }
}
