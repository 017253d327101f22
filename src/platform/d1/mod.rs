//! D1, spoken in one dialect.
//!
//! Everything goes through [`Database::batch`]: one round trip and one atomic
//! transaction, whether it holds one statement or ten. Lists travel as one
//! JSON parameter (`json_each(?)`), because D1 binds at most 100 parameters.

/// The statement that writes audit rows (`?1`, a JSON list), on a condition
/// that ties each of them to the change it tells of. `$subject` completes the
/// entry's own.
macro_rules! audit_rows {
    ($condition:literal) => {
        audit_rows!("", $condition)
    };
    ($subject:literal, $condition:literal) => {
        concat!(
            "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, address)
SELECT value ->> 'at', value ->> 'actor', value ->> 'action', value ->> 'subject'",
            $subject,
            ", value ->> 'outcome', value ->> 'request', value ->> 'address'
FROM json_each(?1)
",
            $condition
        )
    };
}

/// Candidates, as `rows::CandidateRow` reads them: of `q`, places in the work
/// queue, beside `s`, the rows of their users or NULL.
macro_rules! candidates {
    ($from:literal) => {
        concat!(
            "
SELECT q.user_id, q.email_key,
       s.password_sealed IS NULL AND EXISTS (
         SELECT 1 FROM threedeye_users o
         WHERE o.email_key = q.email_key AND o.state <> 'set_aside' AND o.user_id <> q.user_id
       ) AS contested,
       s.state, s.email_key AS intent_email, s.password_sealed, s.threedeye_id, s.attempts,
       s.settled_at, iif(s.lease_token IS NULL, NULL, s.lease_until) AS abandoned_at,
       s.forgotten_email, s.forgotten_threedeye_id, s.forgotten_password,
       (SELECT r.role_ids FROM threedeye_recovery r WHERE r.user_id = q.user_id) AS role_ids,
       (SELECT r.removed_at FROM threedeye_removals r WHERE r.email_key = q.email_key)
         AS removed_at",
            $from
        )
    };
}

mod access;
mod account;
mod audit;
mod engine;
mod fanout;
mod health;
mod provisioning;
mod rows;
mod runs;
#[cfg(test)]
mod schema;
mod user_keys;

use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::D1Database;

use crate::kernel::Timestamp;
use crate::provisioning::StoreError;

pub use access::{ApiKeyRow, NewApiKey};
pub use account::{
    Attempt, BackupAttempt, Confirmation, Disabling, Draft, EmailToConfirm, MOST_SCENES,
    NewBackupCode, NewEmail, NewPushToken, Personalised, ProfileChange, PushTokenRow, SceneChange,
    SceneTarget, SetUp, Started, TotpAttempt, TwoFactorStatus, Verdict, Visit, Whose,
};
pub use engine::Engine;
pub use health::{RunStatus, ScheduledRun, Vitals};
pub use runs::{Chunks, RunRow};
pub use user_keys::{
    InstanceRow, InstanceUserRow, KeyReset, KeyRow, NewInstance, NewInstanceUser, NewKey, NotMade,
    ResetOutcome, UserFilter,
};

/// A parameter of a statement. D1 binds no 64-bit integers and no `undefined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Arg {
    /// SQL NULL.
    Null,
    /// Text.
    Text(String),
    /// An integer below 2^53.
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

impl From<Timestamp> for Arg {
    fn from(moment: Timestamp) -> Self {
        Self::Int(moment.as_millis())
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

/// A statement and its parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The SQL.
    pub sql: &'static str,
    /// Its parameters, in order.
    pub args: Vec<Arg>,
}

impl Statement {
    /// A statement; `args` stand for `?1`, `?2` and so on.
    pub fn new(sql: &'static str, args: impl IntoIterator<Item = Arg>) -> Self {
        Self {
            sql,
            args: args.into_iter().collect(),
        }
    }
}

/// The answers of a batch, one list of rows a statement, in order.
pub struct Answers(std::vec::IntoIter<String>);

impl Answers {
    /// The next statement's rows.
    pub fn rows<T: DeserializeOwned>(&mut self) -> Result<Vec<T>, StoreError> {
        // The cause stays behind: it would quote the value that it stumbled over.
        serde_json::from_str(&self.next()?)
            .map_err(|_| StoreError(format!("D1 row is no {}", std::any::type_name::<T>())))
    }

    /// The next statement's first row.
    pub fn first<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        Ok(self.rows()?.into_iter().next())
    }

    /// How many rows the next statement returned, whatever they hold.
    pub fn count(&mut self) -> Result<usize, StoreError> {
        Ok(self.rows::<serde::de::IgnoredAny>()?.len())
    }

    /// Passes over the next statement's answer.
    pub fn skip(&mut self) -> Result<(), StoreError> {
        self.next().map(|_| ())
    }

    fn next(&mut self) -> Result<String, StoreError> {
        let answer = self.0.next();
        answer.ok_or_else(|| StoreError("D1 answered fewer statements than were sent".to_owned()))
    }
}

/// The only database; its engine is the binding `DB`, but for the tests of conformance.
pub struct Database<E = D1Database>(E);

impl<E: Engine> Database<E> {
    /// Wraps an engine.
    pub const fn new(engine: E) -> Self {
        Self(engine)
    }

    /// Runs the statements as one transaction in one round trip.
    pub async fn batch(&self, statements: Vec<Statement>) -> Result<Answers, StoreError> {
        let answers = self.0.batch(&statements).await?;
        Ok(Answers(answers.into_iter()))
    }
}

/// A bad value found in a row, told by where it is and not by what it is.
fn bad_value(table: &str, column: &str, row: &str) -> StoreError {
    StoreError(format!("{table}.{column} of row {row} is not readable"))
}

/// Any list as the one JSON parameter of a `json_each`.
fn json(list: &impl Serialize) -> Result<Arg, StoreError> {
    json_text(list).map(Arg::Text)
}

fn json_text(list: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(list)
        .map_err(|error| StoreError(format!("a parameter could not be written as JSON: {error}")))
}
