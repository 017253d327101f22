//! The recorded intent: the e-mail and password that a user's account is, or is to be, made with.

use crate::db::{self, Batch, Database, DatabaseError, Statement};
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::store::lease::held_statement;
use crate::provisioning::store::{Guarded, LeaseToken};

// ?1 user, ?2 token, ?3 e-mail, ?4 password, ?5 now. OR IGNORE: an e-mail that another user holds. A
// user that left meanwhile keeps its intent, which leads to its account.
const REPLACE: &str = "
UPDATE OR IGNORE threedeye_users
SET state = 'pending', email_key = ?3, password_sealed = ?4, threedeye_id = NULL, updated_at = ?5
WHERE user_id = ?1 AND lease_token = ?2 AND left_state IS NULL
RETURNING email_key = ?3 AS written";

// ?1 user, ?2 old, ?3 new
const RESEAL: &str = "
UPDATE threedeye_users SET password_sealed = ?3 WHERE user_id = ?1 AND password_sealed = ?2";

db::row! {
    struct WrittenRow {
        written: bool,
    }
}

/// Replaces the intent of a row whose user has another e-mail now. Contested: another user holds that
/// e-mail.
pub async fn replace_intent(
    database: &Database,
    token: &LeaseToken,
    user: &UserId,
    email: &EmailKey,
    password: &Sealed,
    now: Timestamp,
) -> Result<Guarded, DatabaseError> {
    let mut batch = Batch::new();
    let replaced = batch.push::<WrittenRow>(Statement::new(
        REPLACE,
        [
            user.into(),
            token.into(),
            email.as_str().into(),
            password.into(),
            now.into(),
        ],
    ));
    let held = batch.push::<()>(held_statement(user, token));
    let answers = database.run(batch).await?;
    let written = answers.first(replaced)?.is_some_and(|row| row.written);
    Ok(Guarded::new(written, answers.count(held)? > 0))
}

/// Stores a password that was sealed anew under the current key, unless it was changed since it was
/// read.
pub async fn reseal(
    database: &Database,
    user: &UserId,
    old: &Sealed,
    new: &Sealed,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(Statement::new(
        RESEAL,
        [user.into(), old.into(), new.into()],
    ));
    database.run(batch).await.map(|_| ())
}
