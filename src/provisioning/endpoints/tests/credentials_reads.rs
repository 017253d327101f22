//! The trace of those who read other people's logins.

use std::time::Duration;

use http::Method;
use serde_json::json;

use super::{ANN, BOB, CYD, Setup, UNKNOWN, setup};

const HOUR: Duration = Duration::from_secs(60 * 60);

impl Setup {
    /// Actor and user of each audited read, without those of the tests' own administrator.
    fn reads(&self) -> Vec<(String, String)> {
        let sql = "SELECT actor, subject FROM audit_log
            WHERE action = 'threedeye.read_credentials' ORDER BY id";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        self.service.database.query(sql, (), read)
    }
}

fn pair(actor: &str, user: &str) -> (String, String) {
    (actor.to_owned(), user.to_owned())
}

#[test]
fn the_first_read_an_hour_of_one_key_and_one_user_is_audited_in_the_batch_that_loads() {
    let setup = setup();
    let (first, first_key) = setup.api_key("threedeye:read", None);
    let (second, second_key) = setup.api_key("threedeye:read", Some(ANN));
    let by = |key: &str, user: &str| setup.ask(user).header("x-api-key", key).send();
    for _ in 0..2 {
        assert_eq!(by(&first_key, ANN).status(), 200);
        assert_eq!(by(&first_key, BOB).status(), 200);
        assert_eq!(by(&second_key, ANN).status(), 200);
    }
    let [first, second] = [first, second].map(|id| format!("api-key:{id}"));
    let once = [pair(&first, ANN), pair(&first, BOB), pair(&second, ANN)];
    assert_eq!(setup.reads(), once);
    setup.service.pass(HOUR);
    // The use of a key is noted in a batch of its own, once an hour.
    by(&first_key, BOB);
    let (answer, batches) = setup.service.batches_of(|| by(&first_key, ANN));
    assert_eq!((answer.status(), batches), (200, 1));
    assert_eq!(setup.reads().len(), 5);
}

#[test]
fn the_first_read_an_hour_of_support_is_audited_and_a_persons_own_are_not() {
    let setup = setup();
    setup.ask(ANN).person(ANN).send();
    assert_eq!(setup.reads(), []);
    for _ in 0..2 {
        let (answer, batches) = setup.service.batches_of(|| setup.ask(ANN).admin().send());
        assert_eq!((answer.status(), batches), (200, 1));
    }
    let reads = setup.reads();
    assert_eq!(reads.len(), 1);
    assert!(reads[0].0.starts_with("admin-key:"), "{reads:?}");
    assert_eq!(reads[0].1, ANN);
    setup.service.pass(HOUR);
    setup.credentials(ANN);
    assert_eq!(setup.reads().len(), 2);
}

#[test]
fn an_isolate_writes_about_a_read_once_an_hour_and_asks_no_more_meanwhile() {
    let setup = setup();
    let (_, key) = setup.api_key("threedeye:read", None);
    let by_key = || setup.ask(ANN).header("x-api-key", &key).send();
    let by_support = || setup.ask(ANN).admin().send();
    for read in [&by_key as &dyn Fn() -> _, &by_support] {
        let read = || assert_eq!(read().status(), 200);
        let forget = || setup.service.database.execute("DELETE FROM audit_log", ());
        read();
        forget();
        // It would be written again if the database were asked.
        read();
        assert_eq!(setup.reads(), []);
        setup.service.restart();
        read();
        assert_eq!(setup.reads().len(), 1);
        forget();
        setup.service.pass(HOUR);
        read();
        assert_eq!(setup.reads().len(), 1);
        forget();
    }
}

#[test]
fn what_is_remembered_of_a_key_opens_nothing_once_it_is_revoked() {
    let setup = setup();
    let (id, key) = setup.api_key("threedeye:read", None);
    let by_key = || setup.ask(ANN).header("x-api-key", &key).send().status();
    assert_eq!(by_key(), 200);
    let path = format!("/admin/api-keys/{id}");
    setup.service.request(Method::DELETE, &path).admin().send();
    assert_eq!(by_key(), 401);
}

#[test]
fn a_refused_read_leaves_no_row() {
    let setup = setup();
    setup.service.add_user(CYD, None);
    let (revoked, revoked_key) = setup.api_key("threedeye:read", None);
    let path = format!("/admin/api-keys/{revoked}");
    setup.service.request(Method::DELETE, &path).admin().send();
    let (_, anns) = setup.api_key("threedeye:read", Some(ANN));
    let (_, other_scope) = setup.api_key("user:write", None);
    let (_, good) = setup.api_key("threedeye:read", None);
    let unknown = format!("spk_{}", "A".repeat(43));
    for (key, user, status) in [
        (&revoked_key, ANN, 401),
        (&unknown, ANN, 401),
        (&other_scope, ANN, 403),
        (&anns, BOB, 403),
        (&good, UNKNOWN, 404),
        (&good, CYD, 404),
    ] {
        let answer = setup.ask(user).header("x-api-key", key).send();
        assert_eq!(answer.status(), status);
    }
    assert_eq!(setup.credentials(UNKNOWN).status(), 404);
    assert_eq!(setup.ask(ANN).person(BOB).send().status(), 403);
    setup.add_foreign_account("ann@example.com");
    setup.run();
    assert_eq!(
        setup.ask(ANN).header("x-api-key", &good).send().status(),
        409
    );
    assert_eq!(setup.reads(), []);
}

#[test]
fn a_bound_key_that_is_refused_a_taken_over_account_leaves_no_row() {
    let setup = setup();
    setup.add_account("old", "ann@example.com", &[]);
    setup.run();
    let (_, anns) = setup.api_key("threedeye:read", Some(ANN));
    assert_eq!(
        setup.ask(ANN).header("x-api-key", &anns).send().status(),
        409
    );
    assert_eq!(setup.reads(), []);
}

#[test]
fn the_log_line_has_caller_and_user() {
    let setup = setup();
    let (id, key) = setup.api_key("threedeye:read", None);
    let by_key = setup.ask(ANN).header("x-api-key", &key).send().0;
    assert_eq!(by_key.caller, Some(format!("api-key:{id}")));
    assert_eq!(by_key.user.as_deref(), Some(ANN));
    let by_support = setup.ask(BOB).admin().send().0;
    assert!(by_support.caller.unwrap().starts_with("admin-key:"));
    assert_eq!(by_support.user.as_deref(), Some(BOB));
    // A path may hold anything; the log holds no whole e-mail.
    setup
        .service
        .add_user("dee@example.com", Some("d@example.com"));
    let odd = setup.ask("dee@example.com").admin().send().0;
    assert_eq!(odd.user.as_deref(), Some("d***@example.com"));
    let other = setup.service.post("/admin/api-keys").admin();
    let other = other
        .json(&json!({ "scopes": ["threedeye:read"] }))
        .send()
        .0;
    assert_eq!(other.user, None);
}
