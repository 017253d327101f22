//! Begins the set-up of a second factor in one round trip, before it is known whose account it is.

use super::second_factor::SECOND_FACTOR;
use super::selector::{AccountSelector, selected_user};
use crate::account::{Account, SecondFactor};
use crate::db::{Batch, Database, DatabaseError, audit_json};
use crate::kernel::{Sealed, Timestamp, audit};

// A second factor that is on may be replaced only after a recent sign-in.
// ?1 to ?3 selector (?2 the subject), ?4 sealed secret, ?5 until, ?6 whether the sign-in is recent
const START: &str = concat!(
    "
INSERT INTO second_factors (user_id, pending_sealed, pending_bound_to, pending_until)
SELECT u.uuid, ?4, ?2, ?5 FROM users u WHERE u.uuid = ",
    selected_user!(),
    "
ON CONFLICT (user_id) DO UPDATE SET
  pending_sealed = excluded.pending_sealed,
  pending_bound_to = excluded.pending_bound_to,
  pending_until = excluded.pending_until
WHERE secret_sealed IS NULL OR ?6"
);

// The audit row of START, right after it. It selects the user again, since the request does not know the id.
// ?1 to ?3 selector, ?4 entry (JSON), whose actor and subject the user's id completes
const AUDIT_START: &str = concat!(
    "
INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, address)
SELECT e.value ->> 'at', (e.value ->> 'actor') || u.uuid, e.value ->> 'action', u.uuid,
       e.value ->> 'outcome', e.value ->> 'request', e.value ->> 'address'
FROM json_each(?4) e JOIN users u ON u.uuid = ",
    selected_user!(),
    "
WHERE changes() > 0"
);

/// A set-up that begins.
#[derive(Debug)]
pub struct NewSetup<'a> {
    pub selector: &'a AccountSelector,
    /// The secret, sealed for the subject of `selector`.
    pub sealed: &'a Sealed,
    /// Until when it can be validated.
    pub until: Timestamp,
    pub is_sign_in_recent: bool,
}

#[derive(Debug)]
pub struct SetupStart {
    /// The account, whether or not the set-up has begun; `None`: there is none.
    pub account: Option<Account<SecondFactor>>,
    pub has_begun: bool,
}

/// Begins a set-up, which replaces one that is under way. `entry`'s actor and subject are completed by the
/// user's id.
pub async fn start_setup(
    database: &Database,
    setup: &NewSetup<'_>,
    entry: &audit::Entry,
) -> Result<SetupStart, DatabaseError> {
    let start = [
        setup.sealed.into(),
        setup.until.into(),
        setup.is_sign_in_recent.into(),
    ];
    let audit = audit_json([entry])?;
    let mut batch = Batch::new();
    batch.execute(setup.selector.statement(START, start));
    batch.execute(setup.selector.statement(AUDIT_START, [audit]));
    let account = batch.push(setup.selector.statement(SECOND_FACTOR, []));
    let account: Option<Account<SecondFactor>> = database.run(batch).await?.first(account)?;
    let pending = account
        .as_ref()
        .and_then(|account| account.details.pending.as_ref());
    Ok(SetupStart {
        has_begun: pending.is_some_and(|pending| pending.sealed == *setup.sealed),
        account,
    })
}
