//! Who is locked out of their second factor, in SQL, for all who ask; `account::lockout` has the rule.

/// In SQL: whether the row `$row` of `second_factors` may be locked, as the index of such rows has it.
macro_rules! may_be_locked {
    ($row:literal) => {
        concat!(
            $row,
            ".totp_failures >= 5 OR ",
            $row,
            ".backup_failures >= 5"
        )
    };
}
pub(crate) use may_be_locked;

/// In SQL: whether either kind of code is locked at `$now`.
macro_rules! is_locked {
    ($row:literal, $now:literal) => {
        concat!(
            "(",
            $row,
            ".totp_locked_until > ",
            $now,
            " OR ",
            $row,
            ".backup_locked_until > ",
            $now,
            " OR ",
            $row,
            ".totp_failures >= 100 OR ",
            $row,
            ".backup_failures >= 100)"
        )
    };
}
pub(crate) use is_locked;
