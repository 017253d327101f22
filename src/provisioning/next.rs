//! What happens next to a user, and who has to act where nothing does by itself.

use serde::Serialize;

use crate::kernel::{Timestamp, UserId};
use crate::provisioning::Reason;
use crate::provisioning::offboarding::RemovalOrder;
use crate::provisioning::record::State;

/// Where a user stands, as far as it decides what happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is a row in `users`.
    pub has_user: bool,
    /// Idle: nothing is recorded.
    pub state: State,
    /// Whether the account that a quarantine denies was seen by a caller who lifts no quarantine. A run lifts only
    /// those that it looks out for, so none is promised.
    pub is_contradicted: bool,
    /// Why the last attempt failed.
    pub reason: Option<Reason>,
    /// When the user is due in the work queue; `None`: it is not in there.
    pub due_at: Option<Timestamp>,
    /// Whether a planned run has the user, so that no other run takes it up.
    pub is_planned: bool,
    pub lease_until: Timestamp,
    /// The user who holds the e-mail of this one.
    pub email_holder: Option<UserId>,
    /// Since when the removal of a deleted user's account waits.
    pub leaving_since: Option<Timestamp>,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NextStep"))]
pub struct Next {
    pub act: NextAct,
    /// When; a moment that has passed means the next run. Null: no moment is set.
    pub at: Option<Timestamp>,
    /// The user who holds the e-mail of this one, where that is in the way.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub other_user_id: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        description = "none: nothing, all is done. wait: the user is not due yet, or is being worked on. create: the next run creates or adopts the account. attach_roles: the next run attaches saved roles. remove: a run deletes the account of the deleted user. needs_support: support has to act; for a quarantined user whose account is seen, a check by support (`diagnoseUser`) or a reset is enough; with a moment, runs try again all the same, and are likely to fail until the cause is mended. needs_data: an e-mail has to be corrected where the users are kept."
    )
)]
pub enum NextAct {
    None,
    Wait,
    Create,
    AttachRoles,
    Remove,
    NeedsSupport,
    NeedsData,
}

impl Standing {
    pub fn next(self, removals: RemovalOrder, now: Timestamp) -> Next {
        let is_leased = self.lease_until > now;
        let (act, at) = match self.state {
            State::Complete => (NextAct::None, None),
            State::LeftInPlace => (NextAct::NeedsSupport, None),
            State::Quarantined if self.is_contradicted => (NextAct::NeedsSupport, None),
            State::Quarantined | State::SetAside => (self.mended_by(), None),
            State::Leaving if is_leased => (NextAct::Wait, Some(self.lease_until)),
            State::Leaving => {
                let due = self.leaving_since.map(|since| since.plus(removals.wait));
                match remedy(self.reason) {
                    Remedy::Retry if removals.limit > 0 => (NextAct::Remove, due),
                    _ => (NextAct::NeedsSupport, due.filter(|_| removals.limit > 0)),
                }
            }
            State::Idle | State::Pending | State::Attaching => match self.due_at {
                None if self.has_user => (NextAct::NeedsData, None),
                None => (NextAct::None, None),
                Some(_) if is_leased => (NextAct::Wait, Some(self.lease_until)),
                Some(due) => (self.attempt(due, now), Some(due)),
            },
        };
        let is_contested = act == NextAct::NeedsData;
        Next {
            act,
            at,
            other_user_id: self.email_holder.filter(|_| is_contested),
        }
    }

    /// What an attempt at a queued user comes to.
    fn attempt(&self, due: Timestamp, now: Timestamp) -> NextAct {
        // A run sets aside a user without an intent whose e-mail another one holds.
        if self.state == State::Idle && self.email_holder.is_some() {
            return NextAct::NeedsData;
        }
        match remedy(self.reason) {
            Remedy::Support => NextAct::NeedsSupport,
            Remedy::Data => NextAct::NeedsData,
            Remedy::Retry if self.is_planned || due > now => NextAct::Wait,
            Remedy::Retry if self.state == State::Attaching => NextAct::AttachRoles,
            Remedy::Retry => NextAct::Create,
        }
    }

    /// Who ends a state that no run ends.
    fn mended_by(&self) -> NextAct {
        match remedy(self.reason) {
            Remedy::Data => NextAct::NeedsData,
            _ if self.state == State::SetAside => NextAct::NeedsData,
            _ => NextAct::NeedsSupport,
        }
    }
}

/// What mends a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// The next attempt.
    Retry,
    Support,
    /// Another e-mail, or another spelling of it.
    Data,
}

const fn remedy(reason: Option<Reason>) -> Remedy {
    let Some(reason) = reason else {
        return Remedy::Retry;
    };
    match reason {
        Reason::EmailTaken
        | Reason::NotFound
        | Reason::RateLimited
        | Reason::Unavailable
        | Reason::AnswerLost
        | Reason::EmptyList
        | Reason::UnreadableAnswer
        | Reason::TakeOverUnproved
        | Reason::Unproved
        | Reason::NotVisibleYet
        | Reason::StillTaken
        | Reason::Settling
        | Reason::ListIncomplete
        | Reason::RolesPending
        | Reason::Leaving
        | Reason::OutOfTime => Remedy::Retry,
        Reason::NotConfigured
        | Reason::Unauthorized
        | Reason::Rejected
        | Reason::Orphan
        | Reason::Protected
        | Reason::ForeignMapping
        | Reason::MadeForAnotherEmail
        | Reason::Unsealable => Remedy::Support,
        Reason::Duplicate | Reason::OtherSpelling => Remedy::Data,
    }
}

#[cfg(test)]
mod tests;
