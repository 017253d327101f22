use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::kernel::http_client::{HttpError, HttpRequest};
use crate::kernel::{Clock as _, EmailKey};
use crate::threedeye::RemoteId;
use crate::threedeye::client::scan::*;
use crate::threedeye::config::ThreedeyeConfig;
use crate::threedeye::testing::{Reply, TestClient, config, header_of, path_of, query_of};

fn user(number: usize) -> String {
    format!(r#"{{"id":{number},"email":"u{number}@example.com","roles":[]}}"#)
}

fn page_of(users: impl IntoIterator<Item = usize>, total: Option<u64>) -> Reply {
    let users: Vec<_> = users.into_iter().map(user).collect();
    let total = total.map_or_else(String::new, |total| format!(r#","total":{total}"#));
    Reply::new(200, format!(r#"{{"data":[{}]{total}}}"#, users.join(",")))
}

fn number_of(request: &HttpRequest) -> usize {
    query_of(request, "page").unwrap().parse().unwrap()
}

/// The page of a customer with `count` users, `size` a page.
fn page_in(request: &HttpRequest, count: usize, size: usize, total: bool) -> Reply {
    let start = (number_of(request) - 1) * size;
    let users = (start..count.min(start + size)).map(|index| index + 1);
    page_of(users, total.then_some(count as u64))
}

fn query(emails: &[&str]) -> ScanQuery {
    ScanQuery {
        emails: emails.iter().filter_map(|e| EmailKey::of(e)).collect(),
        samples: 2,
        count: true,
        ..ScanQuery::default()
    }
}

struct Outcome {
    scan: Result<DirectoryScan, UpstreamError>,
    pages: usize,
    most_at_once: usize,
}

/// Scans with pages of 3, no login and 30 s.
fn scan(query: &ScanQuery, answer: impl FnMut(&HttpRequest) -> Reply + 'static) -> Outcome {
    let config = ThreedeyeConfig {
        login: None,
        ..config()
    };
    let test = TestClient::new(config, answer);
    let until = test.deadline(30);
    let query = std::future::ready(query.clone());
    let scan = test.run(test.client.scan(query, until));
    assert!(test.clock.now() <= until.moment());
    Outcome {
        scan,
        pages: test.script.requests.borrow().len(),
        most_at_once: test.script.most_at_once.get(),
    }
}

fn numbers(scan: &DirectoryScan) -> Vec<&str> {
    scan.found.iter().map(|user| user.id.0.as_str()).collect()
}

#[test]
fn a_list_without_total_is_read_to_its_first_short_page() {
    for (users, pages) in [(0, 1), (2, 1), (3, 2), (7, 3)] {
        let all = query(&["u2@example.com", " U7@Example.com"]);
        let outcome = scan(&all, move |request| page_in(request, users, 3, false));
        let scan = outcome.scan.unwrap();
        assert_eq!((scan.total, scan.complete), (users as u64, true));
        assert_eq!(outcome.pages, pages);
        assert_eq!(
            scan.by_email(&EmailKey::of("u7@example.com").unwrap())
                .is_some(),
            users == 7
        );
    }
}

#[test]
fn a_list_with_total_is_read_six_pages_at_a_time_in_whatever_order_they_come() {
    let outcome = scan(
        &query(&["u60@example.com", "u5@example.com"]),
        move |request| {
            // Later pages answer sooner.
            let number = number_of(request) as u64;
            page_in(request, 60, 3, true).after(Duration::from_millis(500 - 20 * number))
        },
    );
    let scan = outcome.scan.unwrap();
    assert_eq!(numbers(&scan), ["5", "60"]);
    assert_eq!(scan.samples, ["u***@example.com", "u***@example.com"]);
    assert_eq!((scan.total, scan.complete), (60, true));
    assert_eq!((outcome.pages, outcome.most_at_once), (20, MAX_AT_ONCE));
}

#[test]
fn a_server_that_caps_the_page_size_is_read_to_its_total() {
    let outcome = scan(&query(&["u7@example.com"]), move |r| page_in(r, 7, 2, true));
    let scan = outcome.scan.unwrap();
    assert_eq!((scan.total, numbers(&scan)), (7, vec!["7"]));
    assert_eq!(outcome.pages, 4);
}

#[test]
fn a_total_that_is_too_large_ends_at_an_empty_page() {
    let outcome = scan(&query(&[]), move |request| match number_of(request) {
        1 => page_of(1..=3, Some(u64::MAX)),
        2 => page_of(4..=5, None),
        _ => page_of([], None),
    });
    let scan = outcome.scan.unwrap();
    // Five were shown, and more may exist: what was not seen is not absent.
    assert_eq!((scan.total, scan.complete), (u64::MAX, false));
    assert!(outcome.pages <= 3 + MAX_AT_ONCE);
}

#[test]
fn a_total_that_the_first_page_exceeds_is_no_total() {
    let outcome = scan(&query(&[]), move |request| match number_of(request) {
        1 => page_of(1..=3, Some(0)),
        _ => page_of([4], Some(0)),
    });
    assert_eq!(outcome.scan.unwrap().total, 4);
}

#[test]
fn a_user_who_moves_between_pages_is_counted_and_found_once() {
    let outcome = scan(
        &query(&["u3@example.com"]),
        move |request| match number_of(request) {
            1 => page_of(1..=3, Some(6)),
            2 => page_of(3..=5, Some(7)),
            3 => page_of([6, 7], Some(7)),
            _ => page_of([], Some(7)),
        },
    );
    let scan = outcome.scan.unwrap();
    assert_eq!((scan.total, numbers(&scan)), (7, vec!["3"]));
}

#[test]
fn an_upstream_that_ignores_the_page_is_found_out() {
    for total in [None, Some(9)] {
        let outcome = scan(&query(&[]), move |_| page_of(1..=3, total));
        assert_eq!(outcome.scan.unwrap_err(), UpstreamError::Protocol);
        assert!(outcome.pages <= 3);
    }
}

#[test]
fn ids_are_found_too_and_samples_are_of_others_and_masked() {
    let mut query = query(&["u1@example.com"]);
    query.ids.insert(RemoteId("3".to_owned()));
    let outcome = scan(&query, move |_| {
        Reply::new(
            200,
            r#"{"data":[{"id":1,"email":"U1@example.com"},{"id":3,"email":null},
            {"id":4,"email":"Carl@x.org"},{"id":5,"email":""},{"id":6,"email":"dora@x.org"},
            {"id":7,"email":"emil@x.org"}],"total":6}"#,
        )
    });
    let scan = outcome.scan.unwrap();
    assert_eq!(numbers(&scan), ["1", "3"]);
    assert_eq!(scan.samples, ["c***@x.org", "d***@x.org"]);
    assert_eq!(scan.total, 6);
}

#[test]
fn a_deadline_midway_leaves_an_incomplete_survey() {
    for with_total in [true, false] {
        let all = query(&["u1@example.com", "u9@example.com"]);
        let outcome = scan(&all, move |request| {
            let page = page_in(request, 30, 3, with_total);
            match number_of(request) {
                // With a total, page 3 is here long before page 2 is given up.
                2 => page.after(Duration::from_secs(3600)),
                _ => page,
            }
        });
        let scan = outcome.scan.unwrap();
        assert!(!scan.complete);
        let (found, total) = if with_total {
            (vec!["1", "9"], 30)
        } else {
            (vec!["1"], 3)
        };
        assert_eq!((numbers(&scan), scan.total), (found, total));
    }
}

#[test]
fn an_error_on_the_first_page_is_an_error() {
    let outcome = scan(&query(&[]), move |_| {
        Reply::new(204, "").after(Duration::from_secs(99))
    });
    assert_eq!(outcome.scan.unwrap_err(), UpstreamError::Transient);
    let outcome = scan(&query(&[]), move |_| Reply::new(200, "<html>"));
    assert_eq!(outcome.scan.unwrap_err(), UpstreamError::Protocol);
}

#[test]
fn a_later_error_is_an_error_once_its_retries_are_spent() {
    let failures = Rc::new(Cell::new(0));
    let flaky = |times: u32| {
        let failures = Rc::clone(&failures);
        failures.set(times);
        move |request: &HttpRequest| match (number_of(request), failures.get()) {
            (2, 1..) => {
                failures.set(failures.get() - 1);
                Reply::lost(HttpError::Connection)
            }
            _ => page_in(request, 7, 3, true),
        }
    };
    assert!(scan(&query(&[]), flaky(2)).scan.unwrap().complete);
    let outcome = scan(&query(&[]), flaky(3));
    assert_eq!(outcome.scan.unwrap_err(), UpstreamError::Transient);
    let outcome = scan(&query(&[]), move |request| match number_of(request) {
        2 => Reply::new(200, "{\"data\":[{\"id\":"),
        _ => page_in(request, 7, 3, true),
    });
    assert_eq!(outcome.scan.unwrap_err(), UpstreamError::Protocol);
}

#[test]
fn a_token_that_expires_midway_is_renewed() {
    let mut issued = 0;
    let test = TestClient::new(config(), move |request| {
        if path_of(request) == "/auth/token" {
            issued += 1;
            return Reply::new(200, format!(r#"{{"accessToken":"t{issued}"}}"#));
        }
        match (number_of(request), header_of(request, "authorization")) {
            (2.., Some("Bearer t1")) => Reply::new(401, ""),
            _ => page_in(request, 20, 3, true),
        }
    });
    let reading = std::future::ready(query(&[]));
    let scan = test.run(test.client.scan(reading, test.deadline(30)));
    let scan = scan.unwrap();
    assert_eq!((scan.total, scan.complete), (20, true));
    assert_eq!(test.script.count("POST", "/auth/token"), 2);
}

#[test]
fn a_page_over_its_cap_is_unreadable() {
    let huge = |_: &HttpRequest| Reply::new(200, vec![b' '; 4 * 1024 * 1024 + 1]);
    let outcome = scan(&query(&[]), huge);
    assert_eq!(outcome.scan.unwrap_err(), UpstreamError::Protocol);
}

#[test]
fn reading_ends_with_the_last_that_is_wanted_unless_the_users_are_counted() {
    for (last, pages) in [("u2@example.com", 1), ("u5@example.com", 2)] {
        let all = ScanQuery {
            ids: [RemoteId("1".to_owned())].into(),
            count: false,
            ..query(&["u1@example.com", last])
        };
        // Without a total pages come one by one, so that none is sent in vain.
        let outcome = scan(&all, move |request| page_in(request, 20, 3, false));
        let scan = outcome.scan.unwrap();
        assert!(scan.complete);
        assert_eq!((numbers(&scan).len(), outcome.pages), (2, pages));
    }
    let absent = ScanQuery {
        count: false,
        ..query(&["u1@example.com", "nobody@example.com"])
    };
    let outcome = scan(&absent, move |request| page_in(request, 20, 3, true));
    assert_eq!((outcome.scan.unwrap().total, outcome.pages), (20, 7));
}

#[test]
fn ten_thousand_users_take_their_pages_and_no_more() {
    let outcome = scan(&query(&["u10000@example.com"]), move |request| {
        page_in(request, 10_000, 500, true)
    });
    let scan = outcome.scan.unwrap();
    assert_eq!((scan.total, numbers(&scan)), (10_000, vec!["10000"]));
    assert_eq!(outcome.pages, 20);
}

fn list(emails: &[&str], total: Option<u64>) -> Reply {
    let users = emails.iter().enumerate();
    let users: Vec<_> = users
        .map(|(id, email)| serde_json::json!({ "id": id + 1, "email": email, "roles": [] }))
        .collect();
    let mut page = serde_json::json!({ "data": users });
    if let Some(total) = total {
        page["total"] = total.into();
    }
    Reply::new(200, page.to_string())
}

#[test]
fn an_email_in_another_spelling_is_told_apart_from_one_that_is_not_there() {
    let shown = [
        "J\u{d6}RG@example.com",
        "ann@example.com\u{a0}",
        "bob@example.com",
    ];
    let sought = query(&[
        "j\u{f6}rg@example.com",
        "jo\u{308}rg@example.com",
        "ann@example.com",
        "bob@example.com\u{2003}",
        "jorg@example.com",
    ]);
    let scan = scan(&sought, move |_| list(&shown, Some(3))).scan.unwrap();
    let id_of = |email: &str| {
        let email = EmailKey::of(email).unwrap();
        assert_eq!(scan.by_email(&email), None, "{email}");
        scan.by_spelling(&email)
            .map(|account| account.id.0.as_str())
    };
    assert_eq!(id_of("j\u{f6}rg@example.com"), Some("1"));
    assert_eq!(id_of("jo\u{308}rg@example.com"), Some("1"));
    assert_eq!(id_of("ann@example.com"), Some("2"));
    assert_eq!(id_of("bob@example.com\u{2003}"), Some("3"));
    assert_eq!(id_of("jorg@example.com"), None);
}

#[test]
fn the_very_email_comes_before_another_spelling() {
    let shown = ["J\u{d6}RG@example.com", "j\u{f6}rg@example.com"];
    let sought = query(&["j\u{f6}rg@example.com"]);
    let scan = scan(&sought, move |_| list(&shown, None)).scan.unwrap();
    let email = EmailKey::of("j\u{f6}rg@example.com").unwrap();
    assert_eq!(scan.by_email(&email).unwrap().id.0, "2");
    assert_eq!(scan.by_spelling(&email), None);
}

#[test]
fn what_is_watched_is_found_on_the_way_and_not_read_for() {
    let watching = ScanQuery {
        watched: query(&["u2@example.com", "u9@example.com"]).emails,
        count: false,
        ..query(&["u1@example.com"])
    };
    let outcome = scan(&watching, |request| page_in(request, 9, 3, false));
    assert_eq!(numbers(&outcome.scan.unwrap()), ["1", "2"]);
    assert_eq!(outcome.pages, 1);
}

#[test]
fn an_empty_list_with_a_total_is_no_list() {
    let outcome = scan(&query(&[]), |_| list(&[], Some(3)));
    assert_eq!(outcome.scan.unwrap_err(), UpstreamError::EmptyList);
    for total in [None, Some(0)] {
        let outcome = scan(&query(&[]), move |_| list(&[], total));
        let scan = outcome.scan.unwrap();
        assert_eq!((scan.total, scan.complete), (0, true));
    }
}

#[test]
fn a_list_that_ends_before_its_total_is_not_whole() {
    let sought = query(&["u9@example.com"]);
    let outcome = scan(&sought, |request| match number_of(request) {
        1 => page_of(1..=3, Some(9)),
        _ => page_of([], Some(9)),
    });
    let scan = outcome.scan.unwrap();
    assert_eq!((scan.total, scan.complete), (9, false));
}
