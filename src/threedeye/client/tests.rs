use std::cell::Cell;
use std::future::ready;

use futures_util::future::join_all;

use crate::kernel::Timestamp;
use crate::kernel::http_client::{HttpError, HttpRequest};
use crate::threedeye::ScanQuery;
use crate::threedeye::client::*;
use crate::threedeye::config::{ProtectedAccounts, ThreedeyeLogin};
use crate::threedeye::testing::{Reply, TestClient, config, header_of, path_of};

const TOKEN_PATH: &str = "/auth/token";

/// A client whose tokens are t1, t2, …; other requests are `answer`'s.
fn client(answer: impl FnMut(&HttpRequest) -> Reply + 'static) -> TestClient {
    TestClient::new(config(), with_tokens(answer))
}

fn with_tokens(
    mut answer: impl FnMut(&HttpRequest) -> Reply + 'static,
) -> impl FnMut(&HttpRequest) -> Reply + 'static {
    let mut issued = 0;
    move |request| {
        if path_of(request) == TOKEN_PATH {
            issued += 1;
            return token(&format!("t{issued}"));
        }
        answer(request)
    }
}

fn id() -> RemoteId {
    RemoteId("u1".to_owned())
}

fn jane() -> EmailKey {
    EmailKey::of("jane@example.com").unwrap()
}

