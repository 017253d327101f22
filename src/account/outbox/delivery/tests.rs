use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{join, select};

use crate::account::outbox::conformance::{START, Subject as _};
use crate::account::outbox::delivery::*;
use crate::account::outbox::memory::{Memory, OutOfReach};
use crate::account::{Notice, NoticeKind};
use crate::kernel::UserId;
use crate::kernel::http_client::HttpRequest;
use crate::kernel::random::seeded::Seeded;
use crate::testing::transport::{Reply, Script, VirtualClock};

const TICK: Duration = Duration::from_secs(15 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn sealer(byte: u8) -> Sealer {
    Sealer::new(&Secret::new(STANDARD.encode([byte; 32])), None).unwrap()
}

fn webhook() -> WebhookConfig {
    WebhookConfig {
        url: "https://notify.example/in".to_owned(),
        secret: Secret::new("an-example-of-a-secret"),
    }
}

fn ann() -> UserId {
    UserId::new("ann")
}

/// A notice whose id is its number.
fn notice(number: usize) -> Notice {
    let kind = NoticeKind::TwoFactorEnabled;
    Notice {
        id: format!("ntc_{number:03}"),
        ..Notice::new(
            kind,
            &ann(),
            Some("ann@example.com"),
            START,
            &Seeded::new(1),
        )
    }
}

/// The same with a token, which only `sealer` opens.
fn verification(number: usize, sealer: &Sealer) -> Notice {
    let token = Secret::new(format!("token-{number}"));
    let sealed = sealer.seal(Purpose::EmailToken, &ann(), &token, &Seeded::new(2));
    let kind = NoticeKind::EmailChangeVerification;
    Notice {
        kind,
        ..notice(number)
    }
    .with_token(sealed.unwrap(), DAY)
}

/// One round under `sealer`.
async fn round(
    outbox: &Memory<'_>,
    receiver: &Script<'_>,
    clock: &VirtualClock,
    sealer: Option<&Sealer>,
) -> Result<Report<OutOfReach>, OutOfReach> {
    let courier = Courier {
        outbox,
        transport: receiver,
        clock,
        sealer,
        webhook: &webhook(),
    };
    courier.deliver().await
}

/// Claimed, delivered, failed, deferred, expired.
fn counts<E>(report: &Report<E>) -> [usize; 5] {
    [
        report.claimed,
        report.delivered,
        report.failed,
        report.deferred,
        report.expired,
    ]
}

fn body(request: &HttpRequest) -> serde_json::Value {
    serde_json::from_slice(request.body.as_ref().unwrap()).unwrap()
}

fn id(request: &HttpRequest) -> String {
    body(request)["id"].as_str().unwrap().to_owned()
}

fn ids(receiver: &Script) -> Vec<String> {
    receiver.requests.borrow().iter().map(id).collect()
}

/// An outbox with `count` notices.
fn outbox(clock: &VirtualClock, count: usize) -> Memory<'_> {
    let outbox = Memory::new(clock);
    for number in 1..=count {
        clock.run(outbox.put(notice(number)));
    }
    outbox
}

#[test]
fn what_is_due_is_delivered_and_gone() {
    let clock = VirtualClock::starting(START);
    let (outbox, key) = (outbox(&clock, 2), sealer(1));
    clock.run(outbox.put(verification(3, &key)));
    let receiver = Script::new(&clock, |_| Reply::new(200, "thanks"));
    let report = clock
        .run(round(&outbox, &receiver, &clock, Some(&key)))
        .unwrap();
    assert_eq!(counts(&report), [3, 3, 0, 0, 0]);
    assert_eq!(ids(&receiver), ["ntc_001", "ntc_002", "ntc_003"]);
    assert_eq!(clock.run(outbox.standings()), []);
    let requests = receiver.requests.borrow();
    assert_eq!(body(&requests[0])["data"], serde_json::json!({}));
    assert_eq!(body(&requests[2])["data"]["token"], "token-3");
}

#[test]
fn an_empty_outbox_costs_one_call() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 0);
    outbox.calls_left.set(1);
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    assert_eq!(counts(&report), [0; 5]);
    assert!(report.unsettled.is_none());
}

#[test]
fn a_round_has_its_measure() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 53);
    let receiver = Script::new(&clock, |_| Reply::new(204, ""));
    let next = || clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    assert_eq!(counts(&next()), [50, 50, 0, 0, 0]);
    assert_eq!(counts(&next()), [3, 3, 0, 0, 0]);
    assert_eq!(receiver.most_at_once.get(), 3);
}

