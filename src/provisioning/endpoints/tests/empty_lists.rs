//! Lists that contradict what is known, and how what they did is undone.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, Setup, assert_error, setup};
use crate::provisioning::policy::WATCH;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};

const EMPTY: &str = "3dEye's user list came empty although this customer is known to have accounts";

impl Setup {
    /// The next lists are answered like this.
    fn show(&self, list: &Value, times: usize) {
        let page = Fault::Refused(response(200, list.to_string()));
        let pages = vec![page; times];
        self.remote.faults().plan(Operation::List, pages);
    }

    fn show_nothing(&self, times: usize) {
        self.show(&json!({ "data": [] }), times);
    }

    fn state_and_error(&self, user: &str) -> (Value, Value) {
        let mapping = &self.diagnose(user)["mapping"];
        (mapping["state"].clone(), mapping["lastError"].clone())
    }
}

/// Ann has her account; Bob's e-mail has one whose password we do not know.
fn known() -> Setup {
    let setup = setup();
    setup.provision(ANN);
    setup.add_account("old", BOB_EMAIL, &["r1"]);
    setup
}

#[test]
fn an_empty_list_while_accounts_are_known_ends_a_run_and_quarantines_no_one() {
    let setup = known();
    setup.service.add_user(CYD, Some("cyd@example.com"));
    for empty in [
        json!({ "data": [] }),
        json!({ "data": [], "total": 0 }),
        json!({ "data": [], "total": 9 }),
    ] {
        setup.show(&empty, 1);
        let creates = setup.remote.calls(Operation::Create);
        assert_error(&setup.backfill(""), StatusCode::BAD_GATEWAY, EMPTY);
        assert_eq!(setup.remote.calls(Operation::Create), creates);
        let run = setup.last_run();
        assert_eq!(
            (&run["status"], &run["quarantined"]),
            (&json!("ended_early"), &json!(0))
        );
    }
    setup.show_nothing(1);
    assert_error(&setup.credentials(BOB), StatusCode::BAD_GATEWAY, EMPTY);
    assert_eq!(setup.run()["created"], 2);
    setup.assert_provisioned(BOB, BOB_EMAIL, &["r1"]);
}

#[test]
fn a_list_that_is_read_again_is_held_to_the_same() {
    let setup = known();
    setup.add_foreign_account("cyd@example.com");
    setup.service.add_user(CYD, Some("cyd@example.com"));
    setup.remote.faults().plan(Operation::List, [Fault::None]);
    setup.show_nothing(1);
    let run = setup.run();
    assert_eq!(
        (&run["created"], &run["quarantined"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(setup.state_and_error(CYD), (json!("pending"), json!(EMPTY)));
}

#[test]
fn a_reset_deletes_nothing_on_the_word_of_an_empty_list() {
    let setup = known();
    let login = setup.credentials(ANN).json();
    setup.provision(BOB);
    setup.show_nothing(1);
    let refused = setup.reset(ANN, &json!({ "deleteRemote": true }));
    assert_error(&refused, StatusCode::BAD_GATEWAY, EMPTY);
    assert_eq!(setup.credentials(ANN).json(), login, "nothing was cleared");
}

#[test]
fn the_last_account_may_be_gone() {
    let setup = setup();
    setup.provision(ANN);
    setup.remote.directory_mut().accounts.clear();
    assert_error(&setup.backfill(""), StatusCode::BAD_GATEWAY, EMPTY);
    let done = setup.reset(ANN, &json!({ "deleteRemote": true })).json();
    assert_eq!(done["remote"]["notVisible"], true);
    assert_eq!(setup.run()["created"], 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn diagnostics_call_an_empty_list_what_it_is() {
    let setup = known();
    setup.provision(BOB);
    setup.show_nothing(1);
    let remote = setup.diagnose(ANN)["remote"].clone();
    assert_eq!(remote["error"], EMPTY);
    assert_eq!(remote["emailPresentInCustomer"], Value::Null);
    assert_eq!(setup.diagnose(ANN)["mapping"]["remoteAccountExists"], true);
}

/// Ann and Bob were quarantined by empty lists, before any account was known.
fn quarantined_by_a_blip() -> Setup {
    let setup = setup();
    setup.add_account("a", ANN_EMAIL, &["r1"]);
    setup.add_account("b", BOB_EMAIL, &[]);
    setup.show_nothing(3);
    assert_eq!(setup.run()["quarantined"], 2);
    setup
}

#[test]
fn a_run_that_sees_the_accounts_of_quarantined_users_makes_them_due() {
    let setup = quarantined_by_a_blip();
    // There is nothing else to do, so the first run only looks.
    assert_eq!(setup.run()["total"], 0);
    assert_eq!(setup.run()["created"], 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);

    let later = quarantined_by_a_blip();
    later.service.pass(WATCH);
    later.service.add_user(CYD, Some("cyd@example.com"));
    assert_eq!(later.run()["created"], 1);
    assert_eq!(later.run()["created"], 2);
    let sql = "SELECT count(*) FROM audit_log WHERE action = 'threedeye.requeue'";
    let rows: Vec<u32> = later.service.database.query(sql, (), |row| row.get(0));
    assert_eq!(rows, [2]);
}

#[test]
fn a_diagnosis_that_sees_the_account_makes_the_user_due() {
    let setup = quarantined_by_a_blip();
    let diagnosis = setup.diagnose(ANN);
    assert_eq!(diagnosis["remote"]["match"]["id"], "a");
    let mapping = &diagnosis["mapping"];
    assert_eq!(
        (&mapping["state"], &mapping["lastError"]),
        (&json!("pending"), &Value::Null)
    );
    let run = setup.backfill("?limit=1").json();
    assert_eq!(run["created"], 1);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);
}

#[test]
fn a_diagnosis_that_does_not_see_the_account_changes_nothing() {
    let setup = setup();
    setup.add_foreign_account(ANN_EMAIL);
    setup.run();
    let (_, batches) = setup.service.batches_of(|| setup.diagnose(ANN));
    assert_eq!(batches, 1);
    assert_eq!(setup.diagnose(ANN)["mapping"]["state"], "quarantined");
}
