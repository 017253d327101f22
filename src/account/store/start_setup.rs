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

/// Begins a set-up whose secret is sealed for the subject of `selector`; it replaces one that is under way.
/// `entry`'s actor and subject are completed by the user's id.
///
/// Returns the account, whether or not the set-up has begun, which its pending secret tells; `None`: there is
/// no account.
pub async fn start_setup(
    database: &Database,
    selector: &AccountSelector,
    sealed: &Sealed,
    until: Timestamp,
    is_sign_in_recent: bool,
    entry: &audit::Entry,
) -> Result<Option<Account<SecondFactor>>, DatabaseError> {
    let start = [sealed.into(), until.into(), is_sign_in_recent.into()];
    let audit = audit_json([entry])?;
    let mut batch = Batch::new();
    batch.execute(selector.statement(START, start));
    batch.execute(selector.statement(AUDIT_START, [audit]));
    let account = batch.push(selector.statement(SECOND_FACTOR, []));
    database.run(batch).await?.first(account)
}
