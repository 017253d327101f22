//! The rows of accounts and user keys as an observer reads them, with SQL of its own.

use std::collections::BTreeMap;

use rusqlite::Row;

use crate::account::Lock;
use crate::db::sqlite::Sqlite;
use crate::kernel::Timestamp;

/// A row of `second_factors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    pub secret: Option<String>,
    pub pending: Option<String>,
    pub last_step: i64,
    pub totp: Lock,
    pub backup: Lock,
}

impl Factor {
    /// Whether codes of either kind were refused in a row.
    pub fn has_failures(&self) -> bool {
        let clear = Lock {
            failures: 0,
            until: Timestamp::default(),
        };
        self.totp != clear || self.backup != clear
    }
}

/// A row of `notices`.
#[derive(Debug, Clone)]
pub struct NoticeRow {
    pub kind: String,
    pub user: String,
    pub to: Option<String>,
    pub attempts: u32,
    pub due_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

/// What the tables held at one moment.
#[derive(Default)]
pub struct Snapshot {
    /// E-mails by user.
    pub emails: BTreeMap<String, String>,
    /// Hashes of the tokens that confirm another e-mail, by user.
    pub pending_emails: BTreeMap<String, String>,
    pub factors: BTreeMap<String, Factor>,
    /// The request that used a backup code, by user and hash.
    pub backup_codes: BTreeMap<(String, String), Option<String>>,
    pub notices: BTreeMap<String, NoticeRow>,
    /// Hashes of user keys, by the subject of their audit rows.
    pub keys: BTreeMap<String, String>,
    /// Actions and subjects of the whole trail.
    pub trail: Vec<(String, String)>,
}

impl Snapshot {
    pub fn of(sqlite: &Sqlite) -> Self {
        let pairs = |sql| map(sqlite, sql, |row| Ok((row.get(0)?, row.get(1)?)));
        Self {
            emails: pairs("SELECT uuid, email FROM users"),
            pending_emails: pairs(
                "SELECT user_id, pending_email_hash FROM profiles WHERE pending_email_hash IS NOT NULL",
            ),
            factors: factors(sqlite),
            backup_codes: map(
                sqlite,
                "SELECT user_id, code_hash, used_by FROM backup_codes",
                |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)),
            ),
            notices: notices(sqlite),
            keys: pairs("SELECT 'instance-user:' || id, key_hash FROM instance_users"),
            trail: sqlite.query(
                "SELECT action, subject FROM audit_log ORDER BY id",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            ),
        }
    }
}

fn map<K: Ord, V>(
    sqlite: &Sqlite,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<(K, V)>,
) -> BTreeMap<K, V> {
    sqlite.query(sql, [], read).into_iter().collect()
}

fn factors(sqlite: &Sqlite) -> BTreeMap<String, Factor> {
    const ALL: &str = "
SELECT user_id, secret_sealed, pending_sealed, last_step,
       totp_failures, totp_locked_until, backup_failures, backup_locked_until
FROM second_factors";
    let lock = |row: &Row<'_>, column: usize| {
        Ok::<_, rusqlite::Error>(Lock {
            failures: row.get(column)?,
            until: Timestamp::from_millis(row.get(column + 1)?),
        })
    };
    map(sqlite, ALL, |row| {
        let factor = Factor {
            secret: row.get(1)?,
            pending: row.get(2)?,
            last_step: row.get(3)?,
            totp: lock(row, 4)?,
            backup: lock(row, 6)?,
        };
        Ok((row.get(0)?, factor))
    })
}

fn notices(sqlite: &Sqlite) -> BTreeMap<String, NoticeRow> {
    const ALL: &str =
        "SELECT id, type, user_id, recipient, attempts, due_at, expires_at FROM notices";
    map(sqlite, ALL, |row| {
        let notice = NoticeRow {
            kind: row.get(1)?,
            user: row.get(2)?,
            to: row.get(3)?,
            attempts: row.get(4)?,
            due_at: Timestamp::from_millis(row.get(5)?),
            expires_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
        };
        Ok((row.get(0)?, notice))
    })
}
