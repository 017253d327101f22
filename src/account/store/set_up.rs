//! The set-up of a second factor: begun in one round trip, although it is not known yet whose it is.

use crate::account::{Factor, Notice};
use crate::db::DatabaseError;
use crate::db::audit_json;
use crate::db::{Arg, Database, Statement};
use crate::kernel::audit;
use crate::kernel::{Sealed, Timestamp};

use crate::account::store::Whose;
use crate::account::store::attempts::{Attempt, Verdict, audit_accepted, lockout_args, verdict};
use crate::account::store::factor::{FACTOR, FactorColumns};
use crate::account::store::notices::notice_change;

// A second factor that is on may be replaced by whoever signed in recently.
// ?4 sealed secret, ?5 until, ?6 whether the caller signed in recently
const START: &str = concat!(
    "
INSERT INTO second_factors (user_id, pending_sealed, pending_bound_to, pending_until)
SELECT u.uuid, ?4, ?2, ?5 FROM users u WHERE u.uuid = ",
    whose!(),
    "
ON CONFLICT (user_id) DO UPDATE SET
  pending_sealed = excluded.pending_sealed,
  pending_bound_to = excluded.pending_bound_to,
  pending_until = excluded.pending_until
WHERE secret_sealed IS NULL OR ?6"
);

// Only the statement before it knows whose the audit row is.
const AUDIT_START: &str = concat!(
    "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, address)
SELECT e.value ->> 'at', (e.value ->> 'actor') || u.uuid, e.value ->> 'action', u.uuid,
       e.value ->> 'outcome', e.value ->> 'request', e.value ->> 'address'
FROM json_each(?4) e JOIN users u ON u.uuid = ",
    whose!(),
    "
WHERE changes() > 0"
);

// Accepts the first code and turns the second factor on, or counts a refusal.
// ?1 user, ?2 pending secret as it was read, ?3 now, ?4 the code's step or NULL, ?5 request,
// ?6 the secret sealed anew, ?7 to ?10 lock-out
const VALIDATE: &str = concat!(
    "
UPDATE second_factors SET
  secret_sealed = iif(?4 IS NULL, secret_sealed, ?6),
  enabled_at = iif(?4 IS NULL, enabled_at, ?3),
  last_step = coalesce(?4, last_step),
  pending_sealed = iif(?4 IS NULL, pending_sealed, NULL),
  pending_bound_to = iif(?4 IS NULL, pending_bound_to, NULL),
  pending_until = iif(?4 IS NULL, pending_until, NULL),
  totp_failures = iif(?4 IS NULL, totp_failures + 1, 0),
  totp_locked_until = iif(?4 IS NULL, ",
    locked_until!("totp_failures"),
    ", 0),
  accepted_by = iif(?4 IS NULL, accepted_by, ?5)
WHERE user_id = ?1 AND pending_sealed = ?2 AND pending_until > ?3
  AND totp_locked_until <= ?3 AND totp_failures < ?10
RETURNING totp_failures AS failures, totp_locked_until AS locked_until,
          accepted_by IS ?5 AS accepted"
);

const TOTP_LOCK: &str = "
SELECT totp_failures AS failures, totp_locked_until AS locked_until
FROM second_factors WHERE user_id = ?1 AND pending_sealed = ?2";

/// A set-up that begins.
#[derive(Debug)]
pub struct SetUp<'a> {
    /// Whose it is.
    pub whose: &'a Whose,
    /// The secret, sealed for the subject of `whose`.
    pub sealed: &'a Sealed,
    /// Until when it can be validated.
    pub until: Timestamp,
    /// Whether the caller signed in recently.
    pub is_recent: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Started {
    /// The second factor, whichever way it went; `None`: the subject is nobody's.
    pub factor: Option<Factor>,
    /// Whether the set-up has begun.
    pub has_begun: bool,
}

impl Database {
    /// Begins a set-up, and ends the one that may have been under way. The actor and
    /// the subject of `entry` are completed by the user's id.
    pub async fn start_set_up(
        &self,
        set_up: &SetUp<'_>,
        entry: &audit::Entry,
    ) -> Result<Started, DatabaseError> {
        let whose = set_up.whose;
        let start = [
            Arg::from(set_up.sealed.as_str()),
            set_up.until.into(),
            set_up.is_recent.into(),
        ];
        let mut answers = self
            .batch(vec![
                whose.statement(START, start),
                whose.statement(AUDIT_START, [audit_json([entry])?]),
                whose.statement(FACTOR, []),
            ])
            .await?;
        answers.skip()?;
        answers.skip()?;
        let factor: Option<FactorColumns> = answers.first()?;
        let factor: Option<Factor> = factor.map(Into::into);
        let has_begun = factor.as_ref().is_some_and(|factor| {
            let pending = factor.pending.as_ref();
            pending.is_some_and(|pending| pending.sealed == *set_up.sealed)
        });
        Ok(Started { factor, has_begun })
    }

    /// Turns the second factor on by its first code, or counts the refusal of one.
    pub async fn validate_set_up(
        &self,
        attempt: &Attempt<'_>,
        pending: &Sealed,
        step: Option<i64>,
        sealed: &Sealed,
        entry: &audit::Entry,
        notice: &Notice,
    ) -> Result<Verdict, DatabaseError> {
        let args = [
            attempt.user.as_str().into(),
            pending.as_str().into(),
            attempt.at.into(),
            step.into(),
            attempt.request.as_str().into(),
            sealed.as_str().into(),
        ];
        let validate = Statement::new(VALIDATE, args.into_iter().chain(lockout_args()));
        let look = Statement::new(
            TOTP_LOCK,
            [attempt.user.as_str().into(), pending.as_str().into()],
        );
        let mut answers = self
            .batch(vec![
                validate,
                attempt.audit_totp_lock()?,
                audit_accepted(attempt, entry)?,
                notice_change(notice),
                look,
            ])
            .await?;
        verdict(&mut answers, 3, attempt.at)
    }
}
