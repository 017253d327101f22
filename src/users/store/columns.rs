//! What every list shows of a user.

use crate::db;
use crate::kernel::Timestamp;

/// The columns of a [`UserColumns`]: of `u`, a row of `users`, and of `t` and `f`, those of `threedeye_users` and
/// `second_factors` with the same id. Any of them may be missing. The limits are those of the queue's triggers.
macro_rules! user_columns {
    () => {
        "
  substr(CAST(coalesce(u.uuid, t.user_id, '') AS TEXT), 1, 512) AS user_id,
  substr(CAST(coalesce(u.email, t.left_email) AS TEXT), 1, 320) AS email,
  substr(CAST(u.phone_number AS TEXT), 1, 64) AS phone_number,
  substr(CAST(u.created_at AS TEXT), 1, 64) AS created_at,
  u.email_key IS NOT NULL AND typeof(u.uuid) = 'text' AND length(CAST(u.uuid AS BLOB)) <= 512
    AND length(CAST(u.email_key AS BLOB)) <= 320 AS has_usable_email,
  t.state, t.attempts, t.error_code, t.last_error, t.next_attempt_at,
  f.secret_sealed IS NOT NULL AS is_two_factor_on"
    };
}
pub(super) use user_columns;

db::row! {
    #[derive(Debug, Clone)]
    pub struct UserColumns {
        pub user_id: String,
        /// Of a deleted user the last one.
        pub email: Option<String>,
        pub phone_number: Option<String>,
        pub created_at: Option<String>,
        /// Whether a run could take the user up with this e-mail.
        pub has_usable_email: bool = or_default,
        pub state: Option<String>,
        pub attempts: Option<u32>,
        pub error_code: Option<String>,
        pub last_error: Option<String>,
        pub next_attempt_at: Option<Timestamp>,
        pub is_two_factor_on: bool,
    }
}