fn token(text: &str) -> Reply {
    Reply::new(200, format!(r#"{{"accessToken":"{text}"}}"#))
}

fn bearer(request: &HttpRequest) -> &str {
    header_of(request, "authorization").unwrap_or("")
}

impl TestClient {
    fn create(&self, seconds: u64) -> Result<Option<RemoteId>, UpstreamError> {
        let (email, password) = (jane(), Secret::new("hidden"));
        let until = self.deadline(seconds);
        self.run(self.client.create_account(&email, &password, until))
    }

    fn delete(&self, seconds: u64) -> Result<Deleted, UpstreamError> {
        let until = self.deadline(seconds);
        self.run(self.client.delete_account(&id(), until))
    }

    /// Deletes that many accounts at once.
    fn delete_all(&self, count: u32, seconds: u64) -> Vec<Result<Deleted, UpstreamError>> {
        let ids: Vec<_> = (0..count).map(|i| RemoteId(i.to_string())).collect();
        let until = self.deadline(seconds);
        let deletes = ids.iter().map(|id| self.client.delete_account(id, until));
        self.run(join_all(deletes))
    }

    fn token_calls(&self) -> usize {
        self.script.count("POST", TOKEN_PATH)
    }
}

#[test]
fn without_a_login_only_the_api_key_is_sent() {
    let config = ThreedeyeConfig {
        login: None,
        ..config()
    };
    let test = TestClient::new(config, |_| Reply::new(204, ""));
    assert_eq!(test.delete(30), Ok(Deleted::Removed));
    let requests = test.script.requests.borrow();
    assert_eq!(requests.len(), 1);
    assert_eq!(bearer(&requests[0]), "");
}

#[test]
fn a_token_is_fetched_once_and_shared_by_later_clients() {
    let mut test = client(|_| Reply::new(204, ""));
    let tokens = Rc::default();
    for _ in 0..2 {
        test.become_another(config(), &tokens);
        test.delete(30).unwrap();
    }
    assert_eq!(test.token_calls(), 1);
    let requests = test.script.requests.borrow();
    assert_eq!(bearer(&requests[0]), "", "the token call itself");
    assert!(requests[1..].iter().all(|r| bearer(r) == "Bearer t1"));
}

#[test]
fn a_changed_configuration_takes_no_foreign_token() {
    let mut test = client(|_| Reply::new(204, ""));
    let tokens = Rc::default();
    let elsewhere = ThreedeyeConfig {
        base_url: "https://other.example/v3".to_owned(),
        ..config()
    };
    let login = Some(ThreedeyeLogin {
        username: "other@example.com".to_owned(),
        password: Secret::new("x"),
    });
    let another_login = ThreedeyeConfig { login, ..config() };
    for config in [config(), elsewhere, another_login] {
        test.become_another(config, &tokens);
        test.delete(30).unwrap();
    }
    assert_eq!(test.token_calls(), 3);
}

#[test]
fn a_token_is_fetched_anew_when_its_time_is_up() {
    let test = client(|_| Reply::new(204, ""));
    for pause in [0, 500, 50] {
        test.run(test.clock.sleep(Duration::from_secs(pause)));
        test.delete(30).unwrap();
    }
    // 600 s are assumed, less the skew of 60.
    assert_eq!(test.token_calls(), 2);
}

#[test]
fn a_401_renews_the_token_once_and_repeats_the_call_even_a_create() {
    let test = client(|request| match bearer(request) {
        "Bearer t1" => Reply::new(401, ""),
        _ => Reply::new(201, r#"{"id":"u1"}"#),
    });
    assert_eq!(test.create(30), Ok(Some(id())));
    assert_eq!(test.token_calls(), 2);
    assert_eq!(test.script.count("POST", "/users"), 2);
}

#[test]
fn a_second_401_is_final() {
    let test = client(|_| Reply::new(401, ""));
    assert_eq!(test.delete(30), Err(UpstreamError::Unauthorized));
    assert_eq!(test.token_calls(), 2);
    assert_eq!(test.script.count("DELETE", "/users/u1"), 2);
}

#[test]
fn six_calls_that_see_an_expired_token_at_once_renew_it_once() {
    let test = client(|request| match bearer(request) {
        "Bearer t1" => Reply::new(401, ""),
        _ => Reply::new(204, ""),
    });
    assert!(test.delete_all(6, 30).iter().all(Result::is_ok));
    assert_eq!(test.token_calls(), 2);
}

#[test]
fn a_refused_login_is_told_and_nothing_else_is_sent() {
    let test = TestClient::new(config(), |_| Reply::new(403, ""));
    assert_eq!(test.create(30), Err(UpstreamError::Unauthorized));
    assert_eq!(test.script.requests.borrow().len(), 1);
}

#[test]
fn a_failing_token_call_takes_part_in_the_three_tries() {
    let test = TestClient::new(config(), |_| Reply::new(503, ""));
    assert_eq!(test.delete(60), Err(UpstreamError::Transient));
    assert_eq!(test.script.requests.borrow().len(), 3);
    // For a create as well: nothing of it was sent, so nothing is unknown.
    assert_eq!(test.create(60), Err(UpstreamError::Transient));
    assert_eq!(test.script.requests.borrow().len(), 6);
}

#[test]
fn a_create_is_never_repeated() {
    let unknown = UpstreamError::UnknownOutcome;
    let limited = UpstreamError::RateLimited { retry_after: None };
    let lost = |cause| move || Reply::lost(cause);
    let cases: [(Box<dyn Fn() -> Reply>, UpstreamError); 6] = [
        (Box::new(|| Reply::new(500, "")), unknown.clone()),
        (Box::new(|| Reply::new(429, "")), limited),
        (Box::new(lost(HttpError::TimedOut)), unknown.clone()),
        (Box::new(lost(HttpError::Connection)), unknown.clone()),
        (Box::new(lost(HttpError::TooLarge)), unknown),
        (Box::new(|| Reply::new(409, "")), UpstreamError::EmailTaken),
    ];
    for (reply, error) in cases {
        let test = client(move |_| reply());
        assert_eq!(test.create(60), Err(error));
        assert_eq!(test.script.count("POST", "/users"), 1);
    }
}

#[test]
fn other_calls_are_tried_three_times_and_then_succeed_or_fail() {
    for (failures, outcome) in [
        (2, Ok(Deleted::Removed)),
        // A delete that was sent three times may take effect after all.
        (3, Err(UpstreamError::UnknownOutcome)),
    ] {
        let left = Cell::new(failures);
        let test = client(move |_| match left.get() {
            0 => Reply::new(204, ""),
            n => {
                left.set(n - 1);
                Reply::lost(HttpError::Connection)
            }
        });
        assert_eq!(test.delete(60), outcome);
        assert_eq!(test.script.count("DELETE", "/users/u1"), 3);
    }
}

#[test]
fn a_rate_limit_beyond_the_deadline_is_told_at_once() {
    let test = client(|_| Reply::new(429, "").header("retry-after", "120"));
    let retry_after = Some(Duration::from_secs(120));
    assert_eq!(
        test.delete(60),
        Err(UpstreamError::RateLimited { retry_after })
    );
    assert_eq!(test.script.count("DELETE", "/users/u1"), 1);
    assert!(test.clock.now() < Timestamp::from_millis(1_000));
}

#[test]
fn a_role_not_there_yet_is_not_found_without_a_retry() {
    let test = client(|_| Reply::new(404, ""));
    let (role, until) = (RoleId("r".to_owned()), test.deadline(60));
    let attached = test.run(test.client.attach_role(&role, &id(), until));
    assert_eq!(attached, Err(UpstreamError::NotFound));
    assert_eq!(test.script.count("POST", "/roles/r/users/u1"), 1);
}

#[test]
fn a_proof_uses_the_users_credentials_and_leaves_our_token_alone() {
    let test = TestClient::new(config(), |request| {
        let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
        match body.contains(r#""username":"jane@example.com","password":"right""#) {
            true => token("of-the-user"),
            false => Reply::new(401, ""),
        }
    });
    for (password, expected) in [("right", true), ("wrong", false)] {
        let (email, password) = (jane(), Secret::new(password));
        let until = test.deadline(60);
        let opens = test.run(test.client.verify_password(&email, &password, until));
        assert_eq!(opens, Ok(expected));
    }
    let requests = test.script.requests.borrow();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| bearer(request).is_empty()));
}

#[test]
fn a_call_takes_no_longer_than_its_timeout_and_its_deadline() {
    let test = client(|_| Reply::new(204, "").after(Duration::from_secs(3600)));
    let until = test.deadline(5);
    assert_eq!(test.delete(5), Err(UpstreamError::UnknownOutcome));
    assert_eq!(test.clock.now(), until.moment());

    let started = test.clock.now();
    assert_eq!(test.delete(600), Err(UpstreamError::UnknownOutcome));
    let elapsed = test.clock.now().since(started);
    assert!(
        (30..=35).contains(&elapsed.as_secs()),
        "3 tries of 10 s and the waits"
    );
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    let test = TestClient::new(config(), |_| Reply::new(204, ""));
    assert_eq!(test.delete(0), Err(UpstreamError::Transient));
    assert_eq!(test.create(0), Err(UpstreamError::Transient));
    let (email, password, late) = (jane(), Secret::new("hidden"), test.deadline(0));
    let proof = test.client.verify_password(&email, &password, late);
    assert_eq!(test.run(proof), Err(UpstreamError::Transient));
    let scan = test.client.scan(ready(ScanQuery::default()), late);
    assert_eq!(test.run(scan).unwrap_err(), UpstreamError::Transient);
    assert!(test.script.requests.borrow().is_empty());
}

#[test]
fn at_most_six_calls_are_under_way_and_none_waits_past_its_deadline() {
    let test = client(|_| Reply::new(204, "").after(Duration::from_secs(8)));
    let until = test.deadline(10);
    let results = test.delete_all(9, 10);
    assert_eq!(test.script.most_at_once.get(), MAX_AT_ONCE);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 6);
    assert_eq!(test.clock.now(), until.moment());
}

