//! Claims and settlements of notices.

use std::time::Duration;

use futures_executor::block_on;

use crate::account::notice::MAX_UNDELIVERED_PER_USER;
use crate::account::outbox::{ClaimedNotice, FailedNotice, NoticeClaim};
use crate::account::store::testing::{self, NOW, Store, standing, user_id};
use crate::account::store::{claim_notices, claim_these_notices, settle_notices};
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
    notices_that_say_the_same_are_merged_into_the_newest,
    what_warns_of_a_take_over_is_pushed_out_by_nothing,
    the_newest_of_the_other_notices_are_kept,
    those_of_one_request_are_claimed_alone,
    why_an_attempt_failed_is_noted_unless_another_has_begun,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Each to a recipient of its own.
fn notice(number: u32, at: Timestamp) -> Notice {
    Notice {
        at,
        to: Some(format!("{number}@example.com")),
        ..testing::notice(number, NoticeKind::BackupCodeUsed)
    }
}

fn claim(outbox: &Store, now: Timestamp) -> NoticeClaim {
    block_on(claim_notices(&outbox.database, now, 50)).unwrap()
}

fn settle(outbox: &Store, now: Timestamp, delivered: &[&str], deferred: &[ClaimedNotice]) {
    let delivered: Vec<String> = delivered.iter().map(|id| (*id).to_owned()).collect();
    let settle = settle_notices(&outbox.database, now, &delivered, deferred, &[]);
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

fn notices_that_say_the_same_are_merged_into_the_newest(outbox: &Store) {
    let to = |number, to: Option<&str>| Notice {
        to: to.map(str::to_owned),
        ..testing::notice(number, NoticeKind::TwoFactorEnabled)
    };
    let ann = Some("ann@example.com");
    outbox.put(&to(1, ann));
    // Another recipient, another kind, another user.
    outbox.put(&to(2, None));
    outbox.put(&to(3, Some("old@example.com")));
    outbox.put(&Notice {
        kind: NoticeKind::BackupCodeUsed,
        ..to(4, ann)
    });
    outbox.put(&Notice {
        user: user_id("bob"),
        ..to(5, ann)
    });
    // The delivery of the first is under way, and the round does not bring it back.
    let claimed = claim(outbox, NOW).notices;
    outbox.put(&to(6, ann));
    outbox.put(&to(7, None));
    settle(outbox, NOW, &[], &claimed);
    assert_eq!(
        ids(&claim(outbox, NOW)),
        ["ntc_003", "ntc_004", "ntc_005", "ntc_006", "ntc_007"]
    );
}

/// Puts so many notices of every kind that may be pushed out, each to a recipient of its own.
fn put_many(outbox: &Store, rounds: u32) {
    let kinds = [NoticeKind::TwoFactorEnabled, NoticeKind::BackupCodeUsed];
    for number in 0..rounds {
        for (kind, hundred) in kinds.into_iter().zip(1..) {
            let number = 100 * hundred + number;
            let at = NOW.plus(Duration::from_millis(number.into()));
            outbox.put(&Notice {
                kind,
                ..notice(number, at)
            });
        }
    }
    // A kind that only a newer version knows.
    let unknown = "
        INSERT INTO notices (id, type, user_id, recipient, created_at, due_at)
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        SELECT 'ntc_9' || i, 'two_factor_locked', 'ann', i, ?2, ?2 FROM n";
    outbox.execute(unknown, [rounds.into(), NOW.plus(HOUR).into()]);
}

fn what_warns_of_a_take_over_is_pushed_out_by_nothing(outbox: &Store) {
    let kinds = [
        NoticeKind::EmailChanged,
        NoticeKind::TwoFactorDisabled,
        NoticeKind::EmailChangeRequested,
        NoticeKind::EmailChangeVerification,
    ];
    for (number, kind) in (1..).zip(kinds) {
        outbox.put(&testing::notice(number, kind));
    }
    put_many(outbox, 2 * u32::try_from(MAX_UNDELIVERED_PER_USER).unwrap());
    let all = outbox.standings();
    assert_eq!(all.len(), kinds.len() + MAX_UNDELIVERED_PER_USER);
    let first = all.iter().take(kinds.len()).map(|one| one.id.as_str());
    let first: Vec<&str> = first.collect();
    assert_eq!(first, ["ntc_001", "ntc_002", "ntc_003", "ntc_004"]);
    // Nor by another of its own kind, to another recipient.
    outbox.put(&Notice {
        kind: NoticeKind::EmailChanged,
        ..notice(5, NOW)
    });
    assert_eq!(outbox.standings().len(), all.len() + 1);
}

fn the_newest_of_the_other_notices_are_kept(outbox: &Store) {
    let most = u32::try_from(MAX_UNDELIVERED_PER_USER).unwrap();
    for number in 0..=most {
        outbox.put(&notice(
            number,
            NOW.plus(Duration::from_millis(number.into())),
        ));
    }
    let kept: Vec<i64> = outbox.column("SELECT created_at FROM notices ORDER BY created_at");
    assert_eq!(kept.len(), MAX_UNDELIVERED_PER_USER);
    assert_eq!(kept[0], NOW.as_millis() + 1);
}

fn those_of_one_request_are_claimed_alone(outbox: &Store) {
    let sealed = Sealed::from_stored("v1.0.x");
    outbox.put(&notice(1, NOW));
    outbox.put(&notice(2, NOW).with_token(sealed, HOUR));
    outbox.put(&notice(3, NOW));
    let these = |now| {
        let ids = ["ntc_002", "ntc_003", "ntc_004"].map(str::to_owned);
        block_on(claim_these_notices(&outbox.database, now, &ids)).unwrap()
    };
    assert_eq!(ids(&these(NOW)), ["ntc_002", "ntc_003"]);
    let due = NOW.plus(10 * MINUTE);
    assert_eq!(
        outbox.standings(),
        [
            standing(1, 0, NOW),
            standing(2, 1, due),
            standing(3, 1, due)
        ]
    );
    // They have a round, and one of them expires.
    assert_eq!(these(NOW).notices, []);
    let later = these(NOW.plus(HOUR));
    assert_eq!((ids(&later), later.expired), (vec!["ntc_003"], 0));
}

fn why_an_attempt_failed_is_noted_unless_another_has_begun(outbox: &Store) {
    outbox.put(&notice(1, NOW));
    outbox.put(&notice(2, NOW));
    let slow = claim(outbox, NOW);
    // The second one's wait ends, and another round takes it.
    let later = NOW.plus(HOUR);
    let ids = ["ntc_002".to_owned()];
    block_on(claim_these_notices(&outbox.database, later, &ids)).unwrap();
    let failed: Vec<FailedNotice> = slow
        .notices
        .into_iter()
        .map(|notice| FailedNotice {
            notice,
            cause: "503".to_owned(),
        })
        .collect();
    block_on(settle_notices(&outbox.database, later, &[], &[], &failed)).unwrap();
    let causes = outbox.column::<Option<String>>("SELECT last_cause FROM notices ORDER BY id");
    assert_eq!(causes, [Some("503".to_owned()), None]);
}
