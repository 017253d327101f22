//! An engine whose batches may fail, take their time or never return.

use futures_util::future::LocalBoxFuture;

use crate::db::{DatabaseError, Engine, Statement};

/// How a batch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ending {
    /// As the engine has it.
    #[default]
    Genuine,
    /// It fails without having taken effect.
    Refused,
    /// It takes effect, and its answer is lost.
    AnswerLost,
}

/// Decides how batches go. What either call awaits is time that passes and
/// turns that others get; a future that never ends is the death of the caller.
pub trait Faults {
    /// Called before a batch takes effect.
    fn before<'a>(&'a self, statements: &'a [Statement]) -> LocalBoxFuture<'a, Ending>;

    /// Called after it was refused or took effect, before the caller knows.
    fn after(&self, ending: Ending) -> LocalBoxFuture<'_, ()>;
}

/// An engine under these faults.
pub struct Faulty<E, F> {
    engine: E,
    faults: F,
}

impl<E, F> Faulty<E, F> {
    /// Puts the faults around the engine.
    pub const fn new(engine: E, faults: F) -> Self {
        Self { engine, faults }
    }
}

impl<E: Engine, F: Faults> Engine for Faulty<E, F> {
    fn batch<'a>(
        &'a self,
        statements: &'a [Statement],
    ) -> LocalBoxFuture<'a, Result<Vec<String>, DatabaseError>> {
        Box::pin(self.answer(statements))
    }
}

impl<E: Engine, F: Faults> Faulty<E, F> {
    async fn answer(&self, statements: &[Statement]) -> Result<Vec<String>, DatabaseError> {
        let ending = self.faults.before(statements).await;
        let answer = match ending {
            Ending::Refused => Err(DatabaseError(
                "made to fail before it took effect".to_owned(),
            )),
            Ending::Genuine | Ending::AnswerLost => self.engine.batch(statements).await,
        };
        self.faults.after(ending).await;
        match ending {
            Ending::AnswerLost => Err(DatabaseError("made to lose its answer".to_owned())),
            Ending::Genuine | Ending::Refused => answer,
        }
    }
}