#[test]
fn only_2xx_is_delivered() {
    for status in [
        200, 201, 202, 204, 299, 300, 301, 302, 304, 307, 400, 404, 410, 429, 500, 503,
    ] {
        let clock = VirtualClock::starting(START);
        let outbox = outbox(&clock, 1);
        let receiver = Script::new(&clock, |_| {
            Reply::new(status, "").header("location", "https://elsewhere.example/")
        });
        let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
        let is_delivered = status < 300;
        assert_eq!(report.delivered, usize::from(is_delivered), "{status}");
        assert_eq!(clock.run(outbox.standings()).is_empty(), is_delivered);
        let expected = (!is_delivered).then_some(Failure::Refused(status));
        assert_eq!(report.failures, Vec::from_iter(expected));
        assert_eq!(receiver.requests.borrow().len(), 1);
    }
}

#[test]
fn a_notice_is_repeated_word_for_word_after_growing_waits() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 1);
    let sent = std::cell::RefCell::new(Vec::new());
    let receiver = Script::new(&clock, |_| {
        sent.borrow_mut().push(clock.now());
        Reply::new(503, "")
    });
    // A round each minute for three days.
    for _ in 0..3 * 24 * 60 {
        clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
        clock.run(clock.sleep(Duration::from_secs(60)));
    }
    let sent = sent.borrow();
    let waits: Vec<u64> = sent
        .windows(2)
        .map(|pair| pair[1].since(pair[0]).as_secs() / 600)
        .collect();
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 144]);
    let requests = receiver.requests.borrow();
    let bodies: BTreeSet<_> = requests.iter().map(|request| &request.body).collect();
    assert_eq!(bodies.len(), 1);
}

#[test]
fn a_receiver_that_hangs_holds_nobody_up() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 20);
    let receiver = Script::new(&clock, |_| Reply::new(200, "").after(DAY));
    let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    assert!(clock.now().since(START) < Duration::from_secs(16));
    // The fifth failure ends it, when two others may be under way.
    assert!((5..=7).contains(&report.failed), "{}", report.failed);
    assert_eq!(report.failed + report.deferred, 20);
    let timed_out = Failure::NoAnswer(HttpError::TimedOut);
    assert_eq!(report.failures, [timed_out]);
    let tried: BTreeSet<String> = ids(&receiver).into_iter().collect();
    for standing in clock.run(outbox.standings()) {
        let attempts = u32::from(tried.contains(&standing.id));
        assert_eq!(standing.attempts, attempts, "{}", standing.id);
        assert_eq!(standing.due_at == START, attempts == 0, "{}", standing.id);
    }
}

#[test]
fn those_given_back_come_before_those_that_failed() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 60);
    // The first ten are never taken.
    let receiver = Script::new(&clock, |request| {
        let poison = id(request).as_str() <= "ntc_010";
        Reply::new(if poison { 400 } else { 200 }, "")
    });
    let mut delivered = 0;
    for _ in 0..4 {
        let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
        delivered += report.delivered;
        clock.run(clock.sleep(TICK));
    }
    assert_eq!(delivered, 50);
    assert_eq!(clock.run(outbox.standings()).len(), 10);
}

#[test]
fn failures_end_a_round_only_in_a_row() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 40);
    // Four in a row, then one that is taken.
    let count = Cell::new(0);
    let receiver = Script::new(&clock, |_| {
        count.set(count.get() + 1);
        Reply::new(if count.get() % 5 == 0 { 200 } else { 500 }, "")
    });
    let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
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
        let clock = VirtualClock::starting(START);
        let outbox = outbox(&clock, 40);
        let receiver = Script::new(&clock, |_| Reply::new(status, ""));
        let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
        assert_eq!(report.deferred > 0, waits, "{status}");
        assert_eq!(report.delivered, 0, "{status}");
    }
}

#[test]
fn a_token_that_does_not_open_keeps_its_own_notice_only() {
    let clock = VirtualClock::starting(START);
    let (outbox, key) = (outbox(&clock, 2), sealer(1));
    // Oldest first, and more than failures of a receiver would be put up with.
    for number in 0..10 {
        let lost = verification(number, &sealer(2));
        let id = format!("ntc_000{number}");
        clock.run(outbox.put(Notice { id, ..lost }));
    }
    clock.run(outbox.put(verification(3, &key)));
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let report = clock
        .run(round(&outbox, &receiver, &clock, Some(&key)))
        .unwrap();
    assert_eq!(counts(&report), [13, 3, 10, 0, 0]);
    assert_eq!(report.failures, [Failure::Unopened(SealError::UnknownKey)]);
    assert_eq!(ids(&receiver), ["ntc_001", "ntc_002", "ntc_003"]);
    assert_eq!(clock.run(outbox.standings()).len(), 10);
}

