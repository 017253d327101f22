//! Lets actors act by turns that the dice choose.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::testing::simulation::crew::Crew;
use crate::testing::simulation::dice::Topic;
use crate::testing::simulation::director::Director;
use crate::testing::simulation::schedule::{Part, Violation};
use crate::testing::transport::Flag;

/// No schedule takes more turns than this.
const MOST_TURNS: u64 = 20_000;

pub type Acting<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A simulation, as far as taking turns is concerned. Actors and events have numbers.
pub trait Stage<'a> {
    fn director(&self) -> &Director;
    fn crew(&self) -> &Crew;

    /// The actor begins to act.
    fn enter(&self, actor: usize) -> Acting<'a>;

    /// What happens beside the actors.
    fn happen(&self, event: usize);

    /// On to the next moment that is waited for, if there is one.
    fn let_time_pass(&self) -> bool;

    /// The promise that is broken, if one is.
    fn verdict(&self) -> Result<(), Violation>;

    /// All actors by turns, each from its own turn on.
    fn interleave(
        &self,
        actors: impl Iterator<Item = u64>,
        events: impl Iterator<Item = u64>,
    ) -> Result<(), Violation> {
        let director = self.director();
        let mut waiting = in_order(actors, |number| director.plays(Part::Actor(number)));
        let mut events = in_order(events, |number| director.plays(Part::Event(number)));
        let mut slots: Vec<Slot<'a>> = Vec::new();
        for turn in 0..MOST_TURNS {
            while let Some((_, event)) = pop_due(&mut events, turn) {
                self.happen(event);
            }
            while let Some((_, actor)) = pop_due(&mut waiting, turn) {
                slots.push(Slot {
                    actor,
                    acting: self.enter(actor),
                    flag: Flag::raised(),
                });
            }
            let ready: Vec<usize> = (0..slots.len())
                .filter(|place| slots[*place].flag.is_raised())
                .collect();
            if ready.is_empty() {
                if self.let_time_pass() {
                    continue;
                }
                if !slots.is_empty() {
                    return Err(hangs(&slots));
                }
                if waiting.is_empty() && events.is_empty() {
                    return Ok(());
                }
                continue;
            }
            let draws = director.dice.stream(Topic::Turn, turn);
            let place = ready[draws.below(ready.len() as u64) as usize];
            if self.give_turn(&mut slots[place]) {
                drop(slots.remove(place));
            }
            self.verdict()?;
        }
        Err(hangs(&slots))
    }

    /// An actor who has the stage for itself.
    fn lone(&self, actor: usize, acting: Acting<'a>) -> Result<(), Violation> {
        let mut slot = Slot {
            actor,
            acting,
            flag: Flag::raised(),
        };
        for _ in 0..MOST_TURNS {
            if slot.flag.is_raised() {
                if self.give_turn(&mut slot) {
                    return self.verdict();
                }
                self.verdict()?;
            } else if !self.let_time_pass() {
                break;
            }
        }
        Err(hangs(&[slot]))
    }

    /// Whether the actor has left the stage, alive or not.
    fn give_turn(&self, slot: &mut Slot<'a>) -> bool {
        let actor = slot.actor;
        self.crew().actor.set(actor);
        slot.flag.lower();
        let waker = Waker::from(Arc::clone(&slot.flag));
        let mut context = Context::from_waker(&waker);
        let done = slot.acting.as_mut().poll(&mut context) == Poll::Ready(());
        if self.crew().is_dead(actor) {
            self.director().tell(|| format!("actor {actor} is dead"));
            return true;
        }
        done
    }
}

/// An actor on the stage.
pub struct Slot<'a> {
    actor: usize,
    acting: Acting<'a>,
    flag: Arc<Flag>,
}

/// The numbers of those that play, by their turns.
fn in_order(
    turns: impl Iterator<Item = u64>,
    plays: impl Fn(usize) -> bool,
) -> BTreeSet<(u64, usize)> {
    let numbered = turns.enumerate().filter(|(number, _)| plays(*number));
    numbered.map(|(number, turn)| (turn, number)).collect()
}

fn pop_due(waiting: &mut BTreeSet<(u64, usize)>, turn: u64) -> Option<(u64, usize)> {
    waiting.first().filter(|first| first.0 <= turn)?;
    waiting.pop_first()
}

fn hangs(slots: &[Slot<'_>]) -> Violation {
    let actors: Vec<usize> = slots.iter().map(|slot| slot.actor).collect();
    Violation {
        promise: "every actor comes to an end",
        seen: format!("still at work: {actors:?}"),
    }
}