#[test]
fn an_answer_over_its_cap_is_unreadable() {
    let test = client(|_| Reply::new(200, vec![b' '; wire::SMALL_ANSWER_BYTES + 1]));
    assert_eq!(test.delete(60), Err(UpstreamError::Protocol));
}

#[test]
fn errors_carry_nothing_of_what_was_sent_or_received() {
    for status in [200, 302, 400, 401, 403, 404, 409, 422, 429, 500] {
        let test = TestClient::new(config(), move |_| {
            Reply::new(status, "<p>hidden jane t1</p>")
        });
        let error = test.create(60).unwrap_err();
        let text = format!("{error} {error:?} {}", error.code());
        for secret in ["hidden", "jane", "t1", "<p>", "the-key", "the-password"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_protected_account_is_protected_in_every_spelling() {
    let config = ThreedeyeConfig {
        protected: ProtectedAccounts {
            emails: ["svc@example.com", "J\u{f6}rg@example.com"]
                .iter()
                .filter_map(|email| EmailKey::of(email))
                .collect(),
            domains: vec!["smartphonekey.com".to_owned()],
        },
        ..config()
    };
    let test = TestClient::new(config, |_| Reply::new(204, ""));
    let is_protected = |email: &str| {
        test.client.is_protected(&RemoteAccount {
            id: RemoteId("1".to_owned()),
            email: email.to_owned(),
            roles: Vec::new(),
        })
    };
    for email in [
        "SVC@example.com",
        "svc@example.com\u{a0}",
        "J\u{d6}RG@Example.com",
        "jo\u{308}rg@example.com",
        "anna@SmartphoneKey.com",
        // The Kelvin sign.
        "anna@smartphone\u{212a}ey.com",
    ] {
        assert!(is_protected(email), "{email}");
    }
    for email in [
        "",
        "jorg@example.com",
        "svc@example.org",
        "anna@mail.smartphonekey.com",
        "anna@smartphonekey.com@evil.example",
    ] {
        assert!(!is_protected(email), "{email}");
    }
}
