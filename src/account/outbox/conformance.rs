//! What every [`Outbox`] has to do: for the one in memory that the tests of delivery
//! run on, and for the statements that run on D1.

use crate::account::Notice;
use crate::kernel::Timestamp;

use crate::account::outbox::Outbox;

/// When the time of every case begins.
pub const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// An outbox under test.
pub trait Subject: Outbox {
    /// A change leaves a notice.
    async fn put(&self, notice: Notice);

    /// All notices, by id.
    async fn standings(&self) -> Vec<Standing>;
}

/// Where a notice stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub id: String,
    pub attempts: u32,
    pub due_at: Timestamp,
}

/// Hands the names of all cases to a macro that makes tests of them.
macro_rules! conformance {
    ($hold:ident) => {
        $hold! {
            a_claim_tells_what_was_put
            a_claim_moves_on_by_a_wait_that_doubles_up_to_a_day
            a_claim_is_nobody_elses
            those_due_for_longest_come_first
            what_is_not_due_stays
            what_expired_is_deleted_and_not_claimed
            what_was_delivered_is_gone_and_nothing_else
            what_was_deferred_is_due_as_if_it_had_not_been_claimed
            what_was_claimed_again_is_not_given_back
            what_is_gone_is_settled_without_a_trace
        }
    };
}
pub(crate) use conformance;

pub mod cases {
    use std::time::Duration;

    use futures_util::future::join;

    use super::*;
    use crate::account::NoticeKind;
    use crate::account::outbox::{Claim, Claimed, Settlement};
    use crate::kernel::random::seeded::Seeded;
    use crate::kernel::{Sealed, UserId};

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn ann() -> UserId {
        UserId::new("ann")
    }

    /// A notice whose id is its number.
    fn notice(number: u32, at: Timestamp) -> Notice {
        let kind = NoticeKind::BackupCodeUsed;
        Notice {
            id: format!("ntc_{number:03}"),
            ..Notice::new(kind, &ann(), Some("ann@example.com"), at, &Seeded::new(1))
        }
    }

    async fn claim(outbox: &impl Subject, now: Timestamp) -> Claim {
        outbox.claim(now, 50).await.ok().unwrap()
    }

    async fn settle(outbox: &impl Subject, now: Timestamp, settlement: &Settlement) {
        outbox.settle(now, settlement).await.ok().unwrap();
    }

    fn ids(claim: &Claim) -> Vec<&str> {
        claim.notices.iter().map(|one| one.id.as_str()).collect()
    }

    fn delivered(ids: &[&str]) -> Settlement {
        Settlement {
            delivered: ids.iter().map(|id| (*id).to_owned()).collect(),
            deferred: Vec::new(),
        }
    }

    pub async fn a_claim_tells_what_was_put(outbox: &impl Subject) {
        let sealed = Sealed::from_stored("v1.0.x");
        let with_token = notice(1, START).with_token(sealed.clone(), 24 * HOUR);
        outbox.put(with_token).await;
        let to_nobody = Notice {
            kind: NoticeKind::TwoFactorEnabled,
            to: None,
            ..notice(2, START)
        };
        outbox.put(to_nobody).await;
        let now = START.plus(MINUTE);
        let first = Claimed {
            id: "ntc_001".to_owned(),
            kind: "backup_code_used".to_owned(),
            user: ann(),
            to: Some("ann@example.com".to_owned()),
            token: Some(sealed),
            created_at: START,
            due_again: now.plus(10 * MINUTE),
        };
        let second = Claimed {
            id: "ntc_002".to_owned(),
            kind: "two_factor_enabled".to_owned(),
            to: None,
            token: None,
            ..first.clone()
        };
        let expected = Claim {
            notices: vec![first, second],
            expired: 0,
        };
        assert_eq!(claim(outbox, now).await, expected);
    }

    pub async fn a_claim_moves_on_by_a_wait_that_doubles_up_to_a_day(outbox: &impl Subject) {
        outbox.put(notice(1, START)).await;
        let mut now = START;
        let growing = [10, 20, 40, 80, 160, 320, 640, 1280];
        // As far as a year goes: the doubling must not run over.
        let waits = growing.into_iter().chain(std::iter::repeat_n(1440, 365));
        for (attempts, minutes) in (1..).zip(waits) {
            let claim = claim(outbox, now).await;
            let due_at = now.plus(minutes * MINUTE);
            assert_eq!(claim.notices.first().unwrap().due_again, due_at);
            let id = "ntc_001".to_owned();
            let standing = Standing {
                id,
                attempts,
                due_at,
            };
            assert_eq!(outbox.standings().await, [standing]);
            now = due_at;
        }
    }

