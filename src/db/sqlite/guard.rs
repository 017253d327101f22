//! What D1 refuses, and what tests could not repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;

/// D1's limits, lower than SQLite's own.
const LIMITS: [(Limit, i32); 8] = [
    (Limit::SQLITE_LIMIT_LENGTH, 2_000_000),
    (Limit::SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (Limit::SQLITE_LIMIT_COLUMN, 100),
    (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
    (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 5),
    (Limit::SQLITE_LIMIT_FUNCTION_ARG, 127),
    (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50),
    (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
];

/// Functions that D1 does not authorize.
pub const REFUSED_BY_D1: [&str; 22] = [
    "fts5",
    "fts5_get_locale",
    "fts5_insttoken",
    "fts5_locale",
    "fts5_source_id",
    "if",
    "json_array_insert",
    "json_error_position",
    "json_pretty",
    "jsonb_array_insert",
    "load_extension",
    "rtreedepth",
    "rtreenode",
    "sqlite_compileoption_get",
    "sqlite_compileoption_used",
    "sqlite_log",
    "sqlite_offset",
    "sqlite_source_id",
    "sqlite_version",
    "subtype",
    "unistr",
    "unistr_quote",
];

/// Functions that read the machine's clock or its randomness. D1 has them, but
/// the service's time and randomness are parameters. `unixepoch()`, which the
/// triggers need, is replaced instead.
const AMBIENT: [&str; 11] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "date",
    "datetime",
    "julianday",
    "random",
    "randomblob",
    "strftime",
    "time",
    "timediff",
];

/// Sets the limits, the clock and the watch on what is prepared.
pub fn guard(
    connection: &mut Connection,
    seconds: Arc<AtomicI64>,
    guarded: Arc<AtomicBool>,
) -> rusqlite::Result<()> {
    for (limit, most) in LIMITS {
        connection.set_limit(limit, most)?;
    }
    // For any number of arguments: with one it would tell another time than the test's.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("unixepoch", -1, flags, move |call| {
        if call.is_empty() {
            return Ok(seconds.load(Ordering::Relaxed));
        }
        let refusal = "unixepoch() takes no arguments in tests: they turn its clock";
        Err(rusqlite::Error::UserFunctionError(refusal.into()))
    })?;
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        if guarded.load(Ordering::Relaxed) {
            authorize(context.action)
        } else {
            Authorization::Allow
        }
    }))
}

/// The service reads and writes rows, and does nothing else: its transactions
/// are batches, and its schema is made by migrations.
fn authorize(action: AuthAction<'_>) -> Authorization {
    match action {
        AuthAction::Select
        | AuthAction::Recursive
        | AuthAction::Read { .. }
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. } => Authorization::Allow,
        AuthAction::Function { function_name } if is_allowed(function_name) => Authorization::Allow,
        _ => Authorization::Deny,
    }
}

fn is_allowed(function: &str) -> bool {
    let mut refused = REFUSED_BY_D1.iter().chain(&AMBIENT);
    !refused.any(|refused| refused.eq_ignore_ascii_case(function))
}
