//! Resets that were looked at before: the preview changes nothing, and what is done is what it showed.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, Setup, UNKNOWN, assert_error, setup};
use crate::operators::Role;
use crate::testing::service::TestAnswer;
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

const CHANGED: &str =
    "The user, or what is asked for, has changed since the preview; look at it again";

/// Replaces the account and keeps its cameras.
fn replace() -> Value {
    json!({ "deleteRemote": true, "preserveRoles": true, "reprovision": true })
}

/// Replaces the account, and loses them.
fn lose() -> Value {
    json!({ "deleteRemote": true, "reprovision": true })
}

/// The options with a plan and a reason.
fn planned(options: &Value, plan: &Value) -> Value {
    let mut options = options.clone();
    options["plan"] = plan["plan"].clone();
    options["reason"] = json!("the app shows no camera; ann@example.com called");
    options
}

/// Ann has an account with two cameras.
fn provisioned() -> Setup {
    let setup = setup();
    setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup
}

impl Setup {
    #[track_caller]
    fn preview(&self, user: &str, options: &Value) -> Value {
        let path = format!("/admin/threedeye/users/{user}/reset?dryRun=true");
        let answer = self.service.post(&path).admin().json(options).send();
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()
    }

    fn reset_by(&self, cookie: &str, user: &str, options: &Value) -> TestAnswer {
        let path = format!("/admin/threedeye/users/{user}/reset");
        let request = self.service.post(&path).session(cookie);
        request.json(options).send()
    }

