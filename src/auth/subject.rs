//! Whose tokens have a subject: the one reading of it for all routes.
//!
//! A subject that is some user's id means that user, whatever other rows of `users` have as their
//! `auth_subject`. Triggers refuse rows with which there would be two readings; these expressions also
//! hold where such a row is older than the triggers.

use crate::kernel::UserId;

/// SQL: the id of the user whose tokens have this subject, a parameter.
macro_rules! user_of_subject {
    ($subject:literal) => {
        concat!(
            "coalesce((SELECT uuid FROM users WHERE uuid = ",
            $subject,
            "), (SELECT uuid FROM users WHERE auth_subject = ",
            $subject,
            "))"
        )
    };
}
pub(crate) use user_of_subject;

/// SQL: the `auth_subject` of `u`, a row of `users`; NULL if it is another user's id.
macro_rules! linked_subject {
    () => {
        "iif(EXISTS (SELECT 1 FROM users o WHERE o.uuid = u.auth_subject AND o.uuid <> u.uuid),
         NULL, u.auth_subject)"
    };
}
pub(crate) use linked_subject;

/// Whether tokens of this subject are those of the user, whose `linked_subject!` is `linked`.
pub fn is_subject_of(subject: &str, user: &UserId, linked: Option<&str>) -> bool {
    // An empty subject selects no user, even where another service has written one.
    !subject.is_empty() && (user.as_str() == subject || linked == Some(subject))
}

#[cfg(test)]
mod tests {
    use crate::auth::fake;
    use crate::db::Statement;
    use crate::db::sqlite::Sqlite;

    /// Ada has the subject `auth0|ada`, Bob none.
    fn database() -> Sqlite {
        let database = Sqlite::new(|| fake::at(0));
        database.execute(
            "INSERT INTO users (uuid, created_at, auth_subject)
             VALUES ('ada', '2024-01-15', 'auth0|ada'), ('bob', '2024-01-15', NULL)",
            (),
        );
        database
    }

    fn runs(database: &Sqlite, sql: &'static str) -> bool {
        database.run(&[Statement::new(sql, [])]).is_ok()
    }

    #[test]
    fn a_row_with_which_one_subject_would_mean_two_users_is_refused() {
        for sql in [
            "UPDATE users SET auth_subject = 'ada' WHERE uuid = 'bob'",
            "UPDATE users SET uuid = 'auth0|ada' WHERE uuid = 'bob'",
            "INSERT INTO users (uuid, created_at, auth_subject) VALUES ('eve', '2024-01-15', 'ada')",
            "INSERT INTO users (uuid, created_at) VALUES ('auth0|ada', '2024-01-15')",
            "INSERT OR REPLACE INTO users (uuid, created_at, auth_subject) VALUES ('bob', '2024-01-15', 'ada')",
        ] {
            assert!(!runs(&database(), sql), "{sql}");
        }
    }

    #[test]
    fn rows_whose_subject_is_their_own_are_taken() {
        for sql in [
            "UPDATE users SET auth_subject = 'ada' WHERE uuid = 'ada'",
            "UPDATE users SET uuid = 'auth0|ada' WHERE uuid = 'ada'",
            "UPDATE users SET auth_subject = NULL",
            "INSERT INTO users (uuid, created_at, auth_subject) VALUES ('eve', '2024-01-15', 'eve')",
            "INSERT OR REPLACE INTO users (uuid, created_at, auth_subject) VALUES ('ada', '2024-01-15', 'auth0|1')",
        ] {
            assert!(runs(&database(), sql), "{sql}");
        }
    }
}
