//! Pages of the trail, newest first.
//!
//! A filter that no index serves could read the whole trail for one entry, so every page reads a bounded
//! number of rows and tells how far it came.

use std::time::Duration;

use crate::db::{
    self, Arg, AuditRow, Batch, Database, DatabaseError, FromRow, Row, Statement, audit_json,
    audit_rows,
};
use crate::kernel::Timestamp;
use crate::kernel::audit::Entry;

/// Rows that a page looks at. With what is read to find where to begin, and the entries themselves, a page of 50
/// reads fewer than 2,050.
const MAX_SCANNED: u32 = 1_880;

/// An entry's moment is taken before its batch is written, and runs write for minutes: so moments follow the
/// order of the ids but for this.
const DISORDER: Duration = Duration::from_secs(15 * 60);

/// The rows to look at, newest first, and whether the filter takes them. `$scope` is what an index serves.
/// The bisection finds the first row after a moment by the order of the ids, which is nearly that of the
/// moments, and costs a few dozen rows.
///
/// ?1 before, ?2 rows to look at, ?3 until (with DISORDER), ?4 subject, ?5 actor, ?6 action, ?7 request, ?8 from,
/// ?9 to, ?10 people only
macro_rules! scan {
    ($scope:literal) => {
        concat!(
            "
WITH RECURSIVE bisection(low, high) AS (
  SELECT 0, coalesce((SELECT max(id) FROM audit_log), 0) + 1 WHERE ?3 IS NOT NULL
  UNION ALL
  SELECT iif(a.at < ?3, a.id, low), iif(a.at < ?3, high, (low + high) / 2)
  FROM bisection JOIN audit_log a ON a.id = (
    SELECT b.id FROM audit_log b WHERE b.id >= (low + high) / 2 ORDER BY b.id LIMIT 1)
  WHERE high - low > 1
), scanned AS (
  SELECT *, (
      (?4 IS NULL OR subject = ?4)
      AND (?5 IS NULL OR actor = ?5 OR substr(actor, 1, length(?5) + 1) IN (?5 || ' ', ?5 || ':'))
      AND (?6 IS NULL OR action = ?6)
      AND (?7 IS NULL OR request_id = ?7)
      AND (?8 IS NULL OR at >= ?8)
      AND (?9 IS NULL OR at < ?9)
      AND (NOT ?10 OR (actor <> 'cron' AND actor <> 'queue'))
    ) AS matches
  FROM audit_log
  WHERE ",
            $scope,
            " AND id < min(coalesce(?1, 9e15), coalesce((SELECT min(high) FROM bisection), 9e15))
  ORDER BY id DESC LIMIT ?2
)"
        )
    };
}

/// How many were looked at and the last of them, beside each that matches. `last_at` is of the row with the least id:
/// SQLite takes bare columns from the row that min() found.
macro_rules! page {
    ($scope:literal) => {
        concat!(
            scan!($scope),
            ", found AS (
  SELECT count(*) AS looked_at, min(id) AS last_id, at AS last_at,
         json_group_array(id) FILTER (WHERE matches) AS ids
  FROM scanned
)
SELECT looked_at, last_id, last_at, a.id, a.at, a.actor, a.action, a.subject, a.outcome, a.reason, a.request_id, a.address
FROM found LEFT JOIN json_each(ids) i LEFT JOIN audit_log a ON a.id = i.value
LIMIT ?11"
        )
    };
}

/// Every row that was looked at; of those that do not match only where it is.
macro_rules! export {
    ($scope:literal) => {
        concat!(
            scan!($scope),
            "
SELECT id, at, matches, iif(matches, actor, '') AS actor, iif(matches, action, '') AS action,
       iif(matches, subject, '') AS subject, iif(matches, outcome, '') AS outcome,
       iif(matches, reason, NULL) AS reason, iif(matches, request_id, '') AS request_id,
       iif(matches, address, NULL) AS address
FROM scanned"
        )
    };
}

const PAGE: [&str; 3] = [
    page!("1"),
    page!("subject = ?4"),
    page!("actor <> 'cron' AND actor <> 'queue'"),
];

const EXPORT: [&str; 3] = [
    export!("1"),
    export!("subject = ?4"),
    export!("actor <> 'cron' AND actor <> 'queue'"),
];

// ?1 entry
const RECORD: &str = audit_rows!("");

/// Which entries are wanted; all of it must apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub subject: Option<String>,
    /// The whole name, or its first part or parts: `operator`, `operator:op_1`.
    pub actor: Option<String>,
    pub action: Option<String>,
    pub request_id: Option<String>,
    pub from: Option<Timestamp>,
    /// The first moment that is not wanted.
    pub to: Option<Timestamp>,
    /// Without what cron and queue consumers did.
    pub people: bool,
    /// Only entries with a smaller id.
    pub before: Option<u32>,
}

