//! Rounds that overlap, fail or end early.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures_util::future::{Either, join, select};

use super::*;

#[test]
fn two_rounds_at_once_share_what_is_due() {
    let outbox = Outbox::with(60);
    let receiver = outbox.answering(200);
    let both = join(outbox.round(&receiver), outbox.round(&receiver));
    let (one, other) = outbox.clock.run(both);
    assert_eq!(one.unwrap().delivered + other.unwrap().delivered, 60);
    let once: BTreeSet<String> = ids(&receiver).into_iter().collect();
    assert_eq!((once.len(), ids(&receiver).len()), (60, 60));
}

#[test]
fn what_could_not_be_claimed_is_not_sent() {
    let outbox = Outbox::with(3);
    outbox.calls_left.set(0);
    let receiver = outbox.answering(200);
    assert!(outbox.clock.run(outbox.round(&receiver)).is_err());
    assert!(receiver.requests.borrow().is_empty());
}

#[test]
fn what_could_not_be_settled_is_delivered_again_under_the_same_id() {
    let outbox = Outbox::with(1);
    outbox.calls_left.set(1);
    let receiver = outbox.answering(200);
    let report = outbox.deliver(&receiver);
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert!(report.unsettled.is_some());
    outbox.calls_left.set(u32::MAX);
    outbox.pass(TICK);
    outbox.deliver(&receiver);
    assert_eq!(ids(&receiver), ["ntc_001", "ntc_001"]);
    assert_eq!(outbox.store.standings(), []);
}

/// Ends a round at every moment it has, and lets others follow: whatever was under way,
/// nothing is lost, and whatever comes twice is the same.
#[test]
fn a_round_may_end_at_any_moment() {
    let (mut repeated, mut is_whole) = (0, false);
    for end in 0.. {
        if is_whole {
            break;
        }
        let outbox = Outbox::with(7);
        outbox.store.put(&verification(8, &sealer(1)));
        let taken = RefCell::new(BTreeMap::<String, Vec<Vec<u8>>>::new());
        let refused = Cell::new(0);
        let receiver = Script::new(&outbox.clock, |request| {
            if refused.get() < 2 {
                refused.set(refused.get() + 1);
                return Reply::new(500, "");
            }
            let body = request.body.clone().unwrap();
            let mut taken = taken.borrow_mut();
            taken.entry(id(request)).or_default().push(body);
            Reply::new(200, "")
        });
        let first = async {
            let round = pin!(outbox.round(&receiver));
            let end = pin!(outbox.clock.sleep(Duration::from_millis(end)));
            matches!(select(round, end).await, Either::Left(_))
        };
        is_whole = outbox.clock.run(first);
        for _ in 0..4 {
            outbox.pass(TICK);
            outbox.deliver(&receiver);
        }
        assert_eq!(outbox.store.standings(), [], "{end} ms");
        let taken = taken.borrow();
        assert_eq!(taken.len(), 8, "{end} ms");
        for bodies in taken.values() {
            assert!(bodies.iter().all(|body| Some(body) == bodies.first()));
            repeated += bodies.len() - 1;
        }
    }
    // The sweep has found rounds that ended between delivery and settling.
    assert!(repeated > 0);
}
