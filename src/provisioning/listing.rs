//! What a listing of the work queue tells of a user.
//!
//! It tells all that a claim would find. So a claim that is made right after it
//! has nothing to read back: it only has to make sure that nothing has changed.

use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::threedeye::RemoteId;

use crate::provisioning::record::{Claimed, Forgotten, Recovery, State};

/// A user that a run may take up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The user.
    pub user: UserId,
    /// Whether another user's row holds this e-mail and nothing of this user's
    /// own is under way.
    pub contested: bool,
    /// What is known of it.
    pub listed: Listed,
}

/// What is known of a user that waits for provisioning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The user's e-mail.
    pub email: EmailKey,
    /// Its row; `None` for whoever was never taken up, or was reset.
    pub row: Option<ListedRow>,
    /// Roles that wait.
    pub recovery: Option<Recovery>,
    /// When we last deleted, or let go of, an account with `email`.
    pub removed_at: Option<Timestamp>,
}

/// A row of `threedeye_users` as a claim would find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// Where provisioning stands.
    pub state: State,
    /// The e-mail of the recorded intent.
    pub intent_email: Option<EmailKey>,
    /// The recorded password.
    pub password: Option<Sealed>,
    /// The account's id, once known.
    pub threedeye_id: Option<RemoteId>,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Until when calls that were given up may take effect; those of a holder
    /// that died are counted in.
    pub settled_at: Timestamp,
    /// The account of a mapping that was cleared.
    pub forgotten: Option<Forgotten>,
}

impl ListedRow {
    /// No row is like an idle one that tells nothing.
    const ABSENT: Self = Self {
        state: State::Idle,
        intent_email: None,
        password: None,
        threedeye_id: None,
        attempts: 0,
        settled_at: Timestamp::from_millis(0),
        forgotten: None,
    };
}

impl Listed {
    /// What a claim that offers this password finds, if all is still as listed.
    /// `None`: that can't be told from the listing, because the row was made for
    /// another e-mail or holds half an intent.
    pub fn claimed(&self, user: &UserId, offered: &Sealed) -> Option<Claimed> {
        let row = self.row.as_ref().unwrap_or(&ListedRow::ABSENT);
        let (state, password, fresh) = match (row.state, &row.intent_email, &row.password) {
            (State::Idle, None, None) => (State::Pending, offered, true),
            (State::Pending | State::Attaching, Some(email), Some(password))
                if *email == self.email =>
            {
                (row.state, password, false)
            }
            _ => return None,
        };
        Some(Claimed {
            user: user.clone(),
            email: self.email.clone(),
            intent_email: self.email.clone(),
            password: password.clone(),
            fresh,
            threedeye_id: row.threedeye_id.clone(),
            state,
            attempts: row.attempts,
            recovery: self.recovery.clone(),
            removed_at: self.removed_at,
            settled_at: row.settled_at,
            forgotten: row.forgotten.clone(),
        })
    }
}
