//! The daily counts of what became of users: written where the outcomes are, once a bundle.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::db::{Arg, Batch, DatabaseError, Statement};
use crate::kernel::{Timestamp, UserId};
use crate::provisioning::store::LeaseToken;

/// Adds each of `$counted` (name, detail, n) to its day and hour. ?2 day, ?3 hour of the day
macro_rules! add_counts {
    ($counted:literal) => {
        concat!(
            "
INSERT INTO daily_counts (day, name, detail, value, hours)
SELECT ?2, name, detail, n, json_object(?3, n) FROM (",
            $counted,
            ") WHERE n > 0
ON CONFLICT (day, name, detail) DO UPDATE SET
  value = value + excluded.value,
  hours = json_set(hours, '$.\"' || ?3 || '\"',
                   coalesce(hours ->> ('$.\"' || ?3 || '\"'), 0) + excluded.value)"
        )
    };
}

// ?1 groups, ?4 token. Comes after the outcomes were written: those that were not are not counted. They are looked for,
// not the others, since there hardly are any; without the + SQLite would look for each of the others.
const COUNT_OUTCOMES: &str = add_counts!(
    "SELECT value ->> 'name' AS name, value ->> 'detail' AS detail,
       json_array_length(value, '$.users') - (
         SELECT count(*) FROM provisioning_unsettled s
         WHERE s.lease_token = ?4
           AND +s.user_id IN (SELECT u.value FROM json_each(g.value, '$.users') u)
       ) AS n
FROM json_each(?1) g"
);

// ?1 users. Comes after they were set aside, on the condition of their audit rows.
const COUNT_SET_ASIDE: &str = add_counts!(
    "SELECT 'set_aside' AS name, 'duplicate' AS detail, count(*) AS n
FROM json_each(?1) b CROSS JOIN threedeye_users t ON t.user_id = b.value AND t.state = 'set_aside'"
);

/// What an outcome counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// `daily_counts.name`.
    pub name: &'static str,
    /// The failure's code; empty for a success.
    pub detail: &'static str,
}

/// The limits of the times that are counted, in seconds.
const TIME_LIMITS: [(u64, &str); 5] = [
    (60, "60"),
    (300, "300"),
    (900, "900"),
    (3600, "3600"),
    (86400, "86400"),
];

impl Counted {
    /// A user that has waited for so long and has its account now.
    pub fn waited(time: Duration) -> Self {
        let fits = |(seconds, _): &&(u64, &str)| time <= Duration::from_secs(*seconds);
        Self {
            name: "time",
            detail: TIME_LIMITS
                .iter()
                .find(fits)
                .map_or("more", |(_, limit)| limit),
        }
    }
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'static str,
    detail: &'static str,
    users: Vec<&'a UserId>,
}

/// The day and the hour, as the statements take them.
fn place(now: Timestamp) -> [Arg; 2] {
    let hours = now.as_secs().div_euclid(60 * 60);
    let hour = hours.rem_euclid(24).to_string();
    [hours.div_euclid(24).into(), hour.into()]
}

/// Counts the outcomes of this batch that were written.
pub(super) fn count_outcomes<'a>(
    batch: &mut Batch,
    token: &LeaseToken,
    outcomes: impl Iterator<Item = (Counted, &'a UserId)>,
    now: Timestamp,
) -> Result<(), DatabaseError> {
    let mut groups: BTreeMap<Counted, Vec<&UserId>> = BTreeMap::new();
    for (counted, user) in outcomes {
        groups.entry(counted).or_default().push(user);
    }
    if groups.is_empty() {
        return Ok(());
    }
    let groups: Vec<Group> = groups
        .into_iter()
        .map(|(Counted { name, detail }, users)| Group {
            name,
            detail,
            users,
        })
        .collect();
    let [day, hour] = place(now);
    let args = [Arg::json(&groups)?, day, hour, token.into()];
    batch.execute(Statement::new(COUNT_OUTCOMES, args));
    Ok(())
}

/// Counts those of these users that are set aside.
pub(super) fn count_set_aside(users: Arg, now: Timestamp) -> Statement {
    let [day, hour] = place(now);
    Statement::new(COUNT_SET_ASIDE, [users, day, hour])
}
