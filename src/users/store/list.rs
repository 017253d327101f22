//! Lists users by where they stand.

use serde::{Deserialize, Serialize};

use super::columns::{UserColumns, user_columns};
use crate::db::lockout::{is_locked, may_be_locked};
use crate::db::{self, Arg, Batch, Database, DatabaseError, Statement};
use crate::kernel::Timestamp;

/// A page of users: `$place` is their place in the index of `$from`, `$order` the conditions and the order.
macro_rules! list {
    ($place:expr, $from:literal, $($order:tt)+) => {
        concat!(
            "
SELECT ",
            $place,
            ",",
            user_columns!(),
            "
FROM ",
            $from,
            "
WHERE ",
            $($order)+
        )
    };
}

/// Of those that are recorded. A state is a literal: SQLite would not use a partial index for a bound one.
macro_rules! recorded {
    ($($order:tt)+) => {
        list!(
            "t.state AS place_state, t.updated_at AS place_at, t.user_id AS place_id",
            "threedeye_users t LEFT JOIN users u ON u.uuid = t.user_id
LEFT JOIN second_factors f ON f.user_id = t.user_id",
            $($order)+
        )
    };
}

/// The newest first. ?1 and ?2 moment and id of the last user of the page before, ?3 limit.
macro_rules! in_state {
    ($condition:literal) => {
        recorded!(
            $condition,
            " AND (t.updated_at, t.user_id) < (?1, ?2)
ORDER BY t.updated_at DESC, t.user_id DESC LIMIT ?3"
        )
    };
}

const QUARANTINED: &str = in_state!("t.state = 'quarantined'");
const SET_ASIDE: &str = in_state!("t.state = 'set_aside'");
const ATTACHING: &str = in_state!("t.state = 'attaching'");
const FAILING: &str = in_state!("t.state = 'pending' AND t.last_error IS NOT NULL");
const LEFT_IN_PLACE: &str = in_state!("t.state = 'left_in_place' AND t.last_error IS NOT NULL");

// ?1 and ?2 moment and id of the last user of the page before, ?3 limit. The first to go first.
const LEAVING: &str = list!(
    "'' AS place_state, t.leaving_since AS place_at, t.user_id AS place_id",
    "threedeye_users t LEFT JOIN users u ON u.uuid = t.user_id
LEFT JOIN second_factors f ON f.user_id = t.user_id",
    "t.state = 'leaving' AND (t.leaving_since, t.user_id) > (?1, ?2)
ORDER BY t.leaving_since, t.user_id LIMIT ?3"
);

// The same. The first due first.
const WAITING: &str = list!(
    "'' AS place_state, q.due_at AS place_at, q.user_id AS place_id",
    "provisioning_queue q
LEFT JOIN users u ON u.uuid = q.user_id LEFT JOIN threedeye_users t ON t.user_id = q.user_id
LEFT JOIN second_factors f ON f.user_id = q.user_id",
    "(q.due_at, q.user_id) > (?1, ?2) ORDER BY q.due_at, q.user_id LIMIT ?3"
);

// ?1 id of the last user of the page before, ?2 limit, ?3 now. A lock that is over stays in the index until a code is
// accepted. Such a row counts against the limit, so that a page reads no more of them than it has room for.
const LOCKED_OUT: &str = list!(
    concat!(
        "'' AS place_state, 0 AS place_at, f.user_id AS place_id, NOT ",
        is_locked!("f", "?3"),
        " AS is_passed_over"
    ),
    "second_factors f LEFT JOIN users u ON u.uuid = f.user_id LEFT JOIN threedeye_users t ON t.user_id = f.user_id",
    "(",
    may_be_locked!("f"),
    ") AND f.user_id > ?1 ORDER BY f.user_id LIMIT ?2"
);

// ?1 reason, ?2 state, ?3 and ?4 moment and id of the last user of the page before, ?5 limit
const BY_STATE_AND_REASON: &str = recorded!(
    "t.error_code = ?1 AND t.state = ?2 AND (t.updated_at, t.user_id) < (?3, ?4)
ORDER BY t.updated_at DESC, t.user_id DESC LIMIT ?5"
);

// ?1 reason, ?2 to ?4 state, moment and id of the last user of the page before, ?5 limit
const BY_REASON: &str = recorded!(
    "t.error_code = ?1 AND (t.state, t.updated_at, t.user_id) < (?2, ?3, ?4)
ORDER BY t.state DESC, t.updated_at DESC, t.user_id DESC LIMIT ?5"
);

