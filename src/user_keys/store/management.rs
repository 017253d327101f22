//! Instances, the keys that open them and their users: made, listed, taken away.
//!
//! Whether there is an instance, or a person, is decided in the statement that
//! makes the change. What was missing is told by statements after it in the
//! same transaction, so every function here is one round trip.

mod instances;
mod keys;
mod users;

use crate::db::DatabaseError;
use crate::db::{Answers, Statement};
use crate::user_keys::InstanceName;

pub use instances::{InstanceRow, NewInstance};
pub use keys::{KeyRow, NewKey};
pub use users::{InstanceUserRow, NewInstanceUser, NotMade, UserFilter};

/// Asks whether there is an instance; for [`is_there`].
fn whether_there_is(instance: &InstanceName) -> Statement {
    const INSTANCE: &str = "SELECT 1 FROM instances WHERE name = ?1";
    Statement::new(INSTANCE, [instance.as_str().into()])
}

fn is_there(answers: &mut Answers) -> Result<bool, DatabaseError> {
    Ok(answers.count()? > 0)
}
