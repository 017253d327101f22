//! A user in a list.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::Timestamp;
#[cfg(test)]
use crate::kernel::UserId;
use crate::provisioning::Reason;
use crate::provisioning::record::State;
use crate::users::store::UserColumns;
use crate::web::personal_data::PersonalData;

/// How many users a page has when the caller does not say.
pub const DEFAULT_LIMIT: u32 = 50;
pub const MAX_LIMIT: u32 = 200;

/// Where a user stands, as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    test,
    derive(JsonSchema),
    schemars(
        description = "none: the user has no e-mail that an account could be made for, and nothing is recorded. waiting: in the queue, not tried yet. pending: an attempt was begun; the account may exist or not. attaching: the account is there, saved roles wait. complete: done. quarantined: the e-mail is taken outside our customer, or present there in another spelling. set_aside: another user holds the same e-mail. leaving: the user was deleted, and its account will be. left_in_place: the user was deleted; its account is protected and waits for a decision."
    )
)]
pub enum UserState {
    None,
    Waiting,
    Pending,
    Attaching,
    Complete,
    Quarantined,
    SetAside,
    Leaving,
    LeftInPlace,
}

impl UserState {
    /// Of what is recorded and of an e-mail that could be used.
    pub const fn of(state: Option<State>, has_usable_email: bool) -> Self {
        match state {
            None | Some(State::Idle) if has_usable_email => Self::Waiting,
            None | Some(State::Idle) => Self::None,
            Some(State::Pending) => Self::Pending,
            Some(State::Attaching) => Self::Attaching,
            Some(State::Complete) => Self::Complete,
            Some(State::Quarantined) => Self::Quarantined,
            Some(State::SetAside) => Self::SetAside,
            Some(State::Leaving) => Self::Leaving,
            Some(State::LeftInPlace) => Self::LeftInPlace,
        }
    }
}

/// A user in a list. To a session of the console e-mail and phone number are masked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(JsonSchema))]
pub struct UserRow {
    #[cfg_attr(test, schemars(with = "UserId"))]
    user_id: String,
    /// The first 320 characters; of a deleted user the last e-mail.
    email: Option<String>,
    phone_number: Option<String>,
    /// As the service that made the user wrote it.
    created_at: Option<String>,
    state: UserState,
    /// Failed attempts since the last success or reset.
    attempts: u32,
    /// Why the last attempt failed, as a word.
    reason: Option<Reason>,
    /// The same as a sentence.
    last_error: Option<String>,
    /// When the next attempt is due. Null: with the next run, where the state is waiting, pending or attaching; else
    /// none is.
    next_attempt_at: Option<Timestamp>,
    /// Whether a second factor is on.
    two_factor: bool,
}

impl UserRow {
    pub fn new(columns: UserColumns, data: PersonalData) -> Self {
        let state = columns.state.as_deref().and_then(State::parse);
        Self {
            user_id: columns.user_id,
            email: columns.email.map(|email| data.email(email)),
            phone_number: columns.phone_number.map(|phone| data.phone(phone)),
            created_at: columns.created_at,
            state: UserState::of(state, columns.has_usable_email),
            attempts: columns.attempts.unwrap_or(0),
            reason: columns.error_code.as_deref().and_then(Reason::parse),
            last_error: columns.last_error,
            next_attempt_at: columns.next_attempt_at,
            two_factor: columns.is_two_factor_on,
        }
    }
}