/// What was found, and where to go on.
#[derive(Debug, PartialEq, Eq)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    /// `before` of the next page; `None`: there is nothing older.
    pub next: Option<u64>,
    /// The moment of the oldest row that was looked at; `None`: everything was.
    pub scanned_to: Option<Timestamp>,
}

struct FoundRow {
    looked_at: u32,
    last_id: Option<u64>,
    last_at: Option<Timestamp>,
    row: Option<AuditRow>,
}

impl FromRow for FoundRow {
    fn from_row(row: &Row<'_>) -> Result<Self, DatabaseError> {
        let found: Option<u64> = row.get("id")?;
        Ok(Self {
            looked_at: row.get("looked_at")?,
            last_id: row.get("last_id")?,
            last_at: row.get("last_at")?,
            row: found.map(|_| FromRow::from_row(row)).transpose()?,
        })
    }
}

db::row! {
    struct ScannedRow {
        matches: bool,
        row: AuditRow = flatten,
    }
}

impl AuditFilter {
    /// Whether every row that an index finds matches.
    const fn is_served_by_index(&self) -> bool {
        self.actor.is_none()
            && self.action.is_none()
            && self.request_id.is_none()
            && self.from.is_none()
            && self.to.is_none()
            && !(self.people && self.subject.is_some())
    }

    fn statement(&self, [all, of_subject, of_people]: [&'static str; 3]) -> &'static str {
        match (&self.subject, self.people) {
            (Some(_), _) => of_subject,
            (None, true) => of_people,
            (None, false) => all,
        }
    }

    fn args(&self, to_scan: u32) -> Vec<Arg> {
        let text = |text: &Option<String>| Arg::from(text.as_deref());
        vec![
            self.before.into(),
            to_scan.into(),
            self.to.map(|to| to.plus(DISORDER)).into(),
            text(&self.subject),
            text(&self.actor),
            text(&self.action),
            text(&self.request_id),
            self.from.into(),
            self.to.into(),
            self.people.into(),
        ]
    }

    /// Whether rows older than one of this moment may match.
    fn reaches_before(&self, moment: Timestamp) -> bool {
        self.from.is_none_or(|from| moment >= from.minus(DISORDER))
    }

    fn page(&self, rows: Vec<AuditRow>, last: Option<(u64, Timestamp)>) -> AuditPage {
        let last = last.filter(|(_, at)| self.reaches_before(*at));
        AuditPage {
            rows,
            next: last.map(|(id, _)| id),
            scanned_to: last.map(|(_, at)| at),
        }
    }
}

/// Reads at most `limit` entries.
pub async fn read_page(
    database: &Database,
    filter: &AuditFilter,
    limit: u32,
) -> Result<AuditPage, DatabaseError> {
    let wanted = limit.saturating_add(1);
    let to_scan = if filter.is_served_by_index() {
        wanted
    } else {
        MAX_SCANNED
    };
    let mut args = filter.args(to_scan);
    args.push(wanted.into());
    let mut batch = Batch::new();
    let found = batch.push::<FoundRow>(Statement::new(filter.statement(PAGE), args));
    let mut found = database.run(batch).await?.rows(found)?;
    let is_full = found.len() > limit as usize && found.iter().all(|one| one.row.is_some());
    found.truncate(limit as usize);
    let scanned = found
        .first()
        .filter(|one| one.looked_at == to_scan)
        .and_then(|one| Some((one.last_id?, one.last_at?)));
    let rows: Vec<AuditRow> = found.into_iter().filter_map(|one| one.row).collect();
    let last = if is_full {
        rows.last().map(|row| (row.id, row.at))
    } else {
        scanned
    };
    Ok(filter.page(rows, last))
}

/// Looks at `to_scan` rows and reads those that match, and writes down that it was done.
pub async fn export(
    database: &Database,
    filter: &AuditFilter,
    to_scan: u32,
    entry: &Entry,
) -> Result<AuditPage, DatabaseError> {
    let mut batch = Batch::new();
    let args = filter.args(to_scan);
    let scanned = batch.push::<ScannedRow>(Statement::new(filter.statement(EXPORT), args));
    batch.execute(Statement::new(RECORD, [audit_json([entry])?]));
    let scanned = database.run(batch).await?.rows(scanned)?;
    let last = scanned
        .last()
        .filter(|_| scanned.len() == to_scan as usize)
        .map(|one| (one.row.id, one.row.at));
    let matching = scanned.into_iter().filter(|one| one.matches);
    Ok(filter.page(matching.map(|one| one.row).collect(), last))
}
