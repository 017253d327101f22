//! Claims and settlements of notices.

use std::time::Duration;

use futures_executor::block_on;
use futures_util::future::join;

use crate::account::outbox::{ClaimedNotice, NoticeClaim, Settlement};
use crate::account::store::testing::{NOW, Standing, Store, standings, user_id};
use crate::account::store::{claim_notices, settle_notices};
use crate::account::{Notice, NoticeKind};
use crate::kernel::random::seeded::Seeded;
use crate::kernel::{Sealed, Timestamp};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn outbox() -> Store {
    Store::with_users(&[])
}

/// A notice whose id is its number.
fn notice(number: u32, at: Timestamp) -> Notice {
    let kind = NoticeKind::BackupCodeUsed;
    let to = Some("ann@example.com");
    Notice {
        id: format!("ntc_{number:03}"),
        ..Notice::new(kind, &user_id("ann"), to, at, &Seeded::new(1))
    }
}

fn claim(outbox: &Store, now: Timestamp) -> NoticeClaim {
    block_on(claim_notices(&outbox.database, now, 50)).unwrap()
}

fn settle(outbox: &Store, now: Timestamp, settlement: &Settlement) {
    block_on(settle_notices(&outbox.database, now, settlement)).unwrap();
}

fn ids(claim: &NoticeClaim) -> Vec<&str> {
    claim.notices.iter().map(|one| one.id.as_str()).collect()
}

fn delivered(ids: &[&str]) -> Settlement {
    Settlement {
        delivered: ids.iter().map(|id| (*id).to_owned()).collect(),
        deferred: Vec::new(),
    }
}

#[test]
fn a_claim_tells_what_was_put() {
    let outbox = outbox();
    let sealed = Sealed::from_stored("v1.0.x");
    outbox.put(&notice(1, NOW).with_token(sealed.clone(), 24 * HOUR));
    outbox.put(&Notice {
        kind: NoticeKind::TwoFactorEnabled,
        to: None,
        ..notice(2, NOW)
    });
    let now = NOW.plus(MINUTE);
    let first = ClaimedNotice {
        id: "ntc_001".to_owned(),
        kind: "backup_code_used".to_owned(),
        user: user_id("ann"),
        to: Some("ann@example.com".to_owned()),
        token: Some(sealed),
        created_at: NOW,
        due_again: now.plus(10 * MINUTE),
    };
    let second = ClaimedNotice {
        id: "ntc_002".to_owned(),
        kind: "two_factor_enabled".to_owned(),
        to: None,
        token: None,
        ..first.clone()
    };
    let expected = NoticeClaim {
        notices: vec![first, second],
        expired: 0,
    };
    assert_eq!(claim(&outbox, now), expected);
}

#[test]
fn a_claim_moves_on_by_a_wait_that_doubles_up_to_a_day() {
    let outbox = outbox();
    outbox.put(&notice(1, NOW));
    let mut now = NOW;
    let growing = [10, 20, 40, 80, 160, 320, 640, 1280];
    // As far as a year goes: the doubling must not overflow.
    let waits = growing.into_iter().chain(std::iter::repeat_n(1440, 365));
    for (attempts, minutes) in (1..).zip(waits) {
        let claim = claim(&outbox, now);
        let due_at = now.plus(minutes * MINUTE);
        assert_eq!(claim.notices.first().unwrap().due_again, due_at);
        let id = "ntc_001".to_owned();
        let standing = Standing {
            id,
            attempts,
            due_at,
        };
        assert_eq!(standings(&outbox.sqlite), [standing]);
        now = due_at;
    }
}

#[test]
fn a_claim_is_exclusive() {
    let outbox = outbox();
    for number in 1..=7 {
        outbox.put(&notice(number, NOW));
    }
    let take = async || claim_notices(&outbox.database, NOW, 4).await.unwrap();
    let (one, other) = block_on(join(take(), take()));
    let mut all = [ids(&one), ids(&other)].concat();
    assert_eq!((one.notices.len(), other.notices.len()), (4, 3));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 7);
    assert_eq!(claim(&outbox, NOW.plus(9 * MINUTE)).notices, []);
    assert_eq!(claim(&outbox, NOW.plus(10 * MINUTE)).notices.len(), 7);
}

#[test]
fn those_due_for_longest_come_first() {
    let outbox = outbox();
    outbox.put(&notice(3, NOW));
    outbox.put(&notice(1, NOW.plus(2 * MINUTE)));
    outbox.put(&notice(2, NOW.plus(MINUTE)));
    let now = NOW.plus(HOUR);
    let first = block_on(claim_notices(&outbox.database, now, 2)).unwrap();
    assert_eq!(ids(&first), ["ntc_002", "ntc_003"]);
    assert_eq!(ids(&claim(&outbox, now)), ["ntc_001"]);
}

