//! Account security's tables.
//!
//! A request costs one read, which tells at once who calls and how their account stands, and at most one
//! batch. What must hold under concurrency, such as a code being accepted once, is decided by a single
//! conditional statement, and the rows that it returns tell the outcome.
//!
//! | file | what it holds |
//! |---|---|
//! | `visit` | whose account a request is about, and the one read |
//! | `person`, `user`, `factor` | what that read loads |
//! | `profile`, `email_change`, `scenes` | changes of the profile |
//! | `push_tokens` | where phones get their pushes |
//! | `set_up`, `attempts`, `disable`, `backup_codes` | the second factor's life |
//! | `touch` | the use of an API key |
//! | `management` | what support keeps: dashboards, and who is in which team |
//! | `notices`, `outbox` | a notice's way into the outbox, and out of it |

/// The `users.uuid` of whoever a request is about: `?1` an id, `?2` a token's subject, `?3` the hash of an
/// API key; of them one, or the first two. A subject that is an id means the user with that id.
macro_rules! whose {
    () => {
        "coalesce(
  (SELECT uuid FROM users WHERE uuid = ?1),
  (SELECT uuid FROM users WHERE auth_subject = ?2),
  (SELECT user_id FROM api_keys WHERE key_hash = ?3 AND revoked_at IS NULL)
)"
    };
}

/// The columns that `person::PersonColumns` reads, of `u`, a row of `users`. A subject that is somebody
/// else's id means them, as in `whose!`.
macro_rules! person_columns {
    () => {
        "u.uuid, u.email, u.phone_number,
       iif(
         EXISTS (SELECT 1 FROM users o WHERE o.uuid = u.auth_subject AND o.uuid <> u.uuid),
         NULL, u.auth_subject
       ) AS auth_subject"
    };
}

/// Until when a refused code locks its kind of code: `?3` now, `?7` failures before a lock, `?8` the first
/// and `?9` the longest lock. The same rule as `account::lockout` tells.
macro_rules! locked_until {
    ($failures:literal) => {
        concat!(
            "iif(",
            $failures,
            " + 1 < ?7, 0, ?3 + min(?9, ?8 << min(",
            $failures,
            " + 1 - ?7, 20)))"
        )
    };
}

mod attempts;
mod backup_codes;
mod disable;
mod email_change;
mod factor;
mod management;
mod notices;
mod outbox;
mod person;
mod profile;
mod push_tokens;
mod scenes;
mod set_up;
mod touch;
mod user;
mod visit;

pub use attempts::{Attempt, BackupAttempt, TotpAttempt, Verdict};
pub use backup_codes::NewBackupCode;
pub use disable::Disabling;
pub use email_change::{Confirmation, EmailToConfirm, NewEmail};
pub use factor::TwoFactorStatus;
pub use profile::{Draft, ProfileChange};
pub use push_tokens::{NewPushToken, PushTokenRow};
pub use scenes::{MOST_SCENES, Personalised, SceneChange, SceneTarget};
pub use set_up::{SetUp, Started};
pub use visit::{Visit, Whose};
