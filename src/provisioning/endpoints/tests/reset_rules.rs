//! Resets: which rows are cleared, which accounts are deleted, and what is never deleted.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, Setup, assert_error, login_page, refused, setup};
use crate::kernel::Clock as _;
use crate::threedeye::RoleId;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};

const NEW_EMAIL: &str = "new@example.com";

impl Setup {
    /// A reset that is answered with 200.
    #[track_caller]
    fn done(&self, user: &str, options: &Value) -> Value {
        let answer = self.reset(user, options);
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()
    }

    /// Roles of the user that wait to be attached.
    fn recover(&self, user: &str, roles: &str) {
        let sql =
            "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, ?2, 1)";
        self.service.database.execute(sql, (user, roles));
    }

    /// The user's rows, as text.
    fn rows(&self, user: &str) -> Vec<String> {
        let sql = "SELECT json_array(state, email_key, threedeye_id, password_sealed, attempts)
            FROM threedeye_users WHERE user_id = ?1
            UNION ALL SELECT role_ids FROM threedeye_recovery WHERE user_id = ?1";
        let database = &self.service.database;
        database.query(sql, [user], |row| row.get(0))
    }

    /// The ids and e-mails of all accounts.
    fn accounts(&self) -> Vec<(String, String)> {
        let directory = self.remote.directory();
        let accounts = directory.accounts.iter();
        let pair =
            |account: &super::Account| (account.user.id.0.clone(), account.user.email.clone());
        accounts.map(pair).collect()
    }

    pub fn give_roles(&self, email: &str, roles: &[&str]) {
        let roles: Vec<RoleId> = roles
            .iter()
            .map(|role| RoleId((*role).to_owned()))
            .collect();
        let mut directory = self.remote.directory_mut();
        directory.roles.extend(roles.iter().cloned());
        let mut accounts = directory.accounts.iter_mut();
        let account = accounts
            .find(|account| account.user.email == email)
            .unwrap();
        account.user.roles = roles;
    }
}

