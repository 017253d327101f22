//! Claims and settlements of notices.

use std::time::Duration;

use futures_executor::block_on;

use crate::account::outbox::{ClaimedNotice, NoticeClaim};
use crate::account::store::testing::{self, NOW, Store, standing, user_id};
use crate::account::store::{claim_notices, settle_notices};
use crate::account::{Notice, NoticeKind};
use crate::db::differential::mirrored_tests;
use crate::kernel::{Sealed, Timestamp};

mirrored_tests! {
    Store:
    a_claim_tells_what_was_put,
    a_claim_moves_on_by_a_wait_that_doubles_up_to_a_day,
    those_due_for_longest_come_first,
    what_expired_is_deleted_and_not_claimed,
    more_expired_than_are_deleted_at_a_time_are_not_claimed_either,
    what_was_delivered_is_gone_and_what_was_deferred_is_due_again,
    what_was_claimed_again_is_not_given_back,
    settling_a_deleted_notice_changes_nothing,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn notice(number: u32, at: Timestamp) -> Notice {
    Notice {
        at,
        ..testing::notice(number, NoticeKind::BackupCodeUsed)
    }
}

fn claim(outbox: &Store, now: Timestamp) -> NoticeClaim {
    block_on(claim_notices(&outbox.database, now, 50)).unwrap()
}

fn settle(outbox: &Store, now: Timestamp, delivered: &[&str], deferred: &[ClaimedNotice]) {
    let delivered: Vec<String> = delivered.iter().map(|id| (*id).to_owned()).collect();
    let settle = settle_notices(&outbox.database, now, &delivered, deferred);
    block_on(settle).unwrap();
}

fn ids(claim: &NoticeClaim) -> Vec<&str> {
    claim.notices.iter().map(|one| one.id.as_str()).collect()
}

fn a_claim_tells_what_was_put(outbox: &Store) {
    let sealed = Sealed::from_stored("v1.0.x");
    let first = Notice {
        to: Some("ann@example.com".to_owned()),
        ..notice(1, NOW)
    };
    outbox.put(&first.with_token(sealed.clone(), 24 * HOUR));
    outbox.put(&testing::notice(2, NoticeKind::TwoFactorEnabled));
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
    assert_eq!(claim(outbox, now), expected);
}

fn a_claim_moves_on_by_a_wait_that_doubles_up_to_a_day(outbox: &Store) {
    outbox.put(&notice(1, NOW));
    let mut now = NOW;
    let waits = [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440];
    for (attempts, minutes) in (0..).zip(waits) {
        assert_eq!(outbox.standings(), [standing(1, attempts, now)]);
        let early = claim(outbox, now.minus(Duration::from_millis(1)));
        assert_eq!(early.notices, []);
        let claimed = claim(outbox, now);
        now = now.plus(minutes * MINUTE);
        assert_eq!(claimed.notices.first().unwrap().due_again, now);
    }
    // The doubling does not overflow.
    outbox.execute("UPDATE notices SET attempts = 1000", []);
    let claimed = claim(outbox, now);
    let due_again = claimed.notices.first().unwrap().due_again;
    assert_eq!(due_again, now.plus(24 * HOUR));
}

fn those_due_for_longest_come_first(outbox: &Store) {
    outbox.put(&notice(3, NOW));
    outbox.put(&notice(1, NOW.plus(2 * MINUTE)));
    outbox.put(&notice(2, NOW.plus(MINUTE)));
    let now = NOW.plus(HOUR);
    let first = block_on(claim_notices(&outbox.database, now, 2)).unwrap();
    assert_eq!(ids(&first), ["ntc_002", "ntc_003"]);
    assert_eq!(ids(&claim(outbox, now)), ["ntc_001"]);
}

fn what_expired_is_deleted_and_not_claimed(outbox: &Store) {
    let sealed = Sealed::from_stored("v1.0.x");
    for (number, valid_for) in [(1, HOUR), (2, 2 * HOUR)] {
        outbox.put(&notice(number, NOW).with_token(sealed.clone(), valid_for));
    }
    outbox.put(&notice(3, NOW));
    let last = claim(outbox, NOW.plus(HOUR).minus(Duration::from_millis(1)));
    assert_eq!((last.notices.len(), last.expired), (3, 0));
    // One that waits for another attempt expires like any other.
    let none = claim(outbox, NOW.plus(HOUR));
    assert_eq!((none.notices.len(), none.expired), (0, 1));
    let rest = claim(outbox, NOW.plus(2 * HOUR));
    assert_eq!((ids(&rest), rest.expired), (vec!["ntc_003"], 1));
}

fn more_expired_than_are_deleted_at_a_time_are_not_claimed_either(outbox: &Store) {
    let insert = "
        INSERT INTO notices (id, type, user_id, created_at, expires_at, due_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501)
        SELECT 'ntc_' || i, 'email_change_verification', 'user-' || i, 0, ?1, 0 FROM n";
    outbox.execute(insert, [NOW.into()]);
    for expired in [500, 1, 0] {
        let claim = claim(outbox, NOW);
        assert_eq!((claim.notices, claim.expired), (Vec::new(), expired));
    }
}

fn what_was_delivered_is_gone_and_what_was_deferred_is_due_again(outbox: &Store) {
    for number in 1..=3 {
        outbox.put(&notice(number, NOW));
    }
    claim(outbox, NOW);
    let now = NOW.plus(HOUR);
    let claimed = claim(outbox, now).notices;
    settle(outbox, now, &["ntc_002"], &claimed[..1]);
    let later = now.plus(20 * MINUTE);
    assert_eq!(
        outbox.standings(),
        [standing(1, 1, now), standing(3, 2, later)]
    );
    assert_eq!(ids(&claim(outbox, now)), ["ntc_001"]);
}

fn what_was_claimed_again_is_not_given_back(outbox: &Store) {
    outbox.put(&notice(1, NOW));
    let slow = claim(outbox, NOW);
    claim(outbox, NOW.plus(HOUR));
    let before = outbox.standings();
    settle(outbox, NOW, &[], &slow.notices);
    assert_eq!(outbox.standings(), before);
}

fn settling_a_deleted_notice_changes_nothing(outbox: &Store) {
    outbox.put(&notice(1, NOW));
    let claimed = claim(outbox, NOW);
    settle(outbox, NOW, &["ntc_001"], &[]);
    settle(outbox, NOW, &["ntc_001", "ntc_002"], &claimed.notices);
    assert_eq!(outbox.standings(), []);
}
