//! The hazards of a schedule, and the oracle that looks at the world after each effect.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::provisioning::simulation::oracle::Oracle;
use crate::provisioning::world::hazard::Hazards;
use crate::provisioning::world::{Effect, World};
use crate::testing::simulation::director::Director;
use crate::testing::simulation::hazard::{Fate, Hazard};
use crate::threedeye::simulated::Operation;

/// So many more reads of the list go unanswered after one that did.
const REPEATED_SILENCE: u32 = 2;

/// How long an effect may take, in milliseconds; the last is longer than any lease.
const DELAYS: &[u64] = &[5, 400, 3_000, 12_000, 65_000];

/// So late that another actor may have taken the lease over.
const DELAYS_OF_A_SETTLEMENT: &[u64] = &[65_000, 130_000];

pub struct Risks {
    pub director: Director,
    /// Actors to whom 3dEye does not answer so many more reads of the list.
    unanswered: RefCell<BTreeMap<usize, u32>>,
    pub oracle: RefCell<Oracle>,
}

impl Risks {
    pub fn new(director: Director) -> Self {
        Self {
            director,
            unanswered: RefCell::default(),
            oracle: RefCell::new(Oracle::new()),
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
}

impl Hazards for Risks {
    fn next(&self, actor: usize, effect: Effect) -> Hazard {
        let adjust = |hazard: &mut Hazard| {
            if effect == Effect::Request(Operation::List) {
                self.repeat_silence(actor, hazard);
            }
        };
        let delays = match effect {
            Effect::Settlement => DELAYS_OF_A_SETTLEMENT,
            _ => DELAYS,
        };
        self.director
            .next(actor, effect, fates(effect), delays, adjust)
    }

    fn observe(&self, world: &World, actor: usize, effect: Effect) {
        self.director
            .tell(|| format!("  actor {actor}: {effect:?} is over"));
        self.oracle.borrow_mut().look(world, actor, effect);
    }
}

/// How an effect can go wrong.
fn fates(effect: Effect) -> &'static [Fate] {
    const SOON: Fate = Fate::Lands(Duration::from_secs(4));
    const LATE: Fate = Fate::Lands(Duration::from_secs(25));
    const AT_LAST: Fate = Fate::Lands(Duration::from_secs(50));
    match effect {
        Effect::Request(Operation::List) => &[
            Fate::FailsBefore,
            Fate::Hangs,
            Fate::Hangs,
            Fate::DiesAfter,
            Fate::Empty,
        ],
        Effect::Request(Operation::Create) => &[
            Fate::FailsBefore,
            Fate::FailsAfter,
            Fate::DiesBefore,
            Fate::DiesAfter,
            Fate::IdUntold,
            SOON,
            LATE,
            AT_LAST,
        ],
        Effect::Request(Operation::Delete | Operation::Attach) => &[
            Fate::FailsBefore,
            Fate::FailsAfter,
            Fate::DiesBefore,
            Fate::DiesAfter,
            SOON,
            LATE,
            AT_LAST,
        ],
        _ => Fate::COMMON,
    }
}
