use std::cell::Cell;

use futures_util::future::join_all;

use crate::kernel::Timestamp;
use crate::kernel::http_client::{HttpError, HttpRequest};
use crate::kernel::random::seeded::Seeded;
use crate::threedeye::client::*;
use crate::threedeye::config::ThreedeyeLogin;
use crate::threedeye::testing::{Reply, Script, VirtualClock, config, header_of, path_of};

type TestClient<'s, 'c> = Client<&'s Script<'c>, &'c VirtualClock, Seeded>;

const TOKEN_PATH: &str = "/auth/token";

fn client<'s, 'c>(clock: &'c VirtualClock, script: &'s Script<'c>) -> TestClient<'s, 'c> {
    client_with(config(), clock, script, Rc::default())
}

fn client_with<'s, 'c>(
    config: ThreedeyeConfig,
    clock: &'c VirtualClock,
    script: &'s Script<'c>,
    tokens: Rc<RefCell<TokenCache>>,
) -> TestClient<'s, 'c> {
    Client::new(config, script, clock, Seeded::new(9), tokens)
}

fn deadline(clock: &VirtualClock, seconds: u64) -> Deadline {
    Deadline::after(clock, Duration::from_secs(seconds))
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

/// Issues tokens t1, t2, …; other requests are `answer`'s.
fn with_tokens(mut answer: impl FnMut(&HttpRequest) -> Reply) -> impl FnMut(&HttpRequest) -> Reply {
    let mut issued = 0;
    move |request| {
        if path_of(request) == TOKEN_PATH {
            issued += 1;
            return token(&format!("t{issued}"));
        }
        answer(request)
    }
}

fn bearer(request: &HttpRequest) -> &str {
    header_of(request, "authorization").unwrap_or("")
}

async fn create(
    client: &TestClient<'_, '_>,
    until: Deadline,
) -> Result<Option<RemoteId>, UpstreamError> {
    client.create(&jane(), &Secret::new("hidden"), until).await
}

#[test]
fn without_a_login_only_the_api_key_is_sent() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, |_| Reply::new(204, ""));
    let config = ThreedeyeConfig {
        login: None,
        ..config()
    };
    let client = client_with(config, &clock, &script, Rc::default());
    let until = deadline(&clock, 30);
    assert_eq!(clock.run(client.delete(&id(), until)), Ok(Deleted::Removed));
    assert_eq!(script.requests.borrow().len(), 1);
    assert_eq!(bearer(&script.requests.borrow()[0]), "");
    assert_eq!(client.own_login(), None);
}

#[test]
fn a_token_is_fetched_once_and_shared_by_later_clients() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, with_tokens(|_| Reply::new(204, "")));
    let tokens = Rc::new(RefCell::new(TokenCache::default()));
    for _ in 0..2 {
        let client = client_with(config(), &clock, &script, tokens.clone());
        clock
            .run(client.delete(&id(), deadline(&clock, 30)))
            .unwrap();
        assert_eq!(client.own_login(), EmailKey::of("svc@example.com"));
    }
    assert_eq!(script.count("POST", TOKEN_PATH), 1);
    let requests = script.requests.borrow();
    assert_eq!(bearer(&requests[0]), "", "the token call itself");
    assert!(requests[1..].iter().all(|r| bearer(r) == "Bearer t1"));
}

#[test]
fn a_changed_configuration_takes_no_foreign_token() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, with_tokens(|_| Reply::new(204, "")));
    let tokens = Rc::new(RefCell::new(TokenCache::default()));
    let elsewhere = ThreedeyeConfig {
        base_url: "https://other.example/v3".to_owned(),
        ..config()
    };
    let login = Some(ThreedeyeLogin {
        username: "other@example.com".to_owned(),
        password: Secret::new("x"),
    });
    let somebody = ThreedeyeConfig { login, ..config() };
    for config in [config(), elsewhere, somebody] {
        let client = client_with(config, &clock, &script, tokens.clone());
        clock
            .run(client.delete(&id(), deadline(&clock, 30)))
            .unwrap();
    }
    assert_eq!(script.count("POST", TOKEN_PATH), 3);
}

#[test]
fn a_token_is_fetched_anew_when_its_time_is_up() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, with_tokens(|_| Reply::new(204, "")));
    let client = client(&clock, &script);
    clock.run(async {
        for pause in [0, 500, 50] {
            clock.sleep(Duration::from_secs(pause)).await;
            client.delete(&id(), deadline(&clock, 30)).await.unwrap();
        }
    });
    // 600 s are assumed, less the skew of 60.
    assert_eq!(script.count("POST", TOKEN_PATH), 2);
}

