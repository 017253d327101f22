//! An outbox in memory. That it does what the one on D1 does is `conformance`'s business.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::account::Notice;
use crate::kernel::{Clock as _, Timestamp};
use crate::testing::transport::VirtualClock;

use crate::account::outbox::conformance::{Standing, Subject};
use crate::account::outbox::{Claim, Claimed, FIRST_WAIT, LONGEST_WAIT, Outbox, Settlement};

/// How long a call is on its way, in either direction.
pub const LATENCY: Duration = Duration::from_millis(5);

/// A call that failed; nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("the outbox is out of reach")]
pub struct OutOfReach;

struct Row {
    notice: Notice,
    attempts: u32,
    due_at: Timestamp,
}

impl Row {
    fn expires_at(&self) -> Option<Timestamp> {
        let (_, good_for) = self.notice.token.as_ref()?;
        Some(self.notice.at.plus(*good_for))
    }

    fn claimed(&self) -> Claimed {
        Claimed {
            id: self.notice.id.clone(),
            kind: self.notice.kind.as_str().to_owned(),
            user: self.notice.user.clone(),
            to: self.notice.to.clone(),
            token: self.notice.token.as_ref().map(|(sealed, _)| sealed.clone()),
            created_at: self.notice.at,
            due_again: self.due_at,
        }
    }
}

fn wait_after(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(30);
    (FIRST_WAIT * 2_u32.pow(doublings)).min(LONGEST_WAIT)
}

pub struct Memory<'a> {
    clock: &'a VirtualClock,
    rows: RefCell<BTreeMap<String, Row>>,
    /// How many calls succeed before all others fail.
    pub calls_left: Cell<u32>,
}

impl<'a> Memory<'a> {
    pub fn new(clock: &'a VirtualClock) -> Self {
        Self {
            clock,
            rows: RefCell::default(),
            calls_left: Cell::new(u32::MAX),
        }
    }

    async fn call<T>(&self, effect: impl FnOnce() -> T) -> Result<T, OutOfReach> {
        self.clock.sleep(LATENCY).await;
        let left = self.calls_left.get().checked_sub(1).ok_or(OutOfReach)?;
        self.calls_left.set(left);
        let answer = effect();
        self.clock.sleep(LATENCY).await;
        Ok(answer)
    }
}

impl Outbox for Memory<'_> {
    type Error = OutOfReach;

    async fn claim(&self, now: Timestamp, limit: u32) -> Result<Claim, OutOfReach> {
        self.call(|| {
            let mut rows = self.rows.borrow_mut();
            let before = rows.len();
            rows.retain(|_, row| row.expires_at().is_none_or(|end| end > now));
            let expired = before - rows.len();
            let mut due: Vec<&mut Row> =
                rows.values_mut().filter(|row| row.due_at <= now).collect();
            due.sort_by_key(|row| row.due_at);
            due.truncate(usize::try_from(limit).unwrap());
            let take = |row: &mut Row| {
                row.attempts += 1;
                row.due_at = now.plus(wait_after(row.attempts));
                row.claimed()
            };
            let mut notices: Vec<Claimed> = due.into_iter().map(take).collect();
            notices.sort_by(|one, other| one.id.cmp(&other.id));
            Claim { notices, expired }
        })
        .await
    }

    async fn settle(&self, now: Timestamp, settlement: &Settlement) -> Result<(), OutOfReach> {
        self.call(|| {
            let mut rows = self.rows.borrow_mut();
            for id in &settlement.delivered {
                rows.remove(id);
            }
            for claimed in &settlement.deferred {
                let row = rows.get_mut(&claimed.id);
                if let Some(row) = row.filter(|row| row.due_at == claimed.due_again) {
                    row.attempts -= 1;
                    row.due_at = now;
                }
            }
        })
        .await
    }
}

impl Subject for Memory<'_> {
    async fn put(&self, notice: Notice) {
        let row = Row {
            attempts: 0,
            due_at: notice.at,
            notice,
        };
        self.rows.borrow_mut().insert(row.notice.id.clone(), row);
    }

    async fn standings(&self) -> Vec<Standing> {
        let rows = self.rows.borrow();
        let standing = |row: &Row| Standing {
            id: row.notice.id.clone(),
            attempts: row.attempts,
            due_at: row.due_at,
        };
        rows.values().map(standing).collect()
    }
}

mod cases {
    use super::*;
    use crate::account::outbox::conformance::{START, cases};

    macro_rules! hold {
        ($($case:ident)*) => {$(
            #[test]
            fn $case() {
                let clock = VirtualClock::starting(START);
                clock.run(cases::$case(&Memory::new(&clock)));
            }
        )*};
    }

    crate::account::outbox::conformance::conformance!(hold);
}
