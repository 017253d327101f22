//! Why a user could not be provisioned, as one word: the log's, the database's and that of answers.

use serde::Serialize;

use crate::threedeye::UpstreamError;

/// The words are never changed: clients have a text for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(
        rename = "FailureReason",
        description = "Why an attempt failed, as a word. The same words are in the log and in the audit trail's statistics."
    )
)]
pub enum Reason {
    NotConfigured,
    Unauthorized,
    EmailTaken,
    NotFound,
    RateLimited,
    Unavailable,
    AnswerLost,
    Rejected,
    EmptyList,
    UnreadableAnswer,
    Orphan,
    Duplicate,
    OtherSpelling,
    Protected,
    TakeOverUnproved,
    ForeignMapping,
    Unproved,
    MadeForAnotherEmail,
    NotVisibleYet,
    StillTaken,
    Settling,
    ListIncomplete,
    RolesPending,
    Unsealable,
    Leaving,
    OutOfTime,
}

impl Reason {
    pub const ALL: [Self; 26] = [
        Self::NotConfigured,
        Self::Unauthorized,
        Self::EmailTaken,
        Self::NotFound,
        Self::RateLimited,
        Self::Unavailable,
        Self::AnswerLost,
        Self::Rejected,
        Self::EmptyList,
        Self::UnreadableAnswer,
        Self::Orphan,
        Self::Duplicate,
        Self::OtherSpelling,
        Self::Protected,
        Self::TakeOverUnproved,
        Self::ForeignMapping,
        Self::Unproved,
        Self::MadeForAnotherEmail,
        Self::NotVisibleYet,
        Self::StillTaken,
        Self::Settling,
        Self::ListIncomplete,
        Self::RolesPending,
        Self::Unsealable,
        Self::Leaving,
        Self::OutOfTime,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Unauthorized => "unauthorized",
            Self::EmailTaken => "email_taken",
            Self::NotFound => "not_found",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::AnswerLost => "answer_lost",
            Self::Rejected => "rejected",
            Self::EmptyList => "empty_list",
            Self::UnreadableAnswer => "unreadable_answer",
            Self::Orphan => "orphan",
            Self::Duplicate => "duplicate",
            Self::OtherSpelling => "other_spelling",
            Self::Protected => "protected",
            Self::TakeOverUnproved => "take_over_unproved",
            Self::ForeignMapping => "foreign_mapping",
            Self::Unproved => "unproved",
            Self::MadeForAnotherEmail => "made_for_another_email",
            Self::NotVisibleYet => "not_visible_yet",
            Self::StillTaken => "still_taken",
            Self::Settling => "settling",
            Self::ListIncomplete => "list_incomplete",
            Self::RolesPending => "roles_pending",
            Self::Unsealable => "unsealable",
            Self::Leaving => "leaving",
            Self::OutOfTime => "out_of_time",
        }
    }

    /// `None`: a word of another version of the service.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    pub(super) const fn of_upstream(error: &UpstreamError) -> Self {
        match error {
            UpstreamError::NotConfigured => Self::NotConfigured,
            UpstreamError::Unauthorized => Self::Unauthorized,
            UpstreamError::EmailTaken => Self::EmailTaken,
            UpstreamError::NotFound => Self::NotFound,
            UpstreamError::RateLimited { .. } => Self::RateLimited,
            UpstreamError::Transient => Self::Unavailable,
            UpstreamError::UnknownOutcome => Self::AnswerLost,
            UpstreamError::Rejected { .. } => Self::Rejected,
            UpstreamError::EmptyList => Self::EmptyList,
            UpstreamError::Protocol => Self::UnreadableAnswer,
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_reason_is_read_as_it_is_written_and_described() {
        for reason in Reason::ALL {
            assert_eq!(json!(reason), reason.as_str());
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::parse("Orphan"), None);
        assert_eq!(
            schema_for!(Reason).as_value()["enum"],
            json!(Reason::ALL),
            "the list is complete"
        );
    }

    #[test]
    fn an_error_of_3deye_has_the_word_that_the_client_of_3deye_has_for_it() {
        for error in [
            UpstreamError::NotConfigured,
            UpstreamError::Unauthorized,
            UpstreamError::EmailTaken,
            UpstreamError::NotFound,
            UpstreamError::RateLimited { retry_after: None },
            UpstreamError::Transient,
            UpstreamError::UnknownOutcome,
            UpstreamError::Rejected { status: 400 },
            UpstreamError::EmptyList,
            UpstreamError::Protocol,
        ] {
            assert_eq!(Reason::of_upstream(&error).as_str(), error.code());
        }
    }
}