    /// The outcomes and reasons of the audit rows of this action.
    fn reasons(&self, action: &str) -> Vec<(String, Option<String>)> {
        let sql = "SELECT outcome, reason FROM audit_log WHERE action = ?1 ORDER BY id";
        let database = &self.service.database;
        database.query(sql, [action], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// What may not change: the rows and the accounts.
    fn everything(&self) -> Vec<String> {
        let sql =
            "SELECT json_array(user_id, state, email_key, threedeye_id, password_sealed, attempts,
                updated_at, lease_token) FROM threedeye_users
            UNION ALL SELECT role_ids FROM threedeye_recovery
            UNION ALL SELECT json_array(user_id, due_at) FROM provisioning_queue
            UNION ALL SELECT json_array(id, action) FROM audit_log";
        let mut all = self.service.database.query(sql, [], |row| row.get(0));
        all.push(format!("{:?}", self.remote.directory().accounts));
        all
    }

    #[track_caller]
    fn assert_changed(&self, answer: &TestAnswer) {
        assert_error(answer, StatusCode::CONFLICT, CHANGED);
        assert_eq!(self.remote.calls(Operation::Delete), 0);
    }
}

#[test]
fn a_preview_names_what_would_go_and_changes_nothing() {
    let setup = provisioned();
    let before = setup.everything();
    let plan = setup.preview(ANN, &replace());
    let id = setup.account(ANN_EMAIL).user.id.0;
    let mut expected = json!({
        "userId": ANN,
        "clear": { "mapping": true, "savedRoleIds": [] },
        "remote": {
            "deletes": [{ "threedeyeUserId": id, "roleIds": ["r1", "r2"], "why": "mapped" }],
            "notVisible": false,
            "complete": true,
        },
        "reprovision": true,
        "loses": { "roleIds": [] },
        "warnings": [],
        "needs": { "role": "support", "stepUp": false, "typed": null },
    });
    expected["plan"] = plan["plan"].clone();
    assert_eq!(plan, expected);
    let lossy = setup.preview(ANN, &lose());
    assert_eq!(lossy["loses"], json!({ "roleIds": ["r1", "r2"] }));
    assert_eq!(
        lossy["needs"],
        json!({ "role": "admin", "stepUp": true, "typed": "000001" })
    );
    assert_eq!(lossy["warnings"].as_array().unwrap().len(), 1);
    let kept = setup.preview(ANN, &json!({}));
    assert_eq!(kept["remote"]["deletes"], json!([]));
    assert!(
        kept["warnings"][0]
            .as_str()
            .unwrap()
            .contains("stays at 3dEye")
    );
    assert_eq!(setup.everything(), before);
}

#[test]
fn what_was_planned_is_done_once() {
    let setup = provisioned();
    let plan = setup.preview(ANN, &replace());
    let old = setup.account(ANN_EMAIL).user.id.0;
    let answer = setup.reset(ANN, &planned(&replace(), &plan));
    assert_eq!(answer.status(), 200, "{}", answer.json());
    assert_eq!(answer.json()["remote"]["deletedThreedeyeUserId"], old);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    let again = setup.reset(ANN, &planned(&replace(), &plan));
    assert_error(&again, StatusCode::CONFLICT, CHANGED);
    let reason = Some("the app shows no camera; a***@example.com called".to_owned());
    let done = format!("rows cleared, deleted account {old}");
    assert_eq!(setup.reasons("threedeye.reset"), [(done, reason.clone())]);
    let announced = format!("about to delete {old}");
    let announced = [(announced, reason.clone())];
    assert_eq!(setup.reasons("threedeye.delete_account"), announced);
    let made = ("created".to_owned(), reason);
    assert_eq!(setup.reasons("threedeye.provision")[1..], [made]);
}

#[test]
fn a_plan_that_finds_nothing_to_do_is_done_once_as_well() {
    let setup = setup();
    let plan = setup.preview(ANN, &json!({}));
    let statuses = [(); 2].map(|()| setup.reset(ANN, &planned(&json!({}), &plan)).status());
    assert_eq!(statuses, [200, 409]);
    assert_eq!(setup.reasons("threedeye.reset").len(), 1);
}

type Change = fn(&Setup);

#[test]
fn a_plan_is_outdated_by_whatever_changes_what_it_showed() {
    let changes: [(&str, Change); 9] = [
        ("a role granted", |setup| {
            setup.give_roles(ANN_EMAIL, &["r1", "r2", "r3"])
        }),
        ("a role revoked", |setup| {
            setup.give_roles(ANN_EMAIL, &["r1"])
        }),
        ("another e-mail", |setup| {
            setup.change_email(ANN, "new@example.com")
        }),
        ("a reset", |setup| {
            setup.reset(ANN, &json!({ "clearMapping": false }));
        }),
        ("saved roles", |setup| {
            let sql = "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, '[]', 1)";
            setup.service.database.execute(sql, [ANN]);
        }),
        ("another account", |setup| {
            let sql = "UPDATE threedeye_users SET threedeye_id = 'other' WHERE user_id = ?1";
            setup.service.database.execute(sql, [ANN]);
        }),
        ("a later write", |setup| {
            let sql = "UPDATE threedeye_users SET updated_at = updated_at + 1 WHERE user_id = ?1";
            setup.service.database.execute(sql, [ANN]);
        }),
        ("a run that took the user up and died", |setup| {
            let sql = "UPDATE threedeye_users SET lease_token = 'dead', lease_until = 1 WHERE user_id = ?1";
            setup.service.database.execute(sql, [ANN]);
        }),
        ("the deletion of the user", |setup| {
            setup
                .service
                .database
                .execute("DELETE FROM users WHERE uuid = ?1", [ANN]);
        }),
    ];
    for (what, change) in changes {
        let setup = provisioned();
        let plan = setup.preview(ANN, &replace());
        change(&setup);
        let answer = setup.reset(ANN, &planned(&replace(), &plan));
        assert_eq!(answer.status(), 409, "{what}: {}", answer.json());
        setup.assert_changed(&answer);
        // The lease was given back.
        let next = setup.preview(ANN, &replace());
        assert_eq!(next["userId"], ANN, "{what}");
    }
}

#[test]
fn a_plan_is_good_for_its_user_and_its_options_alone_and_not_for_long() {
    let setup = provisioned();
    setup.provision(BOB);
    let plan = setup.preview(ANN, &replace());
    setup.assert_changed(&setup.reset(BOB, &planned(&replace(), &plan)));
    for other in [
        lose(),
        json!({ "deleteRemote": true, "preserveRoles": true }),
        json!({}),
    ] {
        setup.assert_changed(&setup.reset(ANN, &planned(&other, &plan)));
    }
    let plan = setup.preview(ANN, &replace());
    setup.service.pass(Duration::from_secs(600));
    let calls = setup.calls();
    let before = setup.service.database.total_changes();
    let late = setup.reset(ANN, &planned(&replace(), &plan));
    let expired = "The preview is older than 10 minutes; look at it again";
    assert_error(&late, StatusCode::CONFLICT, expired);
    let bogus = json!({ "plan": format!("9795258200000.{}", "a".repeat(43)) });
    setup.assert_changed(&setup.reset(ANN, &planned(&replace(), &bogus)));
    // Neither a lease nor a read of the list is spent on them.
    assert_eq!(setup.service.database.total_changes(), before);
    assert_eq!(setup.calls(), calls);
    let wrong = setup.reset(ANN, &json!({ "plan": "plan" }));
    assert_error(
        &wrong,
        StatusCode::BAD_REQUEST,
        "plan: must be the plan of a preview",
    );
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
}

#[test]
fn a_page_of_the_console_needs_a_plan_and_a_reason_and_sees_masked_emails() {
    let setup = provisioned();
    let cookie = setup.service.sign_in(Role::Support);
    let plan = setup.preview(ANN, &replace());
    let full = planned(&replace(), &plan);
    for field in ["plan", "reason"] {
        let mut lacking = full.clone();
        lacking.as_object_mut().unwrap().remove(field);
        let refused = setup.reset_by(&cookie, ANN, &lacking);
        let message = format!("{field}: required");
        assert_error(&refused, StatusCode::BAD_REQUEST, &message);
    }
    let mut blank = full.clone();
    blank["reason"] = json!(" ");
    assert_eq!(setup.reset_by(&cookie, ANN, &blank).status(), 400);
    let viewer = setup.service.sign_in(Role::Viewer);
    assert_eq!(setup.reset_by(&viewer, ANN, &full).status(), 403);
    let done = setup.reset_by(&cookie, ANN, &full);
    assert_eq!(
        (done.status(), &done.json()["email"]),
        (200, &json!("a***@example.com"))
    );
    let path = format!("/admin/threedeye/users/{ANN}");
    let seen = setup.service.get(&path).session(&cookie).send().json();
    assert_eq!(seen["user"]["email"], "a***@example.com");
    assert_eq!(seen["remote"]["match"]["email"], "a***@example.com");
}

#[test]
fn losing_cameras_takes_an_admin_who_has_just_signed_in() {
    let setup = provisioned();
    let plan = setup.preview(ANN, &lose());
    let support = setup.service.sign_in(Role::Support);
    let refused = setup.reset_by(&support, ANN, &planned(&lose(), &plan));
    assert_error(&refused, StatusCode::FORBIDDEN, "This takes the role admin");
    let admin = setup.service.sign_in(Role::Admin);
    setup.service.pass(Duration::from_secs(15 * 60));
    let plan = setup.preview(ANN, &lose());
    let stale = setup.reset_by(&admin, ANN, &planned(&lose(), &plan));
    assert_eq!(stale.status(), 401);
    assert!(
        stale
            .header("www-authenticate")
            .unwrap()
            .contains("max_age")
    );
    // What loses nothing does not take it.
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
    let fresh = setup.service.sign_in(Role::Admin);
    let plan = setup.preview(ANN, &lose());
    let done = setup.reset_by(&fresh, ANN, &planned(&lose(), &plan));
    assert_eq!(done.status(), 200, "{}", done.json());
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn saved_roles_are_not_cleared_by_support() {
    let setup = setup();
    let sql =
        "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, '[\"r1\"]', 1)";
    setup.service.database.execute(sql, [ANN]);
    let support = setup.service.sign_in(Role::Support);
    let plan = setup.preview(ANN, &json!({}));
    assert_eq!(plan["clear"]["savedRoleIds"], json!(["r1"]));
    let refused = setup.reset_by(&support, ANN, &planned(&json!({}), &plan));
    assert_eq!(refused.status(), 403);
    let keep = json!({ "preserveRoles": true });
    let plan = setup.preview(ANN, &keep);
    assert_eq!(plan["clear"]["savedRoleIds"], json!([]));
    let kept = setup.reset_by(&support, ANN, &planned(&keep, &plan));
    assert_eq!(kept.status(), 200);
    assert_eq!(setup.diagnose(ANN)["recovery"]["roleIds"], json!(["r1"]));
}

#[test]
fn a_preview_refuses_what_the_reset_would_refuse() {
    let setup = provisioned();
    let ask = |options: &Value| {
        let path = format!("/admin/threedeye/users/{ANN}/reset?dryRun=true");
        setup.service.post(&path).admin().json(options).send()
    };
    setup.hold_lease(ANN);
    let busy = ask(&replace());
    assert_eq!(
        (busy.status(), busy.header("retry-after")),
        (409, Some("61"))
    );
    setup.service.pass(Duration::from_secs(61));
    setup.break_down(Operation::List, &Fault::Unreachable);
    assert_eq!(ask(&replace()).status(), 502);
    setup.mend();
    assert_eq!(ask(&replace()).status(), 200);
    setup
        .service
        .database
        .execute("DELETE FROM users WHERE uuid = ?1", [ANN]);
    assert_eq!(ask(&json!({})).status(), 409);
    let without = setup.unconfigured();
    let path = format!("/admin/threedeye/users/{BOB}/reset?dryRun=true");
    let answer = without.service.post(&path).admin().json(&replace()).send();
    assert_eq!(answer.status(), 503);
}

#[test]
fn a_deleted_users_account_is_planned_and_deleted() {
    let setup = provisioned();
    setup
        .service
        .database
        .execute("DELETE FROM users WHERE uuid = ?1", [ANN]);
    setup.service.pass(Duration::from_secs(60));
    let plan = setup.preview(ANN, &lose());
    assert_eq!(plan["loses"]["roleIds"], json!(["r1", "r2"]));
    assert_eq!(plan["remote"]["deletes"].as_array().unwrap().len(), 1);
    setup.give_roles(ANN_EMAIL, &["r1", "r2", "r3"]);
    setup.assert_changed(&setup.reset(ANN, &planned(&lose(), &plan)));
    let plan = setup.preview(ANN, &lose());
    let done = setup.reset(ANN, &planned(&lose(), &plan));
    assert_eq!(done.status(), 200, "{}", done.json());
    assert!(setup.remote.directory().with_email(ANN_EMAIL).is_empty());
}

#[test]
fn an_unknown_user_has_a_plan_with_nothing_in_it() {
    let setup = setup();
    let plan = setup.preview(UNKNOWN, &lose());
    assert_eq!(plan["remote"]["notVisible"], true);
    assert_eq!(plan["warnings"].as_array().unwrap().len(), 1);
    let done = setup.reset(UNKNOWN, &planned(&lose(), &plan));
    assert_eq!(done.status(), 200);
}
