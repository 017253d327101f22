//! The outbox as administrators see and change it.

use std::fmt;

use crate::account::NoticeKind;
use crate::db::{self, Batch, Database, DatabaseError, Statement, audit_json, audit_rows};
use crate::kernel::audit::Entry;
use crate::kernel::{Timestamp, UserId};

/// Notices that are made due at once at most.
pub const MAX_HASTENED: u32 = 1_000;

/// Notices that are sent right after the answer, as many as a round of the cron trigger sends.
const SENT_AT_ONCE: u32 = 50;

/// ?1 due_at and ?2 id of the notice before, or NULL, ?3 the most, ?4 user, ?5 type. Each scope has an index in this
/// order; a person has few notices.
macro_rules! list {
    ($scope:literal) => {
        concat!(
            "SELECT id, type, user_id, recipient, attempts, last_cause, created_at, due_at, expires_at
FROM notices WHERE ",
            $scope,
            " AND due_at >= coalesce(?1, 0) AND (?1 IS NULL OR (due_at, id) > (?1, ?2))
ORDER BY due_at, id LIMIT ?3"
        )
    };
}

const LIST: &str = list!("1");
const LIST_FAILING: &str = list!("attempts > 0");
const LIST_OF_KIND: &str = list!("type = ?5");
const LIST_FAILING_OF_KIND: &str = list!("type = ?5 AND attempts > 0");
const LIST_OF_USER: &str = list!("user_id = ?4 AND (?5 IS NULL OR type = ?5)");
const LIST_FAILING_OF_USER: &str =
    list!("user_id = ?4 AND (?5 IS NULL OR type = ?5) AND attempts > 0");

/// The entry is about the person whom the notice ?2 is for, and is written if there is one.
const AUDIT: &str = audit_rows!(
    " || (SELECT user_id FROM notices WHERE id = ?2)",
    "WHERE EXISTS (SELECT 1 FROM notices WHERE id = ?2)"
);

// ?1 id, ?2 now. It leaves after the answer.
const HASTEN: &str = "UPDATE notices SET due_at = ?2 WHERE id = ?1 RETURNING id";

/// ?1 now, ?2 the most
macro_rules! hasten_many {
    ($scope:literal) => {
        concat!(
            "UPDATE notices SET due_at = ?1 WHERE id IN (
  SELECT id FROM notices WHERE due_at > ?1",
            $scope,
            " ORDER BY due_at, id LIMIT ?2) RETURNING id"
        )
    };
}

const HASTEN_WAITING: &str = hasten_many!("");
const HASTEN_FAILING: &str = hasten_many!(" AND attempts > 0");

// ?1 now, ?2 the most
const DUE: &str = "
SELECT id FROM notices WHERE due_at <= ?1 AND (expires_at IS NULL OR expires_at > ?1)
ORDER BY due_at, id LIMIT ?2";

// ?1 id
const DROP: &str = "DELETE FROM notices WHERE id = ?1";

/// Which notices are wanted; all of it must apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoticeFilter {
    /// Only those that were tried before.
    pub failing: bool,
    pub kind: Option<NoticeKind>,
    pub user: Option<UserId>,
    pub after: Option<NoticePlace>,
}

/// A notice's place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticePlace {
    due_at: Timestamp,
    id: String,
}

impl NoticePlace {
    pub fn new(due_at: Timestamp, id: &str) -> Self {
        Self {
            due_at,
            id: id.to_owned(),
        }
    }

    /// `None`: it is not what `to_string` makes.
    pub fn parse(text: &str) -> Option<Self> {
        let (due_at, id) = text.split_once('-')?;
        let is_number =
            (1..=15).contains(&due_at.len()) && due_at.bytes().all(|b| b.is_ascii_digit());
        let due_at = due_at
            .parse()
            .ok()
            .filter(|_| is_number && !id.is_empty())?;
        Some(Self::new(Timestamp::from_millis(due_at), id))
    }
}

impl fmt::Display for NoticePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.due_at.as_millis(), self.id)
    }
}

db::row! {
    /// A notice that waits for delivery: a row of `notices`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct WaitingNotice {
        pub id: String,
        pub kind: String = "type",
        pub user: UserId = "user_id",
        pub recipient: Option<String>,
        pub attempts: u32,
        pub last_cause: Option<String>,
        pub created_at: Timestamp,
        pub due_at: Timestamp,
        pub expires_at: Option<Timestamp>,
    }
}

/// Lists at most `limit` notices, the longest due first.
pub async fn list_notices(
    database: &Database,
    filter: &NoticeFilter,
    limit: u32,
) -> Result<Vec<WaitingNotice>, DatabaseError> {
    let sql = match (&filter.user, filter.kind, filter.failing) {
        (Some(_), _, false) => LIST_OF_USER,
        (Some(_), _, true) => LIST_FAILING_OF_USER,
        (None, Some(_), false) => LIST_OF_KIND,
        (None, Some(_), true) => LIST_FAILING_OF_KIND,
        (None, None, false) => LIST,
        (None, None, true) => LIST_FAILING,
    };
    let after = filter.after.as_ref();
    let mut args = vec![
        after.map(|place| place.due_at).into(),
        after.map(|place| place.id.as_str()).into(),
        limit.into(),
    ];
    // D1 refuses parameters that a statement does not have.
    if filter.user.is_some() || filter.kind.is_some() {
        args.push(filter.user.as_ref().into());
        args.push(filter.kind.map(NoticeKind::as_str).into());
    }
    let mut batch = Batch::new();
    let rows = batch.push(Statement::new(sql, args));
    database.run(batch).await?.rows(rows)
}

fn audit(entry: &Entry, id: &str) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(AUDIT, [audit_json([entry])?, id.into()]))
}

/// Makes a notice due at the entry's moment, to be sent after the answer; whether there is such a notice. The entry's
/// subject becomes the person.
pub async fn hasten_notice(
    database: &Database,
    id: &str,
    entry: &Entry,
) -> Result<bool, DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(audit(entry, id)?);
    let hasten = Statement::new(HASTEN, [id.into(), entry.at.into()]);
    let hastened = batch.push::<()>(hasten.noted());
    Ok(database.run(batch).await?.count(hastened)? > 0)
}

/// Makes at most [`MAX_HASTENED`] notices due at the entry's moment, and tells how many; those due for longest are sent
/// after the answer.
pub async fn hasten_notices(
    database: &Database,
    failing: bool,
    entry: &Entry,
) -> Result<u32, DatabaseError> {
    let sql = match failing {
        true => HASTEN_FAILING,
        false => HASTEN_WAITING,
    };
    let mut batch = Batch::new();
    let hasten = Statement::new(sql, [entry.at.into(), MAX_HASTENED.into()]);
    let hastened = batch.push_audited::<()>(hasten, entry)?;
    let due = Statement::new(DUE, [entry.at.into(), SENT_AT_ONCE.into()]);
    batch.execute(due.noted());
    let count = database.run(batch).await?.count(hastened)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Deletes a notice undelivered. The entry's subject becomes the person; without such a notice it is not written.
pub async fn drop_notice(
    database: &Database,
    id: &str,
    entry: &Entry,
) -> Result<(), DatabaseError> {
    let mut batch = Batch::new();
    batch.execute(audit(entry, id)?);
    batch.execute(Statement::new(DROP, [id.into()]));
    database.run(batch).await.map(|_| ())
}
