use proptest::prelude::*;

use crate::kernel::random::seeded::Seeded;
use crate::threedeye::retry::*;
use crate::threedeye::testing::VirtualClock;

const NOW: Timestamp = Timestamp::from_millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT

fn parsed(value: &str) -> Option<Duration> {
    parse_retry_after(value, NOW)
}

fn limited(seconds: u64) -> UpstreamError {
    UpstreamError::RateLimited {
        retry_after: Some(Duration::from_secs(seconds)),
    }
}

/// Runs a call that always fails with `error`; how often it was tried and the time it took.
fn exhaust(error: UpstreamError, within: Duration) -> (u32, Duration) {
    let clock = VirtualClock::starting(NOW);
    let deadline = Deadline::after(&clock, within);
    let mut tries = 0;
    let result: Result<(), _> = clock.run(with_retries(
        &clock,
        &Seeded::new(5),
        deadline,
        async || {
            tries += 1;
            Err(error.clone())
        },
    ));
    assert_eq!(result, Err(error));
    (tries, clock.now().since(NOW))
}

#[test]
fn retry_after_in_seconds() {
    assert_eq!(parsed("0"), Some(Duration::ZERO));
    assert_eq!(parsed(" 7 "), Some(Duration::from_secs(7)));
    assert_eq!(parsed("3600"), Some(MAX_RETRY_AFTER));
}

#[test]
fn retry_after_as_a_date_in_all_three_forms() {
    for date in [
        "Sun, 06 Nov 1994 08:49:47 GMT",
        "Sunday, 06-Nov-94 08:49:47 GMT",
        "Sun Nov  6 08:49:47 1994",
    ] {
        assert_eq!(parsed(date), Some(Duration::from_secs(10)), "{date}");
    }
}

#[test]
fn an_incredible_retry_after_is_ignored() {
    for value in [
        "",
        "-1",
        "+1",
        "1.5",
        "soon",
        "3601",
        "99999999999999999999999",
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        assert_eq!(parsed(value), None, "{value}");
    }
}

#[test]
fn three_tries_in_all_with_waits_inside_the_bounds() {
    let (tries, elapsed) = exhaust(UpstreamError::Transient, Duration::from_secs(60));
    assert_eq!(tries, MAX_TRIES);
    assert!(elapsed >= MIN_WAIT * 2 && elapsed <= Duration::from_secs(5));
}

#[test]
fn what_repeating_does_not_mend_is_tried_once() {
    for error in [
        UpstreamError::NotConfigured,
        UpstreamError::Unauthorized,
        UpstreamError::EmailTaken,
        UpstreamError::NotFound,
        UpstreamError::UnknownOutcome,
        UpstreamError::Rejected { status: 403 },
        UpstreamError::Protocol,
    ] {
        let tried = exhaust(error.clone(), Duration::from_secs(60));
        assert_eq!(tried, (1, Duration::ZERO), "{error}");
    }
}

#[test]
fn retry_after_is_obeyed_when_the_deadline_allows() {
    let (tries, elapsed) = exhaust(limited(6), Duration::from_secs(60));
    assert_eq!((tries, elapsed), (3, Duration::from_secs(12)));
}

#[test]
fn a_retry_after_past_the_deadline_gives_up_at_once() {
    let tried = exhaust(limited(30), Duration::from_secs(30));
    assert_eq!(tried, (1, Duration::ZERO));
}

#[test]
fn no_wait_is_begun_that_the_deadline_would_cut_short() {
    let tried = exhaust(UpstreamError::Transient, MIN_WAIT);
    assert_eq!(tried, (1, Duration::ZERO));
}

#[test]
fn success_ends_the_tries() {
    let clock = VirtualClock::starting(NOW);
    let deadline = Deadline::after(&clock, Duration::from_secs(60));
    let mut tries = 0;
    let result = clock.run(with_retries(
        &clock,
        &Seeded::new(5),
        deadline,
        async || {
            tries += 1;
            (tries == 2)
                .then_some("answer")
                .ok_or(UpstreamError::Transient)
        },
    ));
    assert_eq!((result, tries), (Ok("answer"), 2));
}

#[test]
fn jitter_uses_its_whole_range() {
    let random = Seeded::new(6);
    for (tries, ceiling) in [(1, Duration::from_secs(1)), (2, MAX_WAIT), (30, MAX_WAIT)] {
        let waits: Vec<_> = (0..2_000).map(|_| jitter(tries, &random)).collect();
        let tenth = (ceiling - MIN_WAIT) / 10;
        assert!(waits.iter().all(|wait| (MIN_WAIT..=ceiling).contains(wait)));
        assert!(waits.iter().any(|wait| *wait < MIN_WAIT + tenth));
        assert!(waits.iter().any(|wait| *wait > ceiling - tenth));
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(value in "\\PC*", now in any::<i64>()) {
        let wait = parse_retry_after(&value, Timestamp::from_millis(now));
        prop_assert!(wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER));
    }

    #[test]
    fn whole_seconds_are_believed_up_to_the_longest(seconds: u64, near in 3590u64..3610) {
        for seconds in [seconds, near] {
            let credible = Some(Duration::from_secs(seconds)).filter(|wait| *wait <= MAX_RETRY_AFTER);
            prop_assert_eq!(parsed(&seconds.to_string()), credible);
        }
    }

    #[test]
    fn a_date_is_as_far_away_as_it_says(seconds in 0u64..=3600) {
        let moment = UNIX_EPOCH + Duration::from_millis(784_111_777_000) + Duration::from_secs(seconds);
        let wait = parsed(&httpdate::fmt_http_date(moment));
        prop_assert_eq!(wait, Some(Duration::from_secs(seconds)));
    }

    #[test]
    fn a_wait_keeps_to_its_bounds_whatever_is_asked(
        asked in prop::option::of(0u64..=3600), tries in 1u32..6, within in 0u64..10_000, seed: u64,
    ) {
        let retry_after = asked.map(Duration::from_secs);
        let deadline = Deadline::at(NOW.plus(Duration::from_secs(within)));
        let error = UpstreamError::RateLimited { retry_after };
        match next_wait(&error, tries, deadline, NOW, &Seeded::new(seed)) {
            Some(wait) => {
                let asked = retry_after.unwrap_or_default();
                prop_assert!(tries < MAX_TRIES && wait >= MIN_WAIT && wait >= asked);
                prop_assert!(wait <= asked.max(MAX_WAIT) && wait < Duration::from_secs(within));
            }
            // Given up: for the number of tries, or for the deadline.
            None => prop_assert!(
                tries >= MAX_TRIES
                    || Duration::from_secs(within) <= retry_after.unwrap_or_default().max(MAX_WAIT)
            ),
        }
    }

    #[test]
    fn no_date_makes_the_parser_panic(
        day in 0u8..40, month in "(Jan|Feb|Nov|Dec)", year in 0u16..=9999,
        hour in 0u8..30, minute in 0u8..70,
    ) {
        let date = format!("Sun, {day:02} {month} {year:04} {hour:02}:{minute:02}:00 GMT");
        let wait = parse_retry_after(&date, NOW);
        prop_assert!(wait.is_none_or(|wait| wait <= MAX_RETRY_AFTER));
    }
}
