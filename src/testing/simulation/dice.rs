//! Draws that depend on nothing but the seed and their own name, so that taking
//! one fault out of a schedule leaves all the others where they were.

use crate::kernel::random::seeded::Seeded;

/// The dice of one seed.
#[derive(Debug, Clone, Copy)]
pub struct Dice(u64);

impl Dice {
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream of draws with this name.
    pub fn stream(self, topic: Topic, number: u64) -> Draws {
        let mixed = Seeded::new(self.0 ^ Seeded::new(topic as u64).next());
        Draws(Seeded::new(mixed.next() ^ Seeded::new(!number).next()))
    }
}

/// What is drawn for.
#[derive(Debug, Clone, Copy)]
pub enum Topic {
    /// Who and what is there.
    Scene = 1,
    /// Whose turn it is.
    Turn,
    /// An actor's own randomness: passwords, ids.
    Random,
    /// What an actor chooses to do next.
    Choice,
    /// How an actor's n-th effect goes; plus the actor's number.
    Fate = 1000,
}

/// One stream.
pub struct Draws(pub Seeded);

impl Draws {
    /// The stream of an actor's effect.
    pub fn of_fate(dice: Dice, actor: usize, effect: u64) -> Self {
        dice.stream(Topic::Fate, (actor as u64) << 32 | effect)
    }

    /// A number below `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        self.0.next() % bound.max(1)
    }

    /// Whether something happens that happens in so many of a thousand cases.
    pub fn chance(&self, of_thousand: u64) -> bool {
        self.below(1000) < of_thousand
    }

    /// One of these.
    pub fn pick<T: Copy>(&self, options: &[T]) -> T {
        options[self.below(options.len() as u64) as usize]
    }
}