#[test]
fn a_401_renews_the_token_once_and_repeats_the_call_even_a_create() {
    let clock = VirtualClock::default();
    let script = Script::new(
        &clock,
        with_tokens(|request| match bearer(request) {
            "Bearer t1" => Reply::new(401, ""),
            _ => Reply::new(201, r#"{"id":"u1"}"#),
        }),
    );
    let client = client(&clock, &script);
    let created = clock.run(create(&client, deadline(&clock, 30)));
    assert_eq!(created, Ok(Some(id())));
    assert_eq!(script.count("POST", TOKEN_PATH), 2);
    assert_eq!(script.count("POST", "/users"), 2);
}

#[test]
fn a_second_401_is_final() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, with_tokens(|_| Reply::new(401, "")));
    let client = client(&clock, &script);
    let deleted = clock.run(client.delete(&id(), deadline(&clock, 30)));
    assert_eq!(deleted, Err(UpstreamError::Unauthorized));
    assert_eq!(script.count("POST", TOKEN_PATH), 2);
    assert_eq!(script.count("DELETE", "/users/u1"), 2);
}

#[test]
fn six_calls_that_see_an_expired_token_at_once_renew_it_once() {
    let clock = VirtualClock::default();
    let script = Script::new(
        &clock,
        with_tokens(|request| match bearer(request) {
            "Bearer t1" => Reply::new(401, ""),
            _ => Reply::new(204, ""),
        }),
    );
    let client = client(&clock, &script);
    let until = deadline(&clock, 30);
    let ids: Vec<_> = (0..6).map(|i| RemoteId(i.to_string())).collect();
    let results = clock.run(join_all(ids.iter().map(|id| client.delete(id, until))));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(script.count("POST", TOKEN_PATH), 2);
}

#[test]
fn a_refused_login_is_told_and_nothing_else_is_sent() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, |_| Reply::new(403, ""));
    let client = client(&clock, &script);
    let created = clock.run(create(&client, deadline(&clock, 30)));
    assert_eq!(created, Err(UpstreamError::Unauthorized));
    assert_eq!(script.requests.borrow().len(), 1);
}

#[test]
fn a_failing_token_call_takes_part_in_the_three_tries() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, |_| Reply::new(503, ""));
    let client = client(&clock, &script);
    let until = deadline(&clock, 60);
    let deleted = clock.run(client.delete(&id(), until));
    assert_eq!(deleted, Err(UpstreamError::Transient));
    assert_eq!(script.requests.borrow().len(), 3);
    // For a create as well: nothing of it was sent, so nothing is unknown.
    assert_eq!(
        clock.run(create(&client, until)),
        Err(UpstreamError::Transient)
    );
    assert_eq!(script.requests.borrow().len(), 6);
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
        let clock = VirtualClock::default();
        let script = Script::new(&clock, with_tokens(|_| reply()));
        let client = client(&clock, &script);
        let created = clock.run(create(&client, deadline(&clock, 60)));
        assert_eq!(created, Err(error));
        assert_eq!(script.count("POST", "/users"), 1);
    }
}

#[test]
fn other_calls_are_tried_three_times_and_then_succeed_or_fail() {
    for (failures, outcome) in [
        (2, Ok(Deleted::Removed)),
        // A delete that was sent three times may take effect after all.
        (3, Err(UpstreamError::UnknownOutcome)),
    ] {
        let clock = VirtualClock::default();
        let left = Cell::new(failures);
        let script = Script::new(
            &clock,
            with_tokens(|_| match left.get() {
                0 => Reply::new(204, ""),
                n => {
                    left.set(n - 1);
                    Reply::lost(HttpError::Connection)
                }
            }),
        );
        let client = client(&clock, &script);
        let deleted = clock.run(client.delete(&id(), deadline(&clock, 60)));
        assert_eq!(deleted, outcome);
        assert_eq!(script.count("DELETE", "/users/u1"), 3);
    }
}

#[test]
fn a_rate_limit_beyond_the_deadline_is_told_at_once() {
    let clock = VirtualClock::default();
    let script = Script::new(
        &clock,
        with_tokens(|_| Reply::new(429, "").header("retry-after", "120")),
    );
    let client = client(&clock, &script);
    let deleted = clock.run(client.delete(&id(), deadline(&clock, 60)));
    let retry_after = Some(Duration::from_secs(120));
    assert_eq!(deleted, Err(UpstreamError::RateLimited { retry_after }));
    assert_eq!(script.count("DELETE", "/users/u1"), 1);
    assert!(clock.now() < Timestamp::from_millis(1_000));
}

