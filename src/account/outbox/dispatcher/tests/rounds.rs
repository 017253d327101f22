//! What one round does, and the next.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

#[test]
fn what_is_due_is_delivered_and_gone() {
    let outbox = Outbox::with(2);
    outbox.store.put(&verification(3, &sealer(1)));
    let receiver = Script::new(&outbox.clock, |_| Reply::new(200, "thanks"));
    let report = outbox.deliver(&receiver);
    assert_eq!(counts(&report), [3, 3, 0, 0, 0]);
    assert_eq!(ids(&receiver), ["ntc_001", "ntc_002", "ntc_003"]);
    assert_eq!(outbox.store.standings(), []);
    let requests = receiver.requests.borrow();
    assert_eq!(body(&requests[0])["data"], json!({}));
    assert_eq!(body(&requests[2])["data"]["token"], "token-3");
}

#[test]
fn an_empty_outbox_costs_one_call() {
    let outbox = Outbox::with(0);
    outbox.calls_left.set(1);
    let receiver = outbox.answering(200);
    let report = outbox.deliver(&receiver);
    assert_eq!(counts(&report), [0; 5]);
    assert!(report.unsettled.is_none());
}

#[test]
fn a_round_delivers_fifty_notices_at_most() {
    let outbox = Outbox::with(53);
    let receiver = Script::new(&outbox.clock, |_| Reply::new(204, ""));
    let next = || outbox.deliver(&receiver);
    assert_eq!(counts(&next()), [50, 50, 0, 0, 0]);
    assert_eq!(counts(&next()), [3, 3, 0, 0, 0]);
    assert_eq!(receiver.most_at_once.get(), 3);
}

#[test]
fn only_2xx_is_delivered() {
    for status in [
        200, 201, 202, 204, 299, 300, 301, 302, 304, 307, 400, 404, 410, 429, 500, 503,
    ] {
        let outbox = Outbox::with(1);
        let receiver = Script::new(&outbox.clock, |_| {
            Reply::new(status, "").header("location", "https://elsewhere.example/")
        });
        let report = outbox.deliver(&receiver);
        let is_delivered = status < 300;
        assert_eq!(report.delivered, usize::from(is_delivered), "{status}");
        assert_eq!(outbox.store.standings().is_empty(), is_delivered);
        let expected = (!is_delivered).then_some(NotReceived::Refused(status).into());
        assert_eq!(report.failures, Vec::from_iter(expected));
        let causes = outbox
            .store
            .column::<String>("SELECT last_cause FROM notices");
        assert_eq!(
            causes,
            Vec::from_iter((!is_delivered).then(|| status.to_string()))
        );
        assert_eq!(receiver.requests.borrow().len(), 1);
    }
}

#[test]
fn a_notice_is_repeated_word_for_word() {
    let outbox = Outbox::with(1);
    let receiver = outbox.answering(503);
    for _ in 0..3 {
        outbox.deliver(&receiver);
        outbox.pass(DAY);
    }
    let requests = receiver.requests.borrow();
    let bodies: Vec<_> = requests.iter().map(|request| &request.body).collect();
    assert_eq!(bodies, [bodies[0]; 3]);
}

#[test]
fn a_receiver_that_hangs_does_not_hold_up_the_rest() {
    let outbox = Outbox::with(20);
    let receiver = Script::new(&outbox.clock, |_| Reply::new(200, "").after(DAY));
    let report = outbox.deliver(&receiver);
    assert!(outbox.clock.now().since(START) < Duration::from_secs(16));
    // The fifth failure ends it, when two others may be under way.
    assert!((5..=7).contains(&report.failed), "{}", report.failed);
    assert_eq!(report.failed + report.deferred, 20);
    let timed_out = DeliveryFailure::from(NotReceived::NoAnswer(HttpError::TimedOut));
    assert_eq!(report.failures, [timed_out]);
    let tried: BTreeSet<String> = ids(&receiver).into_iter().collect();
    for standing in outbox.store.standings() {
        let attempts = u32::from(tried.contains(&standing.id));
        assert_eq!(standing.attempts, attempts, "{}", standing.id);
        assert_eq!(standing.due_at == START, attempts == 0, "{}", standing.id);
    }
}

#[test]
fn those_given_back_come_before_those_that_failed() {
    let outbox = Outbox::with(60);
    // The first ten are never taken.
    let receiver = Script::new(&outbox.clock, |request| {
        let poison = id(request).as_str() <= "ntc_010";
        Reply::new(if poison { 400 } else { 200 }, "")
    });
    let mut delivered = 0;
    for _ in 0..4 {
        let report = outbox.deliver(&receiver);
        delivered += report.delivered;
        outbox.pass(TICK);
    }
    assert_eq!(delivered, 50);
    assert_eq!(outbox.store.standings().len(), 10);
}

#[test]
fn only_failures_in_a_row_end_a_round() {
    let outbox = Outbox::with(40);
    // Four in a row, then one that is taken.
    let count = Cell::new(0);
    let receiver = Script::new(&outbox.clock, |_| {
        count.set(count.get() + 1);
        Reply::new(if count.get() % 5 == 0 { 200 } else { 500 }, "")
    });
    let report = outbox.deliver(&receiver);
    assert_eq!(counts(&report), [40, 8, 32, 0, 0]);
}

#[test]
fn refusals_of_single_notices_make_no_others_wait() {
    for (status, waits) in [
        (400, false),
        (404, false),
        (410, false),
        (422, false),
        (408, true),
        (429, true),
        (302, true),
    ] {
        let outbox = Outbox::with(40);
        let receiver = outbox.answering(status);
        let report = outbox.deliver(&receiver);
        assert_eq!(report.deferred > 0, waits, "{status}");
        assert_eq!(report.delivered, 0, "{status}");
    }
}

#[test]
fn a_token_that_does_not_open_keeps_its_own_notice_only() {
    let outbox = Outbox::with(2);
    // Oldest first, and more than failures of a receiver would be put up with.
    for number in 0..9 {
        let lost = verification(number, &sealer(2));
        let id = format!("ntc_000{number}");
        // Each to a recipient of its own, so that they are not merged.
        let to = Some(id.clone());
        outbox.store.put(&Notice { id, to, ..lost });
    }
    outbox.store.put(&verification(3, &sealer(1)));
    // A token opens for its own user only.
    outbox.store.put(&Notice {
        user: UserId::new("bob"),
        ..verification(4, &sealer(1))
    });
    let receiver = outbox.answering(200);
    let report = outbox.deliver(&receiver);
    assert_eq!(counts(&report), [13, 3, 10, 0, 0]);
    let failures = [SealError::UnknownKey, SealError::Forged].map(DeliveryFailure::Unopened);
    assert_eq!(report.failures, failures);
    assert_eq!(ids(&receiver), ["ntc_001", "ntc_002", "ntc_003"]);
    assert_eq!(outbox.store.standings().len(), 10);
}

#[test]
fn without_a_key_the_others_are_delivered() {
    let outbox = Outbox {
        sealer: None,
        ..Outbox::with(1)
    };
    outbox.store.put(&verification(2, &sealer(1)));
    let receiver = outbox.answering(200);
    let report = outbox.deliver(&receiver);
    assert_eq!(counts(&report), [2, 1, 1, 0, 0]);
    assert_eq!(report.failures, [DeliveryFailure::NoKey]);
    assert_eq!(ids(&receiver), ["ntc_001"]);
}
