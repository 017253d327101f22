//! Answers read by position: what is not yet a typed batch.

use serde::de::DeserializeOwned;

use super::{Database, DatabaseError, Statement};

/// The answers of a batch, one list of rows a statement, in order.
pub struct Answers(std::vec::IntoIter<String>);

impl Answers {
    pub fn new(answers: Vec<String>) -> Self {
        Self(answers.into_iter())
    }

    pub fn rows<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, DatabaseError> {
        // The cause stays behind: it would quote the value that it stumbled over.
        serde_json::from_str(&self.next()?)
            .map_err(|_| DatabaseError(format!("D1 row is no {}", std::any::type_name::<T>())))
    }

    pub fn first<T: DeserializeOwned>(&mut self) -> Result<Option<T>, DatabaseError> {
        Ok(self.rows()?.into_iter().next())
    }

    pub fn count(&mut self) -> Result<usize, DatabaseError> {
        Ok(self.rows::<serde::de::IgnoredAny>()?.len())
    }

    pub fn skip(&mut self) -> Result<(), DatabaseError> {
        self.next().map(|_| ())
    }

    fn next(&mut self) -> Result<String, DatabaseError> {
        let answer = self.0.next();
        answer
            .ok_or_else(|| DatabaseError("D1 answered fewer statements than were sent".to_owned()))
    }
}

impl Database {
    pub async fn batch(&self, statements: Vec<Statement>) -> Result<Answers, DatabaseError> {
        let answers = self.engine().batch(&statements).await?;
        Ok(Answers::new(answers))
    }
}
