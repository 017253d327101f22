//! What may go wrong with one effect: a batch on the database or a request to another service.

use std::time::Duration;

use crate::db::faulty::Ending;

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
    /// The list is answered as if it were empty.
    Empty,
}

impl Fate {
    /// What may happen to any effect.
    pub const COMMON: &[Self] = &[
        Self::FailsBefore,
        Self::FailsAfter,
        Self::DiesBefore,
        Self::DiesAfter,
    ];

    /// How a batch ends that its caller survives.
    pub const fn ending(self) -> Ending {
        match self {
            Self::FailsBefore => Ending::Refused,
            Self::FailsAfter => Ending::AnswerLost,
            _ => Ending::Genuine,
        }
    }
}
