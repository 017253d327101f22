//! Decides how every effect goes, and has the oracle look at the world after it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::provisioning::world::hazard::{Fate, Hazard, Hazards};
use crate::provisioning::world::{Effect, World};
use crate::threedeye::simulated::Operation;

use crate::provisioning::simulation::dice::{Dice, Draws};
use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::simulation::scene::Scene;

/// A part of a schedule that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// An actor.
    Actor(usize),
    /// Something that happens beside the actors.
    Event(usize),
    /// What goes wrong with an actor's n-th effect.
    Fault(usize, u64),
    /// How long an actor's n-th effect takes.
    Delay(usize, u64),
}

/// So many more reads of the list go unanswered after one that did.
const REPEATED_SILENCE: u32 = 2;

/// The hazards of one schedule.
pub struct Director {
    dice: Dice,
    faults: u64,
    delays: u64,
    without: BTreeSet<Part>,
    effects: RefCell<BTreeMap<usize, u64>>,
    /// Actors to whom 3dEye does not answer so many more reads of the list.
    unanswered: RefCell<BTreeMap<usize, u32>>,
    /// The parts that played a role.
    pub played: RefCell<BTreeSet<Part>>,
    /// What happened, one line an effect; only where somebody will read it.
    pub trace: Option<RefCell<Vec<String>>>,
    /// The faults are over.
    pub calm: Cell<bool>,
    pub oracle: RefCell<Oracle>,
}

impl Director {
    pub fn new(dice: Dice, scene: &Scene, without: BTreeSet<Part>, traced: bool) -> Self {
        Self {
            dice,
            faults: scene.faults,
            delays: scene.delays,
            without,
            effects: RefCell::default(),
            unanswered: RefCell::default(),
            played: RefCell::default(),
            trace: traced.then(RefCell::default),
            calm: Cell::new(false),
            oracle: RefCell::new(Oracle::new()),
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

    /// A single read without an answer is repeated with success; several in a row end a scan, or cut
    /// it short.
    fn repeat_silence(&self, actor: usize, hazard: &mut Hazard) {
        let mut unanswered = self.unanswered.borrow_mut();
        let left = unanswered.entry(actor).or_default();
        if hazard.fate == Fate::Hangs {
            *left = REPEATED_SILENCE;
        } else if *left > 0 {
            *left -= 1;
            hazard.fate = Fate::Hangs;
        }
    }

    /// How many effects there were.
    pub fn effects(&self) -> u64 {
        self.effects.borrow().values().sum()
    }
}

impl Hazards for Director {
    fn next(&self, actor: usize, effect: Effect) -> Hazard {
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
        let delay = draws.pick(&[5, 400, 3_000, 12_000, 65_000]);
        if draws.chance(self.delays) && self.plays(Part::Delay(actor, number)) {
            hazard.delay = Duration::from_millis(delay);
        }
        let fate = draws.pick(fates(effect));
        hazard.flavour = draws.below(1000) as u32;
        if draws.chance(self.faults) && self.plays(Part::Fault(actor, number)) {
            hazard.fate = fate;
        }
        if effect == Effect::Request(Operation::List) {
            self.repeat_silence(actor, &mut hazard);
        }
        self.tell(|| {
            let (delay, fate) = (hazard.delay, hazard.fate);
            format!("  actor {actor}, effect {number}: {effect:?} ({fate:?}, after {delay:?})")
        });
        hazard
    }

    fn observe(&self, world: &World, actor: usize, effect: Effect) {
        self.tell(|| format!("  actor {actor}: {effect:?} is over"));
        self.oracle.borrow_mut().look(world, actor, effect);
    }
}

/// How an effect can go wrong.
fn fates(effect: Effect) -> &'static [Fate] {
    const SOON: Fate = Fate::Lands(Duration::from_secs(4));
    const LATE: Fate = Fate::Lands(Duration::from_secs(25));
    const ALWAYS: &[Fate] = &[
        Fate::FailsBefore,
        Fate::FailsAfter,
        Fate::DiesBefore,
        Fate::DiesAfter,
    ];
    match effect {
        Effect::Request(Operation::List) => {
            &[Fate::FailsBefore, Fate::Hangs, Fate::Hangs, Fate::DiesAfter]
        }
        Effect::Request(Operation::Create) => &[
            Fate::FailsBefore,
            Fate::FailsAfter,
            Fate::DiesBefore,
            Fate::DiesAfter,
            Fate::IdUntold,
            SOON,
            LATE,
        ],
        Effect::Request(Operation::Delete | Operation::Attach) => &[
            Fate::FailsBefore,
            Fate::FailsAfter,
            Fate::DiesBefore,
            Fate::DiesAfter,
            SOON,
            LATE,
        ],
        _ => ALWAYS,
    }
}
