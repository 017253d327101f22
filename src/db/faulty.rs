//! An engine whose batches may fail, take their time or never return.

use futures_util::future::LocalBoxFuture;

use crate::db::DatabaseError;
use crate::db::{Engine, Statement};

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
        Box::pin(async move {
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
        })
    }

    fn size(&self) -> Option<u64> {
        self.engine.size()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use futures_executor::block_on;
    use futures_util::future::FutureExt as _;

    use super::*;
    use crate::db::sqlite::Sqlite;
    use crate::kernel::Timestamp;

    /// One ending for all batches, or the caller's death before or after each.
    #[derive(Default)]
    struct Always {
        ending: Ending,
        dies_before: bool,
        dies_after: bool,
        seen: RefCell<Vec<&'static str>>,
        over: Cell<u32>,
    }

    impl Faults for Always {
        fn before<'a>(&'a self, statements: &'a [Statement]) -> LocalBoxFuture<'a, Ending> {
            let statements = statements.iter().map(|statement| statement.sql);
            self.seen.borrow_mut().extend(statements);
            async {
                if self.dies_before {
                    std::future::pending::<()>().await;
                }
                self.ending
            }
            .boxed_local()
        }

        fn after(&self, _: Ending) -> LocalBoxFuture<'_, ()> {
            self.over.set(self.over.get() + 1);
            async {
                if self.dies_after {
                    std::future::pending::<()>().await;
                }
            }
            .boxed_local()
        }
    }

    const ADD: &str = "INSERT INTO users (uuid, created_at) VALUES ('ann', '')";

    /// The batch's answer, if it came to one, and how many users there are then.
    fn outcome(faults: Always) -> (Option<bool>, u32, u32) {
        let sqlite = Sqlite::new(Timestamp::default);
        let faulty = Faulty::new(sqlite.clone(), faults);
        let add = [Statement::new(ADD, [])];
        let answer = faulty.batch(&add).now_or_never();
        assert_eq!(*faulty.faults.seen.borrow(), [ADD]);
        let users = sqlite.query("SELECT count(*) FROM users", [], |row| row.get(0));
        (
            answer.map(|answer| answer.is_ok()),
            users[0],
            faulty.faults.over.get(),
        )
    }

    #[test]
    fn a_fault_strikes_before_or_after_the_effect() {
        let ending = |ending| Always {
            ending,
            ..Always::default()
        };
        assert_eq!(outcome(ending(Ending::Genuine)), (Some(true), 1, 1));
        assert_eq!(outcome(ending(Ending::Refused)), (Some(false), 0, 1));
        assert_eq!(outcome(ending(Ending::AnswerLost)), (Some(false), 1, 1));
    }

    #[test]
    fn a_caller_may_die_before_or_after_the_effect() {
        let before = Always {
            dies_before: true,
            ..Always::default()
        };
        assert_eq!(outcome(before), (None, 0, 0));
        let after = Always {
            dies_after: true,
            ..Always::default()
        };
        assert_eq!(outcome(after), (None, 1, 1));
    }

    #[test]
    fn a_genuine_failure_is_passed_on() {
        let faulty = Faulty::new(Sqlite::new(Timestamp::default), Always::default());
        let refused = block_on(faulty.batch(&[Statement::new("SELECT nowhere", [])]));
        assert!(refused.unwrap_err().to_string().contains("no such column"));
    }
}
