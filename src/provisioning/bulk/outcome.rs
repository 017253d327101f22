//! How it ended for a user.

use crate::provisioning::batch::Stop;
use crate::provisioning::offboarding::{Deletion, DeletionRefused};
use crate::provisioning::reset::ResetDone;
use crate::provisioning::step_by_step::{StepName, Walk};
use crate::provisioning::{Failure, ProvisioningError};
use crate::threedeye::UpstreamError;

/// Where a user of a list stands: `provisioning_bulk_users.state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserState {
    Waiting,
    /// An actor is at it.
    Working,
    Done,
    /// Nothing was done, as the single act would have refused it.
    Refused,
    /// It is not known to be done to its end.
    Failed,
    /// The run ended before.
    Skipped,
}

impl UserState {
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Working,
        Self::Done,
        Self::Refused,
        Self::Failed,
        Self::Skipped,
    ];

    /// The name in the database and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Working => "working",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Why a user is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A word.
    pub code: &'static str,
    /// What the single act says.
    pub message: String,
    /// Whether more stands behind it than this user: the single act would answer with a 5xx.
    pub is_failure: bool,
}

impl From<ProvisioningError> for Refusal {
    fn from(error: ProvisioningError) -> Self {
        let (message, is_failure) = match &error {
            ProvisioningError::Failed(failure) => (failure.to_string(), !speaks_for_user(failure)),
            // Its text is the log's.
            ProvisioningError::Database(_) => (ERROR.to_owned(), true),
            refused => (refused.to_string(), false),
        };
        Self {
            code: error.code(),
            message,
            is_failure,
        }
    }
}

const ERROR: &str =
    "An unexpected error occurred on the server; the audit trail tells what was done";

/// Whether the failure is this user's, which trying again does not mend.
const fn speaks_for_user(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Orphan
            | Failure::Duplicate
            | Failure::OtherSpelling(_)
            | Failure::Protected
            | Failure::TakeOverUnproved
            | Failure::Leaving
            | Failure::AccountOfAnotherUser
            | Failure::MadeForAnotherEmail
    )
}

/// How it ended for a user whose turn came.
#[derive(Debug)]
pub(super) struct Outcome {
    pub state: UserState,
    pub reason: Option<&'static str>,
    pub text: String,
    /// What 3dEye's part in it was.
    failure: Option<Failure>,
}

impl Outcome {
    pub fn done(text: impl Into<String>) -> Self {
        Self {
            state: UserState::Done,
            reason: None,
            text: text.into(),
            failure: None,
        }
    }

    /// The process that was at it died, and it is not begun again.
    pub fn interrupted(text: impl Into<String>) -> Self {
        Self {
            state: UserState::Failed,
            reason: Some("interrupted"),
            text: text.into(),
            failure: None,
        }
    }

    /// The user is there again, although it was deleted.
    pub fn returned() -> Self {
        Self {
            state: UserState::Failed,
            reason: Some("returned"),
            text: "Another service has added the user again".to_owned(),
            failure: None,
        }
    }

    /// The act is done, but for what a run sees to later.
    fn left_undone(error: ProvisioningError, text: impl FnOnce(&str) -> String) -> Self {
        let refused = Self::from(error);
        Self {
            state: UserState::Failed,
            text: text(&refused.text),
            ..refused
        }
    }

    /// Whether the run goes on after it; `outages` counts failures of 3dEye in a row.
    pub fn stop(&self, outages: &mut u32, most: u32) -> Option<Stop> {
        match &self.failure {
            Some(
                Failure::Upstream(UpstreamError::RateLimited { retry_after })
                | Failure::RolesPending(UpstreamError::RateLimited { retry_after }),
            ) => {
                let retry_after = *retry_after;
                return Some(Stop::RateLimited { retry_after });
            }
            Some(failure) if failure.is_outage() => *outages += 1,
            // A refusal tells nothing about 3dEye.
            Some(_) => {}
            None if self.state == UserState::Done => *outages = 0,
            None => {}
        }
        (*outages >= most).then_some(Stop::Outages)
    }
}

impl From<ProvisioningError> for Outcome {
    fn from(error: ProvisioningError) -> Self {
        let failure = match &error {
            ProvisioningError::Failed(failure) => Some(failure.clone()),
            _ => None,
        };
        let refusal = Refusal::from(error);
        Self {
            state: match refusal.is_failure {
                true => UserState::Failed,
                false => UserState::Refused,
            },
            reason: Some(refusal.code),
            text: refusal.message,
            failure,
        }
    }
}

impl From<Result<ResetDone, ProvisioningError>> for Outcome {
    fn from(ended: Result<ResetDone, ProvisioningError>) -> Self {
        let done = match ended {
            Ok(done) => done,
            Err(error) => return error.into(),
        };
        let deleted = done
            .removal
            .deleted
            .map(|id| format!("; deleted account {}", id.0));
        let deleted = deleted.unwrap_or_default();
        match done.reprovisioned {
            None => Self::done(format!("reset{deleted}")),
            Some(Ok(id)) => Self::done(format!("reset{deleted}; has account {}", id.0)),
            Some(Err(error)) => Self::left_undone(error, |why| {
                format!("reset{deleted}, but not provisioned yet: {why}")
            }),
        }
    }
}

impl From<Result<Walk, ProvisioningError>> for Outcome {
    fn from(ended: Result<Walk, ProvisioningError>) -> Self {
        let walk = match ended {
            Ok(walk) => walk,
            Err(error) => return error.into(),
        };
        if let Some(failure) = walk.failure {
            return ProvisioningError::Failed(failure).into();
        }
        let account = walk
            .steps
            .into_iter()
            .find(|step| step.name == StepName::Account);
        Self::done(account.and_then(|step| step.detail).unwrap_or_default())
    }
}

impl From<Result<Deletion, DeletionRefused>> for Outcome {
    fn from(ended: Result<Deletion, DeletionRefused>) -> Self {
        match ended {
            Ok(deletion) => {
                let ids = |ids: Vec<crate::threedeye::RemoteId>| {
                    let ids: Vec<String> = ids.into_iter().map(|id| id.0).collect();
                    ids.join(", ")
                };
                let mut text = "deleted".to_owned();
                if !deletion.departed.deleted.is_empty() {
                    text += &format!(", with account {}", ids(deletion.departed.deleted));
                }
                if !deletion.departed.left_in_place.is_empty() {
                    let left = ids(deletion.departed.left_in_place);
                    text += &format!("; protected account {left} was left in place");
                }
                Self::done(text)
            }
            Err(DeletionRefused::NotBegun(error)) => error.into(),
            Err(DeletionRefused::AccountLeft(failure)) => {
                Self::left_undone(failure.into(), |why| {
                    format!(
                        "The user is deleted, but not its account yet: {why}. A scheduled run goes on with it"
                    )
                })
            }
            Err(DeletionRefused::Returned) => Self::returned(),
            Err(DeletionRefused::Database(error)) => ProvisioningError::from(error).into(),
        }
    }
}
