//! The rows of provisioning as an observer reads them, with SQL of its own.

use std::collections::BTreeMap;

use crate::db::sqlite::Sqlite;
use crate::kernel::{EmailKey, Sealed, Timestamp, UserId};
use crate::provisioning::record::{ForgottenAccount, Mapping, State};
use crate::threedeye::{RemoteId, RoleId};

/// A row of `threedeye_users`.
#[derive(Debug, Clone)]
pub struct Row {
    pub mapping: Mapping,
    pub lease: Option<String>,
    /// When the user was deleted.
    pub left_at: Option<Timestamp>,
    /// Since when the removal waits; `None`: it does not.
    pub leaving_since: Option<Timestamp>,
}

impl Row {
    /// The e-mail that no other user may be provisioned for.
    pub fn held_email(&self) -> Option<&EmailKey> {
        let email = self.mapping.email_key.as_ref();
        email.filter(|_| self.mapping.state != State::SetAside)
    }
}

/// What the tables held at one moment.
#[derive(Default)]
pub struct Snapshot {
    pub users: BTreeMap<UserId, Option<EmailKey>>,
    pub rows: BTreeMap<UserId, Row>,
    pub recoveries: BTreeMap<UserId, Vec<RoleId>>,
    pub queue: BTreeMap<UserId, Timestamp>,
    /// Valid API keys and user keys of users that do not exist.
    pub stray_keys: u32,
    /// Whether runs are paused.
    pub paused: bool,
    /// How many runs there were.
    pub runs: u32,
}

impl Snapshot {
    pub fn of(sqlite: &Sqlite) -> Self {
        Self {
            users: users(sqlite),
            rows: rows(sqlite),
            recoveries: recoveries(sqlite),
            queue: queue(sqlite),
            stray_keys: stray_keys(sqlite),
            paused: count(
                sqlite,
                "SELECT count(*) FROM provisioning_pause WHERE paused = 1",
            ) > 0,
            runs: count(sqlite, "SELECT count(*) FROM provisioning_runs"),
        }
    }

    /// Whether another user's row holds this e-mail.
    pub fn holder_of(&self, email: &EmailKey, other_than: &UserId) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|(id, row)| id != other_than && row.held_email() == Some(email))
    }
}

fn count(sqlite: &Sqlite, sql: &str) -> u32 {
    let counts: Vec<u32> = sqlite.query(sql, [], |row| row.get(0));
    counts.into_iter().sum()
}

fn users(sqlite: &Sqlite) -> BTreeMap<UserId, Option<EmailKey>> {
    let users = sqlite.query("SELECT uuid, email_key FROM users", [], |row| {
        let email: Option<String> = row.get(1)?;
        Ok((
            UserId::new(row.get::<_, String>(0)?),
            email.as_deref().and_then(EmailKey::of),
        ))
    });
    users.into_iter().collect()
}

fn rows(sqlite: &Sqlite) -> BTreeMap<UserId, Row> {
    const ALL: &str = "
SELECT user_id, state, email_key, threedeye_id, password_sealed, attempts, last_error,
       next_attempt_at, lease_token, lease_until, created_at, settled_at,
       forgotten_email, forgotten_threedeye_id, forgotten_password, taken_over_email, respelled_id,
       left_at, iif(state = 'leaving', leaving_since, NULL), updated_at
FROM threedeye_users";
    let text = |row: &rusqlite::Row<'_>, column: usize| row.get::<_, Option<String>>(column);
    let moment = |row: &rusqlite::Row<'_>, column: usize| {
        let millis = row.get::<_, Option<i64>>(column)?;
        Ok::<_, rusqlite::Error>(millis.map(Timestamp::from_millis))
    };
    let rows = sqlite.query(ALL, [], |row| {
        let forgotten = (text(row, 12)?, text(row, 14)?);
        let forgotten_id = text(row, 13)?.map(RemoteId);
        let mapping = Mapping {
            state: State::parse(&row.get::<_, String>(1)?).unwrap(),
            email_key: text(row, 2)?.as_deref().and_then(EmailKey::of),
            threedeye_id: text(row, 3)?.map(RemoteId),
            password: text(row, 4)?.map(Sealed::from_stored),
            attempts: row.get(5)?,
            last_error: text(row, 6)?,
            next_attempt_at: moment(row, 7)?,
            lease_until: moment(row, 9)?.unwrap(),
            created_at: moment(row, 10)?.unwrap(),
            updated_at: moment(row, 19)?.unwrap(),
            settled_at: moment(row, 11)?.unwrap(),
            forgotten: match forgotten {
                (Some(email), Some(password)) => Some(ForgottenAccount {
                    email: EmailKey::of(&email).unwrap(),
                    id: forgotten_id,
                    password: Sealed::from_stored(password),
                }),
                _ => None,
            },
            taken_over: text(row, 15)?,
            respelled: text(row, 16)?.map(RemoteId),
        };
        let lease = text(row, 8)?;
        Ok((
            UserId::new(row.get::<_, String>(0)?),
            Row {
                mapping,
                lease,
                left_at: moment(row, 17)?,
                leaving_since: moment(row, 18)?,
            },
        ))
    });
    rows.into_iter().collect()
}

fn stray_keys(sqlite: &Sqlite) -> u32 {
    const COUNT: &str = "
SELECT (SELECT count(*) FROM api_keys k WHERE revoked_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM users WHERE uuid = k.user_id))
     + (SELECT count(*) FROM instance_users k WHERE user_id IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM users WHERE uuid = k.user_id))";
    let counts: Vec<u32> = sqlite.query(COUNT, [], |row| row.get(0));
    counts.into_iter().sum()
}

fn recoveries(sqlite: &Sqlite) -> BTreeMap<UserId, Vec<RoleId>> {
    let all = "SELECT user_id, role_ids FROM threedeye_recovery";
    let recoveries = sqlite.query(all, [], |row| {
        let roles: Vec<String> = serde_json::from_str(&row.get::<_, String>(1)?).unwrap();
        let roles = roles.into_iter().map(RoleId).collect();
        Ok((UserId::new(row.get::<_, String>(0)?), roles))
    });
    recoveries.into_iter().collect()
}

fn queue(sqlite: &Sqlite) -> BTreeMap<UserId, Timestamp> {
    let all = "SELECT user_id, due_at FROM provisioning_queue";
    let queue = sqlite.query(all, [], |row| {
        let due = Timestamp::from_millis(row.get(1)?);
        Ok((UserId::new(row.get::<_, String>(0)?), due))
    });
    queue.into_iter().collect()
}