#[test]
fn a_role_not_there_yet_is_not_found_without_a_retry() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, with_tokens(|_| Reply::new(404, "")));
    let client = client(&clock, &script);
    let role = RoleId("r".to_owned());
    let attached = clock.run(client.attach_role(&role, &id(), deadline(&clock, 60)));
    assert_eq!(attached, Err(UpstreamError::NotFound));
    assert_eq!(script.count("POST", "/roles/r/users/u1"), 1);
}

#[test]
fn a_proof_uses_the_users_credentials_and_leaves_our_token_alone() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, |request| {
        let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
        match body.contains(r#""username":"jane@example.com","password":"right""#) {
            true => token("of-the-user"),
            false => Reply::new(401, ""),
        }
    });
    let client = client(&clock, &script);
    let until = deadline(&clock, 60);
    for (password, expected) in [("right", true), ("wrong", false)] {
        let opens = clock.run(client.opens(&jane(), &Secret::new(password), until));
        assert_eq!(opens, Ok(expected));
    }
    assert_eq!(script.requests.borrow().len(), 2);
    assert!(
        script
            .requests
            .borrow()
            .iter()
            .all(|r| bearer(r).is_empty())
    );
}

#[test]
fn a_call_takes_no_longer_than_its_timeout_and_its_deadline() {
    let hang = |_: &HttpRequest| Reply::new(204, "").after(Duration::from_secs(3600));
    let clock = VirtualClock::default();
    let script = Script::new(&clock, with_tokens(hang));
    let client = client(&clock, &script);
    let until = deadline(&clock, 5);
    assert_eq!(
        clock.run(client.delete(&id(), until)),
        Err(UpstreamError::UnknownOutcome)
    );
    assert_eq!(clock.now(), until.moment());

    let until = deadline(&clock, 600);
    let started = clock.now();
    assert_eq!(
        clock.run(client.delete(&id(), until)),
        Err(UpstreamError::UnknownOutcome)
    );
    let elapsed = clock.now().since(started);
    assert!(
        (30..=35).contains(&elapsed.as_secs()),
        "3 tries of 10 s and the waits"
    );
}

#[test]
fn nothing_is_sent_after_the_deadline() {
    let clock = VirtualClock::default();
    let script = Script::new(&clock, |_| Reply::new(204, ""));
    let client = client(&clock, &script);
    let until = deadline(&clock, 0);
    assert_eq!(
        clock.run(client.delete(&id(), until)),
        Err(UpstreamError::Transient)
    );
    assert_eq!(
        clock.run(create(&client, until)),
        Err(UpstreamError::Transient)
    );
    assert!(script.requests.borrow().is_empty());
}

#[test]
fn at_most_six_calls_are_under_way_and_none_waits_past_its_deadline() {
    let clock = VirtualClock::default();
    let slow = |_: &HttpRequest| Reply::new(204, "").after(Duration::from_secs(8));
    let script = Script::new(&clock, with_tokens(slow));
    let client = client(&clock, &script);
    let until = deadline(&clock, 10);
    let ids: Vec<_> = (0..9).map(|i| RemoteId(i.to_string())).collect();
    let results = clock.run(join_all(ids.iter().map(|id| client.delete(id, until))));
    assert_eq!(script.most_at_once.get(), MAX_AT_ONCE);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 6);
    assert_eq!(clock.now(), until.moment());
}

#[test]
fn an_answer_over_its_cap_is_unreadable() {
    let clock = VirtualClock::default();
    let huge = |_: &HttpRequest| Reply::new(200, vec![b' '; wire::SMALL_ANSWER_BYTES + 1]);
    let script = Script::new(&clock, with_tokens(huge));
    let client = client(&clock, &script);
    let deleted = clock.run(client.delete(&id(), deadline(&clock, 60)));
    assert_eq!(deleted, Err(UpstreamError::Protocol));
}

#[test]
fn errors_carry_nothing_of_what_was_sent_or_received() {
    for status in [200, 302, 400, 401, 403, 404, 409, 422, 429, 500] {
        let clock = VirtualClock::default();
        let script = Script::new(&clock, move |_| Reply::new(status, "<p>hidden jane t1</p>"));
        let client = client(&clock, &script);
        let error = clock
            .run(create(&client, deadline(&clock, 60)))
            .unwrap_err();
        let text = format!("{error} {error:?} {}", error.code());
        for secret in ["hidden", "jane", "t1", "<p>", "the-key", "the-password"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