#[test]
fn a_token_opens_for_its_own_user_only() {
    let clock = VirtualClock::starting(START);
    let (outbox, key) = (outbox(&clock, 0), sealer(1));
    let moved = Notice {
        user: UserId::new("bob"),
        ..verification(1, &key)
    };
    clock.run(outbox.put(moved));
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let report = clock
        .run(round(&outbox, &receiver, &clock, Some(&key)))
        .unwrap();
    assert_eq!(report.failures, [Failure::Unopened(SealError::Forged)]);
    assert!(receiver.requests.borrow().is_empty());
}

#[test]
fn without_a_key_the_others_are_delivered() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 1);
    clock.run(outbox.put(verification(2, &sealer(1))));
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    assert_eq!(counts(&report), [2, 1, 1, 0, 0]);
    assert_eq!(report.failures, [Failure::NoKey]);
    assert_eq!(ids(&receiver), ["ntc_001"]);
}

#[test]
fn a_token_whose_time_is_over_is_not_sent() {
    let clock = VirtualClock::starting(START);
    let (outbox, key) = (outbox(&clock, 0), sealer(1));
    clock.run(outbox.put(verification(1, &key)));
    clock.run(clock.sleep(DAY));
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let report = clock
        .run(round(&outbox, &receiver, &clock, Some(&key)))
        .unwrap();
    assert_eq!(counts(&report), [0, 0, 0, 0, 1]);
    assert!(receiver.requests.borrow().is_empty());
}

#[test]
fn two_rounds_at_once_share_what_is_due() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 60);
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let one = round(&outbox, &receiver, &clock, None);
    let other = round(&outbox, &receiver, &clock, None);
    let (one, other) = clock.run(join(one, other));
    assert_eq!(one.unwrap().delivered + other.unwrap().delivered, 60);
    let once: BTreeSet<String> = ids(&receiver).into_iter().collect();
    assert_eq!((once.len(), ids(&receiver).len()), (60, 60));
}

#[test]
fn what_could_not_be_claimed_is_not_sent() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 3);
    outbox.calls_left.set(0);
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    assert!(clock.run(round(&outbox, &receiver, &clock, None)).is_err());
    assert!(receiver.requests.borrow().is_empty());
}

#[test]
fn what_could_not_be_settled_is_delivered_again_under_the_same_id() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 1);
    outbox.calls_left.set(1);
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    let report = clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    assert_eq!(counts(&report), [1, 1, 0, 0, 0]);
    assert!(report.unsettled.is_some());
    outbox.calls_left.set(u32::MAX);
    clock.run(clock.sleep(TICK));
    clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    assert_eq!(ids(&receiver), ["ntc_001", "ntc_001"]);
    assert_eq!(clock.run(outbox.standings()), []);
}

/// Ends a round at every moment it has, and lets others follow: whatever was under way,
/// nothing is lost, and whatever comes twice is the same.
#[test]
fn a_round_may_end_at_any_moment() {
    let mut repeated = 0;
    for end in 0..150 {
        let clock = VirtualClock::starting(START);
        let (outbox, key) = (outbox(&clock, 7), sealer(1));
        clock.run(outbox.put(verification(8, &key)));
        let taken = std::cell::RefCell::new(BTreeMap::<String, Vec<Vec<u8>>>::new());
        let refused = Cell::new(0);
        let receiver = Script::new(&clock, |request| {
            if refused.get() < 2 {
                refused.set(refused.get() + 1);
                return Reply::new(500, "");
            }
            let body = request.body.clone().unwrap();
            taken
                .borrow_mut()
                .entry(id(request))
                .or_default()
                .push(body);
            Reply::new(200, "")
        });
        clock.run(async {
            let round = pin!(round(&outbox, &receiver, &clock, Some(&key)));
            select(round, pin!(clock.sleep(Duration::from_millis(end)))).await;
        });
        for _ in 0..4 {
            clock.run(clock.sleep(TICK));
            clock
                .run(round(&outbox, &receiver, &clock, Some(&key)))
                .unwrap();
        }
        assert_eq!(clock.run(outbox.standings()), [], "{end} ms");
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

/// The sweep above ends after the longest undisturbed round.
#[test]
fn the_sweep_covers_a_whole_round() {
    let clock = VirtualClock::starting(START);
    let outbox = outbox(&clock, 8);
    let receiver = Script::new(&clock, |_| Reply::new(200, ""));
    clock.run(round(&outbox, &receiver, &clock, None)).unwrap();
    let took = clock.now().since(START);
    assert!(took < Duration::from_millis(150), "{took:?}");
}