    pub async fn a_claim_is_nobody_elses(outbox: &impl Subject) {
        for number in 1..=7 {
            outbox.put(notice(number, START)).await;
        }
        let take = async || outbox.claim(START, 4).await.ok().unwrap();
        let (one, other) = join(take(), take()).await;
        let mut all = [ids(&one), ids(&other)].concat();
        assert_eq!((one.notices.len(), other.notices.len()), (4, 3));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 7);
        assert_eq!(claim(outbox, START.plus(9 * MINUTE)).await.notices, []);
        assert_eq!(
            claim(outbox, START.plus(10 * MINUTE)).await.notices.len(),
            7
        );
    }

    pub async fn those_due_for_longest_come_first(outbox: &impl Subject) {
        outbox.put(notice(3, START)).await;
        outbox.put(notice(1, START.plus(2 * MINUTE))).await;
        outbox.put(notice(2, START.plus(MINUTE))).await;
        let now = START.plus(HOUR);
        let first = outbox.claim(now, 2).await.ok().unwrap();
        assert_eq!(ids(&first), ["ntc_002", "ntc_003"]);
        assert_eq!(ids(&claim(outbox, now).await), ["ntc_001"]);
    }

    pub async fn what_is_not_due_stays(outbox: &impl Subject) {
        outbox.put(notice(1, START.plus(MINUTE))).await;
        let early = START.plus(MINUTE).minus(Duration::from_millis(1));
        assert_eq!(claim(outbox, early).await.notices, []);
        assert_eq!(outbox.standings().await.first().unwrap().attempts, 0);
        assert_eq!(ids(&claim(outbox, START.plus(MINUTE)).await), ["ntc_001"]);
    }

    pub async fn what_expired_is_deleted_and_not_claimed(outbox: &impl Subject) {
        let sealed = Sealed::from_stored("v1.0.x");
        for (number, good_for) in [(1, HOUR), (2, 2 * HOUR)] {
            let one = notice(number, START).with_token(sealed.clone(), good_for);
            outbox.put(one).await;
        }
        outbox.put(notice(3, START)).await;
        let last = claim(outbox, START.plus(HOUR).minus(Duration::from_millis(1))).await;
        assert_eq!((last.notices.len(), last.expired), (3, 0));
        // One that waits for another attempt expires like any other.
        let none = claim(outbox, START.plus(HOUR)).await;
        assert_eq!((none.notices.len(), none.expired), (0, 1));
        let rest = claim(outbox, START.plus(2 * HOUR)).await;
        assert_eq!((ids(&rest), rest.expired), (vec!["ntc_003"], 1));
    }

    pub async fn what_was_delivered_is_gone_and_nothing_else(outbox: &impl Subject) {
        for number in 1..=3 {
            outbox.put(notice(number, START)).await;
        }
        let claimed = claim(outbox, START).await;
        settle(outbox, START, &delivered(&["ntc_001", "ntc_003"])).await;
        let left = outbox.standings().await;
        let expected = Standing {
            id: "ntc_002".to_owned(),
            attempts: 1,
            due_at: claimed.notices.get(1).unwrap().due_again,
        };
        assert_eq!(left, [expected]);
    }

    pub async fn what_was_deferred_is_due_as_if_it_had_not_been_claimed(outbox: &impl Subject) {
        for number in 1..=3 {
            outbox.put(notice(number, START)).await;
        }
        claim(outbox, START).await;
        let now = START.plus(HOUR);
        let claimed = claim(outbox, now).await;
        let settlement = Settlement {
            delivered: vec!["ntc_002".to_owned()],
            deferred: vec![claimed.notices.first().unwrap().clone()],
        };
        settle(outbox, now, &settlement).await;
        let left = outbox.standings().await;
        let left: Vec<_> = left
            .iter()
            .map(|one| (one.id.as_str(), one.attempts, one.due_at))
            .collect();
        let later = now.plus(20 * MINUTE);
        assert_eq!(left, [("ntc_001", 1, now), ("ntc_003", 2, later)]);
        assert_eq!(ids(&claim(outbox, now).await), ["ntc_001"]);
    }

    pub async fn what_was_claimed_again_is_not_given_back(outbox: &impl Subject) {
        outbox.put(notice(1, START)).await;
        let slow = claim(outbox, START).await;
        let later = START.plus(HOUR);
        claim(outbox, later).await;
        let before = outbox.standings().await;
        let settlement = Settlement {
            delivered: Vec::new(),
            deferred: slow.notices,
        };
        settle(outbox, START, &settlement).await;
        assert_eq!(outbox.standings().await, before);
    }

    pub async fn what_is_gone_is_settled_without_a_trace(outbox: &impl Subject) {
        outbox.put(notice(1, START)).await;
        let claimed = claim(outbox, START).await;
        settle(outbox, START, &delivered(&["ntc_001"])).await;
        let late = Settlement {
            deferred: claimed.notices,
            ..delivered(&["ntc_001", "ntc_002"])
        };
        settle(outbox, START, &late).await;
        assert_eq!(outbox.standings().await, []);
    }
}