// ?1 id of the last user of the page before, ?2 limit. A blob is no id, and comes after all texts.
const ALL: &str = list!(
    "'' AS place_state, 0 AS place_at, substr(CAST(u.uuid AS TEXT), 1, 512) AS place_id",
    "users u LEFT JOIN threedeye_users t ON t.user_id = u.uuid
LEFT JOIN second_factors f ON f.user_id = u.uuid",
    "u.uuid > ?1 ORDER BY u.uuid LIMIT ?2"
);

/// A later moment than any; the greatest number that D1 binds.
const LATEST: i64 = 9_007_199_254_740_991;

/// Which users to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserFilter {
    Waiting,
    Failing,
    Attaching,
    Quarantined,
    SetAside,
    Leaving,
    LeftInPlace,
    LockedOut,
}

impl UserFilter {
    /// The state that users of this filter are in; `None`: they are in any, and are listed for no reason.
    pub const fn state(self) -> Option<&'static str> {
        match self {
            Self::Waiting | Self::LockedOut => None,
            Self::Failing => Some("pending"),
            Self::Attaching => Some("attaching"),
            Self::Quarantined => Some("quarantined"),
            Self::SetAside => Some("set_aside"),
            Self::Leaving => Some("leaving"),
            Self::LeftInPlace => Some("left_in_place"),
        }
    }

    const fn is_newest_first(self) -> bool {
        !matches!(self, Self::Waiting | Self::Leaving)
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Waiting => WAITING,
            Self::Failing => FAILING,
            Self::Attaching => ATTACHING,
            Self::Quarantined => QUARANTINED,
            Self::SetAside => SET_ASIDE,
            Self::Leaving => LEAVING,
            Self::LeftInPlace => LEFT_IN_PLACE,
            Self::LockedOut => LOCKED_OUT,
        }
    }
}

db::row! {
    /// The last user of a page. The next page begins behind it, whatever was inserted meanwhile.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    pub struct ListPlace {
        #[serde(rename = "place_state")]
        state: String = "place_state",
        #[serde(rename = "place_at")]
        at: i64 = "place_at",
        #[serde(rename = "place_id")]
        id: String = "place_id",
    }
}

impl ListPlace {
    /// Whether the database can look for it. A client may have made it up.
    pub fn is_sound(&self) -> bool {
        (-1..=LATEST).contains(&self.at)
    }
}

db::row! {
    #[derive(Debug, Clone)]
    pub struct ListedUser {
        pub place: ListPlace = flatten,
        /// Whether it only takes a place in its page and is not to be shown: its lock is over.
        pub is_passed_over: bool = or_default,
        pub user: UserColumns = flatten,
    }
}

/// Which users to list; without anything all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listing<'a> {
    pub filter: Option<UserFilter>,
    pub reason: Option<&'a str>,
    /// Only users behind this place.
    pub after: Option<&'a ListPlace>,
}

/// Lists users as they stand `now`, at most `limit`, with those that are passed over.
pub async fn list_users(
    database: &Database,
    listing: Listing<'_>,
    limit: u32,
    now: Timestamp,
) -> Result<Vec<ListedUser>, DatabaseError> {
    let mut batch = Batch::new();
    let users = batch.push::<ListedUser>(statement(listing, limit, now));
    database.run(batch).await?.rows(users)
}

fn statement(listing: Listing<'_>, limit: u32, now: Timestamp) -> Statement {
    let Listing {
        filter,
        reason,
        after,
    } = listing;
    let is_newest_first = filter.is_none_or(UserFilter::is_newest_first) || reason.is_some();
    let first = if is_newest_first { LATEST } else { -1 };
    let at = Arg::Int(after.map_or(first, |place| place.at));
    let id = Arg::from(after.map_or("", |place| place.id.as_str()));
    let limit = Arg::from(limit);
    match (filter, reason) {
        (None, None) => Statement::new(ALL, [id, limit]),
        (Some(filter @ UserFilter::LockedOut), _) => {
            Statement::new(filter.sql(), [id, limit, now.into()])
        }
        (Some(filter), Some(reason)) if let Some(state) = filter.state() => {
            let args = [reason.into(), state.into(), at, id, limit];
            Statement::new(BY_STATE_AND_REASON, args)
        }
        (Some(filter), _) => Statement::new(filter.sql(), [at, id, limit]),
        (None, Some(reason)) => {
            // The first page comes before all states, which are lower-case words.
            let state = after.map_or("~", |place| place.state.as_str());
            Statement::new(BY_REASON, [reason.into(), state.into(), at, id, limit])
        }
    }
}
