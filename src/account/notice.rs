//! What people are told of: written with the change itself, delivered from the outbox later.

use std::time::Duration;

use crate::kernel::ids::prefixed_ulid;
use crate::kernel::{Random, Sealed, Timestamp, UserId};

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A second factor was turned on, or replaced the one there was.
    TwoFactorEnabled,
    /// A second factor was turned off.
    TwoFactorDisabled,
    /// A backup code was used.
    BackupCodeUsed,
    /// Another e-mail was asked for; goes to the present one.
    EmailChangeRequested,
    /// The token that confirms the other e-mail; goes to that one.
    EmailChangeVerification,
    /// The other e-mail took effect; goes to the one it replaced.
    EmailChanged,
}

impl NoticeKind {
    /// All kinds there are.
    pub const ALL: [Self; 6] = [
        Self::TwoFactorEnabled,
        Self::TwoFactorDisabled,
        Self::BackupCodeUsed,
        Self::EmailChangeRequested,
        Self::EmailChangeVerification,
        Self::EmailChanged,
    ];

    /// The name that deliveries and the database have for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TwoFactorEnabled => "two_factor_enabled",
            Self::TwoFactorDisabled => "two_factor_disabled",
            Self::BackupCodeUsed => "backup_code_used",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChangeVerification => "email_change_verification",
            Self::EmailChanged => "email_changed",
        }
    }

    /// Reads a name; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A notice on its way into the outbox.
#[derive(Debug, Clone)]
pub struct Notice {
    /// `ntc_` and a ULID: receivers know by it what they have had already.
    pub id: String,
    /// What it is about.
    pub kind: NoticeKind,
    /// Whose account it is about.
    pub user: UserId,
    /// An e-mail, else a phone number; `None`: the receiver has to know.
    pub to: Option<String>,
    /// When the change happened.
    pub at: Timestamp,
    /// The token that it carries, and how long that is good.
    pub token: Option<(Sealed, Duration)>,
}

impl Notice {
    /// A notice that carries no token.
    pub fn new(
        kind: NoticeKind,
        user: &UserId,
        to: Option<&str>,
        at: Timestamp,
        random: &dyn Random,
    ) -> Self {
        Self {
            id: prefixed_ulid("ntc", at, random),
            kind,
            user: user.clone(),
            to: to.map(str::to_owned),
            at,
            token: None,
        }
    }

    /// The same notice with a token.
    #[must_use]
    pub fn with_token(mut self, sealed: Sealed, good_for: Duration) -> Self {
        self.token = Some((sealed, good_for));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_one_name_each() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(NoticeKind::from_name("two_factor"), None);
    }
}
