//! A statement and its parameters.

use serde::Serialize;

use super::DatabaseError;
use crate::kernel::{RequestId, Sealed, Timestamp, UserId};

/// A parameter. D1 binds no 64-bit integers and no `undefined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Arg {
    Null,
    Text(String),
    /// Below 2^53.
    Int(i64),
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&UserId> for Arg {
    fn from(id: &UserId) -> Self {
        id.as_str().into()
    }
}

impl From<&RequestId> for Arg {
    fn from(id: &RequestId) -> Self {
        id.as_str().into()
    }
}

impl From<&Sealed> for Arg {
    fn from(sealed: &Sealed) -> Self {
        sealed.as_str().into()
    }
}

/// Milliseconds since the Unix epoch.
impl From<Timestamp> for Arg {
    fn from(moment: Timestamp) -> Self {
        Self::Int(moment.as_millis())
    }
}

/// Whole milliseconds.
impl From<std::time::Duration> for Arg {
    fn from(duration: std::time::Duration) -> Self {
        Self::Int(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<bool> for Arg {
    fn from(flag: bool) -> Self {
        Self::Int(i64::from(flag))
    }
}

impl<T: Into<Arg>> From<Option<T>> for Arg {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Arg {
    /// A list as one JSON parameter, for `json_each(?)`: D1 binds at most 100 parameters.
    pub fn json(list: &impl Serialize) -> Result<Self, DatabaseError> {
        json_text(list).map(Self::Text)
    }
}

/// A value as the JSON text of a column or parameter.
pub fn json_text(value: &impl Serialize) -> Result<String, DatabaseError> {
    serde_json::to_string(value)
        .map_err(|error| DatabaseError(format!("a parameter cannot be written as JSON: {error}")))
}

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub sql: &'static str,
    /// `?1`, `?2` and so on, in order.
    pub args: Vec<Arg>,
    /// See [`Statement::noted`].
    #[serde(skip)]
    pub is_noted: bool,
}

impl Statement {
    pub fn new(sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Self {
        Self {
            sql,
            args: args.into_iter().collect(),
            is_noted: false,
        }
    }

    /// The same statement, which returns the `id` of each row that work after the answer looks at; see
    /// [`Database::noting`](super::Database::noting).
    #[must_use]
    pub fn noted(mut self) -> Self {
        self.is_noted = true;
        self
    }
}
