//! Users that another service deletes, and what runs make of them.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::*;

const WAIT: Duration = Duration::from_secs(72 * 3600);

impl Setup {
    /// Another service deletes a user.
    pub fn delete(&self, user: &str) {
        let sql = "DELETE FROM users WHERE uuid = ?1";
        self.service.database.execute(sql, [user]);
    }

    /// Lets this much of the wait be over, without the token's running out.
    fn wait(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        let sql = "UPDATE threedeye_users SET leaving_since = leaving_since - ?1";
        self.service.database.execute(sql, [millis]);
    }

    pub fn exists(&self, email: &str) -> bool {
        !self.remote.directory().with_email(email).is_empty()
    }

    /// What the trail says of a user, with the given action.
    pub fn trail(&self, user: &str, action: &str) -> Vec<String> {
        let sql = "SELECT outcome FROM audit_log WHERE subject = ?1 AND action = ?2 ORDER BY id";
        let database = &self.service.database;
        database.query(sql, [user, action], |row| row.get(0))
    }

    pub fn state_of(&self, user: &str) -> Value {
        self.diagnose(user)["mapping"]["state"].clone()
    }
}

#[test]
fn the_account_of_a_deleted_user_is_removed_once_the_wait_is_over() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.delete(ANN);
    assert_eq!(setup.run()["removed"], 0);
    assert_eq!(setup.state_of(ANN), "leaving");
    setup.wait(WAIT - Duration::from_secs(60));
    assert_eq!(setup.run()["removed"], 0);
    assert!(setup.exists(ANN_EMAIL));
    setup.wait(Duration::from_secs(60));
    let run = setup.run();
    assert_eq!(
        (&run["success"], &run["removed"], &run["total"]),
        (&json!(true), &json!(1), &json!(0))
    );
    assert!(!setup.exists(ANN_EMAIL));
    assert_eq!(setup.diagnose(ANN)["mapping"]["found"], false);
    assert_eq!(setup.diagnose(ANN)["recovery"]["found"], false);
    let told = format!("deleted account {id}; 2 role(s): r1, r2");
    assert_eq!(setup.trail(ANN, "threedeye.offboard"), [told]);
    assert_eq!(setup.run()["removed"], 0);
}

#[test]
fn a_scheduled_run_removes_it_too_with_a_queue_or_without() {
    for queue in [false, true] {
        let mut setup = setup();
        if queue {
            setup.service = setup.service.queue();
        }
        setup.provision(ANN);
        setup.delete(ANN);
        setup.wait(WAIT);
        let lines = setup.service.run_schedule();
        assert_eq!(lines.last().unwrap()["run.removed"], 1, "{queue}");
        assert!(!setup.exists(ANN_EMAIL), "{queue}");
    }
}

#[test]
fn a_mistaken_deletion_that_is_undone_in_time_loses_nothing() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.delete(ANN);
    setup.wait(WAIT - Duration::from_secs(1));
    setup.service.add_user(ANN, Some("  Ann@Example.com"));
    setup.wait(WAIT);
    assert_eq!(setup.run()["removed"], 0);
    assert_eq!(setup.account(ANN_EMAIL).user.id.0, id);
    let account = setup.account(ANN_EMAIL);
    let answer = setup.credentials(ANN).json();
    assert_eq!(answer["password"], account.password);
    assert_eq!(account.user.roles.len(), 2);
}

#[test]
fn whoever_comes_back_with_another_email_waits_and_is_provisioned_afresh() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.delete(ANN);
    setup.service.add_user(ANN, Some("new@example.com"));
    let refused = setup.credentials(ANN);
    let message = "the id belonged to a deleted user, whose account has to be removed first; \
                   restore its e-mail to undo that";
    assert_error(&refused, StatusCode::CONFLICT, message);
    setup.wait(WAIT);
    assert_eq!(setup.run()["removed"], 1);
    assert!(!setup.exists(ANN_EMAIL));
    let fresh = setup.provision(ANN);
    assert_ne!(fresh, id);
    setup.assert_provisioned(ANN, "new@example.com", &[]);
}

