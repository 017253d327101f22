//! Typed batches: a statement that is pushed gives a slot, and the slot reads its rows.

use std::marker::PhantomData;

use super::row::rows_of;
use super::{DatabaseError, FromRow, Statement};

/// Statements that run as one transaction in one round trip.
#[derive(Debug, Default)]
pub struct Batch {
    statements: Vec<Statement>,
}

/// Where the rows of one statement of a batch are found, and what they are.
#[derive(Debug)]
pub struct Slot<T> {
    index: usize,
    row: PhantomData<fn() -> T>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slot<T> {}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement whose rows are read as `T`: `()` if only their number matters.
    pub fn push<T: FromRow>(&mut self, statement: Statement) -> Slot<T> {
        let index = self.statements.len();
        self.statements.push(statement);
        Slot {
            index,
            row: PhantomData,
        }
    }

    /// Adds a statement whose rows are not looked at.
    pub fn execute(&mut self, statement: Statement) {
        self.statements.push(statement);
    }

    /// Adds statements whose rows are not looked at.
    pub fn execute_all(&mut self, statements: impl IntoIterator<Item = Statement>) {
        self.statements.extend(statements);
    }

    /// Where the rows of the noted statements are found.
    pub(super) fn noted<T>(&self) -> impl Iterator<Item = Slot<T>> {
        let statements = self.statements.iter().enumerate();
        let noted = statements.filter(|(_, statement)| statement.is_noted);
        noted.map(|(index, _)| Slot {
            index,
            row: PhantomData,
        })
    }

    pub(super) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

/// The rows that a batch answered.
#[derive(Debug)]
pub struct Results {
    rows: Vec<String>,
}

impl Results {
    pub(super) const fn new(rows: Vec<String>) -> Self {
        Self { rows }
    }

    /// The statement's rows.
    pub fn rows<T: FromRow>(&self, slot: Slot<T>) -> Result<Vec<T>, DatabaseError> {
        let rows = rows_of(self.text(slot.index)?)?;
        let mut read = Vec::with_capacity(rows.len());
        for row in &rows {
            read.push(T::from_row(row)?);
        }
        Ok(read)
    }

    /// The statement's first row.
    pub fn first<T: FromRow>(&self, slot: Slot<T>) -> Result<Option<T>, DatabaseError> {
        let rows = rows_of(self.text(slot.index)?)?;
        rows.first().map(T::from_row).transpose()
    }

    /// The row of a statement that always has one.
    pub fn one<T: FromRow>(&self, slot: Slot<T>) -> Result<T, DatabaseError> {
        self.first(slot)?.ok_or_else(|| {
            let name = std::any::type_name::<T>();
            DatabaseError(format!("there is no row of {name}"))
        })
    }

    /// How many rows the statement returned.
    pub fn count<T>(&self, slot: Slot<T>) -> Result<usize, DatabaseError> {
        Ok(rows_of(self.text(slot.index)?)?.len())
    }

    fn text(&self, index: usize) -> Result<&str, DatabaseError> {
        let rows = self.rows.get(index).map(String::as_str);
        rows.ok_or_else(|| {
            DatabaseError("the database answered fewer statements than were sent".to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::db::row! {
        #[derive(Debug, PartialEq)]
        struct Row {
            n: u32,
        }
    }

    fn statement() -> Statement {
        Statement::new("SELECT 1", [])
    }

    #[test]
    fn a_slot_reads_its_own_statement() {
        let mut batch = Batch::new();
        batch.execute(statement());
        let rows = batch.push::<Row>(statement());
        let none = batch.push::<Row>(statement());
        assert_eq!(batch.statements().len(), 3);
        let results = Results::new(
            ["[{\"x\":0}]", "[{\"n\":1},{\"n\":2}]", "[]"]
                .map(str::to_owned)
                .to_vec(),
        );
        assert_eq!(results.rows(rows).unwrap(), [Row { n: 1 }, Row { n: 2 }]);
        assert_eq!(results.count(rows).unwrap(), 2);
        assert_eq!(results.first(none).unwrap(), None);
        assert!(results.one(none).is_err());
    }

    #[test]
    fn an_error_quotes_no_value() {
        let mut batch = Batch::new();
        let row = batch.push::<Row>(statement());
        let results = Results::new(vec!["[{\"n\":\"c0nfidential\"}]".to_owned()]);
        let error = results.rows(row).unwrap_err();
        assert!(!error.to_string().contains("c0nfidential"));
        let missing = Results::new(Vec::new());
        assert!(missing.rows(row).is_err());
    }
}
