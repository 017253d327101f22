//! Which account a request is about, and how a statement finds it.

use crate::db::{Arg, Statement};
use crate::kernel::UserId;

/// The `users.uuid` that an [`AccountSelector`] means: `?1` is an id, `?2` a token's subject, `?3` the hash
/// of an API key.
macro_rules! selected_user {
    () => {
        concat!(
            "coalesce(
  (SELECT uuid FROM users WHERE uuid = ?1),
  ",
            $crate::auth::subject::user_of_subject!("?2"),
            ",
  (SELECT user_id FROM api_keys WHERE key_hash = ?3 AND revoked_at IS NULL)
)"
        )
    };
}
pub(crate) use selected_user;

/// The columns of a `Person`, of `u`, a row of `users`.
macro_rules! person_columns {
    () => {
        concat!(
            "u.uuid, u.email, u.phone_number, ",
            $crate::auth::subject::linked_subject!(),
            " AS auth_subject"
        )
    };
}
pub(crate) use person_columns;

/// Which account a request is about, as far as the request tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountSelector {
    /// The user whose tokens have this subject.
    Subject(String),
    /// The user with this id.
    User(UserId),
    /// The user that the API key with this hash is bound to.
    KeyHolder(String),
}

impl AccountSelector {
    /// A statement with `selected_user!`, whose own parameters begin at `?4`.
    pub(super) fn statement(
        &self,
        sql: &'static str,
        own: impl IntoIterator<Item = Arg>,
    ) -> Statement {
        let selected = match self {
            // An empty subject selects no account, even where another service has written one.
            Self::Subject(subject) if subject.is_empty() => [Arg::Null, Arg::Null, Arg::Null],
            Self::Subject(subject) => [Arg::Null, subject.as_str().into(), Arg::Null],
            Self::User(id) => [id.into(), Arg::Null, Arg::Null],
            Self::KeyHolder(hash) => [Arg::Null, Arg::Null, hash.as_str().into()],
        };
        Statement::new(sql, selected.into_iter().chain(own))
    }
}
