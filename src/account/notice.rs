//! Notices: messages to people about changes of their account. Each is written to the outbox in the batch of
//! its change and delivered later.

use std::time::Duration;

use crate::kernel::ids::prefixed_ulid;
use crate::kernel::text::is_invisible;
use crate::kernel::{Random, Sealed, Timestamp, UserId};

/// How many undelivered notices of one user are kept, the newest, of the kinds that may be pushed out: so one user's
/// do not delay those of others. The trigger `notices_merge` has the same number and names the other kinds;
/// `store::tests::notices` compares both.
pub const MAX_UNDELIVERED_PER_USER: usize = 20;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A second factor was turned on, or replaced the one there was.
    TwoFactorEnabled,
    /// A second factor was turned off.
    TwoFactorDisabled,
    /// Refused codes in a row locked a kind of code for the first time.
    TwoFactorLocked,
    /// Support cleared the refused codes and the locks.
    TwoFactorUnlocked,
    /// New backup codes replaced those before.
    BackupCodesCreated,
    /// A backup code was used.
    BackupCodeUsed,
    /// Another e-mail was asked for; sent to the present one.
    EmailChangeRequested,
    /// The token that confirms another e-mail; sent to that one.
    EmailChangeVerification,
    /// Another e-mail took effect; sent to the one that it replaced.
    EmailChanged,
}

impl NoticeKind {
    pub const ALL: [Self; 9] = [
        Self::TwoFactorEnabled,
        Self::TwoFactorDisabled,
        Self::TwoFactorLocked,
        Self::TwoFactorUnlocked,
        Self::BackupCodesCreated,
        Self::BackupCodeUsed,
        Self::EmailChangeRequested,
        Self::EmailChangeVerification,
        Self::EmailChanged,
    ];

    /// The name in deliveries and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TwoFactorEnabled => "two_factor_enabled",
            Self::TwoFactorDisabled => "two_factor_disabled",
            Self::TwoFactorLocked => "two_factor_locked",
            Self::TwoFactorUnlocked => "two_factor_unlocked",
            Self::BackupCodesCreated => "backup_codes_created",
            Self::BackupCodeUsed => "backup_code_used",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChangeVerification => "email_change_verification",
            Self::EmailChanged => "email_changed",
        }
    }
}

/// A notice to be written to the outbox.
#[derive(Debug, Clone)]
pub struct Notice {
    /// `ntc_` and a ULID, by which receivers recognise a repeated delivery.
    pub id: String,
    pub kind: NoticeKind,
    pub user: UserId,
    /// An e-mail address, else a phone number; `None`: the person has neither.
    pub to: Option<String>,
    pub at: Timestamp,
    /// The token that it carries, sealed, and how long that is valid.
    pub token: Option<(Sealed, Duration)>,
}

/// The address without blanks and what cannot be seen, whatever a service has written; `None`: nothing is left. A line
/// break could make two headers of one.
pub fn recipient(address: &str) -> Option<String> {
    let is_shown = |c: &char| !c.is_whitespace() && !c.is_control() && !is_invisible(*c);
    let clean: String = address.chars().filter(is_shown).collect();
    (!clean.is_empty()).then_some(clean)
}

impl Notice {
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
            to: to.and_then(recipient),
            at,
            token: None,
        }
    }

    #[must_use]
    pub fn with_token(mut self, sealed: Sealed, valid_for: Duration) -> Self {
        self.token = Some((sealed, valid_for));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::random::seeded::Seeded;

    #[test]
    fn a_recipient_has_neither_blanks_nor_what_cannot_be_seen() {
        let to = |address| {
            let (user, at) = (UserId::new("u1"), Timestamp::from_millis(0));
            let kind = NoticeKind::EmailChanged;
            Notice::new(kind, &user, Some(address), at, &Seeded::new(1)).to
        };
        for (address, clean) in [
            (
                "\tLYNN.Conway@example.com\n",
                Some("LYNN.Conway@example.com"),
            ),
            ("\u{a0}ada@example.com\u{200b}", Some("ada@example.com")),
            ("ada@example.com\r\nbcc:x@y", Some("ada@example.combcc:x@y")),
            ("+41 79 123 45 67", Some("+41791234567")),
            (" \0\u{3000}", None),
        ] {
            assert_eq!(to(address).as_deref(), clean, "{address:?}");
        }
    }
}