#[test]
fn another_user_with_the_email_waits_and_inherits_nothing() {
    let setup = setup();
    setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.delete(ANN);
    setup.service.add_user(CYD, Some(ANN_EMAIL));
    assert_eq!(setup.credentials(CYD).status(), 409);
    setup.run();
    assert_eq!(setup.state_of(CYD), "set_aside");
    setup.wait(WAIT);
    assert_eq!(setup.run()["removed"], 1);
    setup.service.pass(Duration::from_secs(900));
    setup.run();
    setup.assert_provisioned(CYD, ANN_EMAIL, &[]);
}

#[test]
fn a_run_removes_no_more_than_it_may() {
    let setup = setup();
    let service = setup.service.setting("BACKFILL_MAX_REMOVALS", "1");
    let setup = Setup { service, ..setup };
    for user in [ANN, BOB] {
        setup.provision(user);
        setup.delete(user);
    }
    setup.wait(WAIT);
    for left in [1, 0] {
        assert_eq!(setup.run()["removed"], 1);
        let count = u32::from(setup.exists(ANN_EMAIL)) + u32::from(setup.exists(BOB_EMAIL));
        assert_eq!(count, left);
    }
}

#[test]
fn a_user_with_more_accounts_than_a_run_may_remove_goes_in_several() {
    let setup = setup();
    let service = setup.service.setting("BACKFILL_MAX_REMOVALS", "1");
    let setup = Setup { service, ..setup };
    setup.provision(ANN);
    setup.add_account("earlier", "earlier@example.com", &["r1"]);
    let remember = "
        UPDATE threedeye_users SET forgotten_email = 'earlier@example.com',
          forgotten_threedeye_id = 'earlier', forgotten_password = password_sealed
        WHERE user_id = ?1";
    setup.service.database.execute(remember, [ANN]);
    setup.delete(ANN);
    setup.wait(WAIT);
    for left in [1, 0] {
        assert_eq!(setup.run()["removed"], 1);
        let count = ["earlier@example.com", ANN_EMAIL].map(|email| u32::from(setup.exists(email)));
        assert_eq!(count.iter().sum::<u32>(), left);
        setup.service.pass(Duration::from_secs(900));
    }
    assert_eq!(setup.diagnose(ANN)["mapping"]["found"], false);
    let told = setup.trail(ANN, "threedeye.offboard");
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("1 role(s): r1"), "{told:?}");
}

#[test]
fn a_protected_account_is_left_in_place_for_a_person_to_decide() {
    let setup = setup();
    let id = setup.provision(ANN);
    let service = setup
        .service
        .setting("THREEDEYE_PROTECTED_EMAILS", ANN_EMAIL);
    service.restart();
    let setup = Setup { service, ..setup };
    setup.delete(ANN);
    setup.wait(WAIT);
    let run = setup.run();
    let line = format!("{ANN}: the account is protected and was left in place");
    assert_eq!(
        (&run["removed"], &run["errors"]),
        (&json!(0), &json!([line]))
    );
    assert_eq!(setup.state_of(ANN), "left_in_place");
    let told = format!("left protected account {id} in place");
    assert_eq!(setup.trail(ANN, "threedeye.offboard"), [told]);
    // It is told once.
    assert_eq!(setup.run()["errors"], json!([]));
    assert_eq!(
        setup.reset(ANN, &json!({ "deleteRemote": true })).status(),
        409
    );
    assert!(setup.exists(ANN_EMAIL));
    // The decision to leave it there for good.
    let answer = setup.reset(ANN, &json!({}));
    assert_eq!(answer.json()["clearedMapping"], true);
    assert_eq!(setup.diagnose(ANN)["mapping"]["found"], false);
    assert!(setup.exists(ANN_EMAIL));
}