#[test]
fn what_is_not_due_stays() {
    let outbox = outbox();
    outbox.put(&notice(1, NOW.plus(MINUTE)));
    let early = NOW.plus(MINUTE).minus(Duration::from_millis(1));
    assert_eq!(claim(&outbox, early).notices, []);
    assert_eq!(standings(&outbox.sqlite)[0].attempts, 0);
    assert_eq!(ids(&claim(&outbox, NOW.plus(MINUTE))), ["ntc_001"]);
}

#[test]
fn what_expired_is_deleted_and_not_claimed() {
    let outbox = outbox();
    let sealed = Sealed::from_stored("v1.0.x");
    for (number, valid_for) in [(1, HOUR), (2, 2 * HOUR)] {
        outbox.put(&notice(number, NOW).with_token(sealed.clone(), valid_for));
    }
    outbox.put(&notice(3, NOW));
    let last = claim(&outbox, NOW.plus(HOUR).minus(Duration::from_millis(1)));
    assert_eq!((last.notices.len(), last.expired), (3, 0));
    // One that waits for another attempt expires like any other.
    let none = claim(&outbox, NOW.plus(HOUR));
    assert_eq!((none.notices.len(), none.expired), (0, 1));
    let rest = claim(&outbox, NOW.plus(2 * HOUR));
    assert_eq!((ids(&rest), rest.expired), (vec!["ntc_003"], 1));
}

#[test]
fn more_expired_than_are_deleted_at_a_time_are_not_claimed_either() {
    let outbox = outbox();
    let insert = "
        INSERT INTO notices (id, type, user_id, created_at, expires_at, due_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501)
        SELECT 'ntc_' || i, 'email_change_verification', 'user-' || i, 0, ?1, 0 FROM n";
    outbox.sqlite.execute(insert, [NOW.as_millis()]);
    for expired in [500, 1, 0] {
        let claim = claim(&outbox, NOW);
        assert_eq!((claim.notices, claim.expired), (Vec::new(), expired));
    }
}

#[test]
fn what_was_delivered_is_gone_and_nothing_else() {
    let outbox = outbox();
    for number in 1..=3 {
        outbox.put(&notice(number, NOW));
    }
    let claimed = claim(&outbox, NOW);
    settle(&outbox, NOW, &delivered(&["ntc_001", "ntc_003"]));
    let expected = Standing {
        id: "ntc_002".to_owned(),
        attempts: 1,
        due_at: claimed.notices.get(1).unwrap().due_again,
    };
    assert_eq!(standings(&outbox.sqlite), [expected]);
}

#[test]
fn what_was_deferred_is_due_as_if_it_had_not_been_claimed() {
    let outbox = outbox();
    for number in 1..=3 {
        outbox.put(&notice(number, NOW));
    }
    claim(&outbox, NOW);
    let now = NOW.plus(HOUR);
    let claimed = claim(&outbox, now);
    let settlement = Settlement {
        delivered: vec!["ntc_002".to_owned()],
        deferred: vec![claimed.notices.first().unwrap().clone()],
    };
    settle(&outbox, now, &settlement);
    let left = standings(&outbox.sqlite);
    let left: Vec<_> = left
        .iter()
        .map(|one| (one.id.as_str(), one.attempts, one.due_at))
        .collect();
    let later = now.plus(20 * MINUTE);
    assert_eq!(left, [("ntc_001", 1, now), ("ntc_003", 2, later)]);
    assert_eq!(ids(&claim(&outbox, now)), ["ntc_001"]);
}

#[test]
fn what_was_claimed_again_is_not_given_back() {
    let outbox = outbox();
    outbox.put(&notice(1, NOW));
    let slow = claim(&outbox, NOW);
    claim(&outbox, NOW.plus(HOUR));
    let before = standings(&outbox.sqlite);
    let settlement = Settlement {
        delivered: Vec::new(),
        deferred: slow.notices,
    };
    settle(&outbox, NOW, &settlement);
    assert_eq!(standings(&outbox.sqlite), before);
}

#[test]
fn what_is_gone_is_settled_without_a_trace() {
    let outbox = outbox();
    outbox.put(&notice(1, NOW));
    let claimed = claim(&outbox, NOW);
    settle(&outbox, NOW, &delivered(&["ntc_001"]));
    let late = Settlement {
        deferred: claimed.notices,
        ..delivered(&["ntc_001", "ntc_002"])
    };
    settle(&outbox, NOW, &late);
    assert_eq!(standings(&outbox.sqlite), []);
}
