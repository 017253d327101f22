//! `provisionUser`: how far a user is taken, and how that is told.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, Setup, UNKNOWN, assert_error, setup};
use crate::operators::Role;
use crate::testing::service::TestAnswer;
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

impl Setup {
    fn provision_now(&self, user: &str) -> TestAnswer {
        let path = format!("/admin/threedeye/users/{user}/provision");
        self.service.post(&path).admin().send()
    }

    /// State, reason and the outcomes of the steps.
    #[track_caller]
    fn walk(&self, user: &str) -> (Value, Value, Vec<String>) {
        let answer = self.provision_now(user);
        assert_eq!(answer.status(), 200, "{}", answer.json());
        let told = answer.json();
        let steps = told["steps"].as_array().unwrap().iter();
        let steps = steps.map(|step| super::text(&step["outcome"])).collect();
        (told["state"].clone(), told["reason"].clone(), steps)
    }
}

#[test]
fn a_user_that_waits_gets_its_account_at_once_and_each_step_is_told() {
    let setup = setup();
    let told = setup.provision_now(ANN).json();
    let step =
        |name, detail: Option<&str>| json!({ "name": name, "outcome": "done", "detail": detail });
    let expected = json!({
        "userId": ANN, "state": "complete", "reason": null,
        "threedeyeUserId": setup.account(ANN_EMAIL).user.id.0,
        "steps": [
            step("user", None), step("list", None), step("account", Some("created")),
            step("roles", None),
        ],
    });
    assert_eq!(told, expected);
    let calls = setup.calls();
    let (state, reason, steps) = setup.walk(ANN);
    assert_eq!((state, reason), (json!("complete"), Value::Null));
    assert_eq!(steps, ["done", "skipped", "done", "skipped"]);
    assert_eq!(setup.calls(), calls, "a complete account is not asked for");
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn a_wait_does_not_count_and_an_account_from_before_is_taken_over() {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1"]);
    setup.refuse(Operation::Delete, 400, 1);
    let (state, reason, steps) = setup.walk(ANN);
    assert_eq!((state, reason), (json!("pending"), json!("rejected")));
    assert_eq!(steps, ["done", "done", "failed", "skipped"]);
    let cookie = setup.service.sign_in(Role::Support);
    let path = format!("/admin/threedeye/users/{ANN}/provision");
    let told = setup.service.post(&path).session(&cookie).send().json();
    assert_eq!(told["reason"], Value::Null, "{told}");
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);
}

#[test]
fn it_tells_at_which_step_it_failed_and_why() {
    let setup = setup();
    setup.break_down(Operation::List, &Fault::Unreachable);
    let (_, reason, steps) = setup.walk(ANN);
    assert_eq!(reason, "unavailable");
    assert_eq!(steps, ["done", "failed", "skipped", "skipped"]);
    setup.mend();
    setup.add_account("old", ANN_EMAIL, &["r1"]);
    setup.refuse(Operation::Attach, 500, 9);
    let (state, reason, steps) = setup.walk(ANN);
    assert_eq!(
        (state, reason),
        (json!("attaching"), json!("roles_pending"))
    );
    assert_eq!(steps, ["done", "done", "done", "failed"]);
    setup.mend();
    let (state, _, steps) = setup.walk(ANN);
    assert_eq!(
        (state, steps),
        (json!("complete"), vec!["done".to_owned(); 4])
    );
}

#[test]
fn it_lifts_no_quarantine() {
    let setup = setup();
    setup.add_foreign_account(ANN_EMAIL);
    let (state, reason, steps) = setup.walk(ANN);
    assert_eq!((state, reason), (json!("quarantined"), json!("orphan")));
    assert_eq!(steps, ["done", "done", "failed", "skipped"]);
    let calls = setup.calls();
    let (state, reason, steps) = setup.walk(ANN);
    assert_eq!((state, reason), (json!("quarantined"), json!("orphan")));
    assert_eq!(steps, ["failed", "skipped", "skipped", "skipped"]);
    assert_eq!(setup.calls(), calls);
}

#[test]
fn what_cannot_be_begun_is_an_error() {
    let setup = setup();
    assert_error(
        &setup.provision_now(UNKNOWN),
        StatusCode::NOT_FOUND,
        "User not found",
    );
    let sql = "UPDATE users SET email = NULL WHERE uuid = ?1";
    setup.service.database.execute(sql, [BOB]);
    assert_error(
        &setup.provision_now(BOB),
        StatusCode::NOT_FOUND,
        "The user has no e-mail",
    );
    setup.refuse(Operation::Create, 400, 1);
    setup.walk(ANN);
    setup.hold_lease(ANN);
    let busy = setup.provision_now(ANN);
    assert_eq!(
        (busy.status(), busy.header("retry-after")),
        (409, Some("61"))
    );
    let setup = setup.unconfigured();
    assert_eq!(setup.provision_now(ANN).status(), 503);
}