#[test]
fn the_rows_are_cleared_and_it_is_remembered_whose_the_account_was() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.recover(ANN, r#"["r1"]"#);
    let done = setup.done(ANN, &json!({ "clearMapping": true }));
    let cleared = (&done["clearedMapping"], &done["clearedRecovery"]);
    assert_eq!(cleared, (&json!(true), &json!(true)));
    assert_eq!(setup.rows(ANN), [r#"["idle",null,null,null,0]"#]);
    let sql = "SELECT forgotten_email || ' ' || forgotten_threedeye_id FROM threedeye_users";
    let remembered: Vec<String> = setup.service.database.query(sql, (), |row| row.get(0));
    assert_eq!(remembered, [format!("{ANN_EMAIL} {id}")]);
    assert_eq!(setup.accounts(), [(id, ANN_EMAIL.to_owned())], "it stays");
    // A row that says nothing is cleared too, and told.
    setup.recover(ANN, "[]");
    let again = setup.done(ANN, &json!({}));
    let cleared = (&again["clearedMapping"], &again["clearedRecovery"]);
    assert_eq!(cleared, (&json!(false), &json!(true)));
    setup.run();
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn rows_stay_where_it_is_not_asked_for_and_those_of_others_always() {
    let setup = setup();
    for user in [ANN, BOB] {
        setup.provision(user);
        setup.recover(user, r#"["r1"]"#);
    }
    let before = (setup.rows(ANN), setup.rows(BOB));
    let done = setup.done(ANN, &json!({ "clearMapping": false }));
    let cleared = (&done["clearedMapping"], &done["clearedRecovery"]);
    assert_eq!(cleared, (&json!(false), &json!(false)));
    assert_eq!((setup.rows(ANN), setup.rows(BOB)), before);
    setup.done(ANN, &json!({ "deleteRemote": true }));
    assert_eq!(setup.rows(BOB), before.1);
    setup.account(BOB_EMAIL);
}

#[test]
fn a_quarantine_is_lifted_with_the_rows_and_without() {
    for (options, state) in [
        (json!({}), Value::Null),
        (json!({ "clearMapping": false }), json!("pending")),
    ] {
        let setup = setup();
        setup.add_foreign_account(ANN_EMAIL);
        assert_eq!(setup.credentials(ANN).status(), 409);
        setup.done(ANN, &options);
        let mapping = &setup.diagnose(ANN)["mapping"];
        let told = (
            &mapping["state"],
            &mapping["attempts"],
            &mapping["lastError"],
        );
        assert_eq!(told, (&state, &json!(0), &Value::Null));
        setup.remote.directory_mut().accounts.clear();
        assert_eq!(setup.run()["created"], 2);
        setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    }
}

#[test]
fn the_account_is_found_by_its_id_and_by_the_email_in_any_case() {
    let delete = json!({ "deleteRemote": true });
    let by_email = setup();
    by_email.add_account("anns", "ANN@example.com", &[]);
    by_email.add_account("johns", "john@example.com", &[]);
    let done = by_email.done(ANN, &delete);
    assert_eq!(done["remote"]["deletedThreedeyeUserId"], "anns");
    let left = ("johns".to_owned(), "john@example.com".to_owned());
    assert_eq!(by_email.accounts(), [left]);

    let renamed = setup();
    let id = renamed.provision(ANN);
    renamed.remote.directory_mut().accounts[0].user.email = "renamed@example.com".to_owned();
    let done = renamed.done(ANN, &delete);
    assert_eq!(done["remote"]["deletedThreedeyeUserId"], id);
    assert!(renamed.accounts().is_empty());

    let moved = setup();
    let id = moved.provision(ANN);
    moved.change_email(ANN, NEW_EMAIL);
    let done = moved.done(ANN, &json!({ "deleteRemote": true, "reprovision": true }));
    assert_eq!(done["remote"]["deletedThreedeyeUserId"], id);
    assert_eq!(moved.accounts().len(), 1);
    moved.assert_provisioned(ANN, NEW_EMAIL, &[]);
}

#[test]
fn preserved_roles_join_those_that_wait() {
    let setup = setup();
    setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2", "r3"]);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.recover(ANN, r#"["r3","r1"]"#);
    let done = setup.done(ANN, &json!({ "deleteRemote": true, "preserveRoles": true }));
    assert_eq!(done["remote"]["removedRoleIds"], json!(["r1", "r2"]));
    assert_eq!(done["clearedRecovery"], false);
    setup.run();
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2", "r3"]);
    assert_eq!(setup.diagnose(ANN)["recovery"]["found"], false);
}

#[test]
fn a_delete_or_probe_that_fails_is_502_and_clears_nothing() {
    let hangs = Fault::Hangs;
    // A delete that was sent may have taken effect, so the queue has to find out.
    for (operation, fault, state) in [
        (Operation::Delete, refused(500, ""), "pending"),
        (Operation::Delete, refused(403, ""), "pending"),
        (Operation::Delete, Fault::Refused(login_page()), "pending"),
        (Operation::Delete, hangs, "pending"),
        (Operation::List, refused(500, ""), "complete"),
        (Operation::List, refused(200, "{\"data\":[{"), "complete"),
    ] {
        let setup = setup();
        let id = setup.provision(ANN);
        setup.recover(ANN, r#"["r9"]"#);
        let before = setup.rows(ANN);
        let is_unsettled = matches!(fault, Fault::Hangs);
        setup.break_down(operation, &fault);
        let options = json!({ "deleteRemote": true, "reprovision": true });
        assert_eq!(setup.reset(ANN, &options).status(), 502);
        let expected = before[0].replace("complete", state);
        assert_eq!(setup.rows(ANN), [expected.as_str(), before[1].as_str()]);
        let now = setup.service.clock.now().as_millis();
        let sql = "SELECT settled_at > ?1 FROM threedeye_users";
        let unsettled: Vec<bool> = setup.service.database.query(sql, [now], |row| row.get(0));
        assert_eq!(unsettled, [is_unsettled]);
        assert_eq!(setup.account(ANN_EMAIL).user.id.0, id);
        setup.mend();
        let again = setup.done(ANN, &json!({ "deleteRemote": true }));
        assert_eq!(again["remote"]["deletedThreedeyeUserId"], id);
    }
}

#[test]
fn an_account_that_is_gone_meanwhile_counts_as_deleted() {
    let lost: [fn() -> Fault; 2] = [
        || Fault::Mangled(|_| response(500, "")),
        || refused(404, ""),
    ];
    for fault in lost {
        let setup = setup();
        let id = setup.provision(ANN);
        setup.remote.faults().plan(Operation::Delete, [fault()]);
        let done = setup.done(ANN, &json!({ "deleteRemote": true }));
        assert_eq!(done["remote"]["deletedThreedeyeUserId"], id);
        assert_eq!(done["clearedMapping"], true);
    }
}

#[test]
fn reprovisioning_makes_another_account_with_the_roles_that_are_kept() {
    for (options, roles) in [
        (
            json!({ "deleteRemote": true, "reprovision": true }),
            &[][..],
        ),
        (
            json!({ "deleteRemote": true, "reprovision": true, "preserveRoles": true }),
            &["r1", "r2"],
        ),
        // Its password was forgotten, so it is replaced.
        (json!({ "reprovision": true }), &["r1", "r2"]),
    ] {
        let setup = setup();
        let old = setup.provision(ANN);
        setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
        let done = setup.done(ANN, &options);
        let account = setup.account(ANN_EMAIL).user;
        let expected = json!({ "attempted": true, "threedeyeUserId": account.id.0, "error": null });
        assert_eq!(done["reprovision"], expected);
        assert_ne!(account.id.0, old);
        setup.assert_provisioned(ANN, ANN_EMAIL, roles);
    }
}

#[test]
fn why_reprovisioning_failed_is_told_in_our_words() {
    let setup = setup();
    setup.service.add_user(CYD, None);
    setup.break_down(Operation::Create, &refused(400, "upstream-text"));
    for (user, message) in [
        (ANN, "3dEye refused the request with status 400"),
        (CYD, "The user has no e-mail"),
    ] {
        let done = setup.done(user, &json!({ "reprovision": true }));
        let expected = json!({ "attempted": true, "threedeyeUserId": null, "error": message });
        assert_eq!(done["reprovision"], expected);
    }
}

#[test]
fn an_account_that_was_let_go_of_is_not_left_behind() {
    for change_before in [true, false] {
        let setup = setup();
        setup.provision(ANN);
        if change_before {
            setup.change_email(ANN, NEW_EMAIL);
        }
        assert_eq!(setup.done(ANN, &json!({}))["clearedMapping"], true);
        setup.change_email(ANN, NEW_EMAIL);
        assert_eq!(setup.backfill("?limit=1").json()["created"], 1);
        setup.run();
        assert!(setup.remote.directory().with_email(ANN_EMAIL).is_empty());
        setup.assert_provisioned(ANN, NEW_EMAIL, &[]);
    }
}

#[test]
fn a_second_account_that_would_have_to_be_remembered_is_refused() {
    let setup = setup();
    setup.provision(ANN);
    setup.done(ANN, &json!({}));
    setup.change_email(ANN, NEW_EMAIL);
    // Taken up for the new e-mail, but ended before it could look at 3dEye.
    setup.break_down(Operation::List, &refused(503, ""));
    setup.backfill("");
    setup.mend();
    let message = "an account for an earlier e-mail of this user is still to be seen to; reset it with deleteRemote";
    assert_error(&setup.reset(ANN, &json!({})), StatusCode::CONFLICT, message);
    let kept = setup.done(ANN, &json!({ "clearMapping": false }));
    assert_eq!(kept["clearedMapping"], false);
    let done = setup.done(ANN, &json!({ "deleteRemote": true, "reprovision": true }));
    assert_eq!(done["reprovision"]["error"], Value::Null);
    setup.assert_provisioned(ANN, NEW_EMAIL, &[]);
    assert_eq!(setup.accounts().len(), 1);
}

#[test]
fn a_lease_that_is_held_is_409_and_one_that_has_ended_is_not() {
    let setup = setup();
    setup.provision(ANN);
    setup.hold_lease(ANN);
    let (before, calls) = (setup.rows(ANN), setup.calls());
    for options in [
        json!({}),
        json!({ "deleteRemote": true, "reprovision": true }),
    ] {
        let refused = setup.reset(ANN, &options);
        let message = "Another provisioning of this user is under way";
        assert_error(&refused, StatusCode::CONFLICT, message);
        assert_eq!(refused.header("retry-after"), Some("61"));
    }
    assert_eq!((setup.rows(ANN), setup.calls()), (before, calls));
    setup.service.pass(std::time::Duration::from_secs(60));
    assert_eq!(setup.done(ANN, &json!({}))["clearedMapping"], true);
}

#[test]
fn an_account_that_is_mapped_to_another_user_is_left_alone() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.change_email(ANN, "moved@example.com");
    setup.change_email(BOB, ANN_EMAIL);
    let remote = setup.done(BOB, &json!({ "deleteRemote": true }))["remote"].take();
    let expected = json!({
        "attemptedDelete": true, "deletedThreedeyeUserId": null, "notVisible": false,
        "removedRoleIds": [],
    });
    assert_eq!(remote, expected);
    assert_eq!(setup.accounts(), [(id, ANN_EMAIL.to_owned())]);
}

#[test]
fn the_audit_trail_tells_who_reset_whom_and_in_which_request() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1"]);
    let options = json!({ "deleteRemote": true, "preserveRoles": true });
    let answer = setup.reset(ANN, &options);
    let request = answer.header("x-request-id").unwrap();
    let sql =
        "SELECT action, subject, outcome, actor FROM audit_log WHERE request_id = ?1 ORDER BY id";
    let rows: Vec<[String; 4]> = setup.service.database.query(sql, [request], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    });
    let actions: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(actions, ["threedeye.delete_account", "threedeye.reset"]);
    assert!(rows[1][2].contains(&id));
    for [_, subject, _, actor] in &rows {
        assert_eq!(subject, ANN);
        assert!(
            actor.starts_with("admin-key:")
                && actor.ends_with(" a***@smartphonekey.com (auth0|anna)")
        );
    }
    assert!(!rows.concat().concat().contains(ANN_EMAIL));
}
