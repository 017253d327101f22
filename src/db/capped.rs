//! Counts that end somewhere, in SQL, so that none walks through all users.

/// In SQL: how many rows there are, up to `$most`. States stand in `$from` as literals, without which SQLite would not
/// see that a partial index serves.
macro_rules! capped {
    ($most:literal, $from:literal) => {
        concat!(
            "(SELECT count(*) FROM (SELECT 1 FROM ",
            $from,
            " LIMIT ",
            $most,
            "))"
        )
    };
}
pub(crate) use capped;