#[test]
fn an_account_that_the_stored_password_does_not_open_is_not_the_users() {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1"]);
    setup.refuse(Operation::Delete, 403, 1);
    setup.run();
    assert_eq!(setup.state_of(ANN), "pending");
    setup.delete(ANN);
    setup.wait(WAIT);
    assert_eq!(setup.run()["removed"], 0);
    assert_eq!(setup.account(ANN_EMAIL).user.id.0, "old");
    assert_eq!(setup.diagnose(ANN)["mapping"]["found"], false);
}

#[test]
fn an_account_that_is_another_users_by_now_is_left_alone() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.provision(BOB);
    {
        // Ann's account got Bob's e-mail, and another password.
        let mut directory = setup.remote.directory_mut();
        directory
            .accounts
            .retain(|account| account.user.email != BOB_EMAIL);
        let account = directory
            .accounts
            .iter_mut()
            .find(|one| one.user.id.0 == id);
        let account = account.unwrap();
        account.user.email = BOB_EMAIL.to_owned();
        account.password = OTHER_PASSWORD.to_owned();
    }
    setup.delete(ANN);
    setup.wait(WAIT);
    assert_eq!(setup.run()["removed"], 0);
    assert_eq!(setup.account(BOB_EMAIL).user.id.0, id);
}

#[test]
fn a_removal_that_fails_is_told_and_tried_again() {
    let setup = setup();
    setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.delete(ANN);
    setup.wait(WAIT);
    setup.refuse(Operation::Delete, 403, 1);
    let run = setup.run();
    assert_eq!(run["removed"], 0);
    let line = run["errors"][0].as_str().unwrap().to_owned();
    assert!(line.starts_with(&format!("{ANN}: ")), "{line}");
    let found = setup.diagnose(ANN);
    assert_eq!(
        (&found["mapping"]["state"], &found["mapping"]["attempts"]),
        (&json!("leaving"), &json!(1))
    );
    // The roles are saved first.
    assert_eq!(found["recovery"]["roleIds"], json!(["r1", "r2"]));
    // Undone now, the account is taken over with them.
    setup.service.add_user(ANN, Some(ANN_EMAIL));
    setup.run();
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
}

#[test]
fn a_list_that_cannot_be_read_removes_nothing() {
    let setup = setup();
    for user in [ANN, BOB] {
        setup.provision(user);
    }
    setup.delete(ANN);
    setup.wait(WAIT);
    setup.refuse(Operation::List, 403, 1);
    let run = setup.run();
    assert_eq!(
        (&run["success"], &run["removed"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(setup.run()["removed"], 1);
}

#[test]
fn a_run_without_deleted_users_costs_what_it_did() {
    let setup = setup();
    for user in [ANN, BOB] {
        setup.provision(user);
    }
    // Open and close.
    let (_, batches) = setup.service.batches_of(|| setup.run());
    assert_eq!(batches, 2);
    setup.delete(ANN);
    let (_, batches) = setup.service.batches_of(|| setup.run());
    assert_eq!(batches, 2);
    setup.wait(WAIT);
    // Lease, whose the account is, announce, conclude.
    let (_, batches) = setup.service.batches_of(|| setup.run());
    assert_eq!(batches, 6);
}

#[test]
fn resetting_a_deleted_user_does_not_forget_its_account() {
    let setup = setup();
    setup.provision(ANN);
    setup.delete(ANN);
    assert_eq!(setup.reset(ANN, &json!({})).status(), 409);
    assert_eq!(setup.state_of(ANN), "leaving");
    let keeps = json!({ "clearMapping": false });
    assert_eq!(setup.reset(ANN, &keeps).status(), 200);
    assert_eq!(setup.state_of(ANN), "leaving");
    setup.wait(WAIT);
    assert_eq!(setup.run()["removed"], 1);
}
