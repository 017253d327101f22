//! Calls whose answers are lost, late or no answer: each user still ends with one account that opens
//! with the stored password, and nothing is deleted on a guess.

use std::time::Duration;

use serde_json::json;

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, Setup, limited, login_page, refused, setup};
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};

fn audit_outcomes(setup: &Setup) -> Vec<String> {
    let sql = "SELECT outcome FROM audit_log ORDER BY rowid";
    setup.service.database.query(sql, (), |row| row.get(0))
}

#[test]
fn a_create_whose_answer_is_lost_after_its_effect_is_adopted() {
    let lost: [(&str, Fault); 6] = [
        ("a 500", Fault::Mangled(|_| response(500, ""))),
        (
            "a 502 in HTML",
            Fault::Mangled(|_| response(502, "<h1>Bad gateway</h1>")),
        ),
        ("a login page", Fault::Mangled(|_| login_page())),
        (
            "half of an answer",
            Fault::Mangled(|whole| response(201, &whole.body[..whole.body.len() / 2])),
        ),
        (
            "a huge answer",
            Fault::Mangled(|_| response(201, vec![b' '; 5 << 20])),
        ),
        ("a broken connection", Fault::AnswerLost),
    ];
    for (what, fault) in lost {
        let setup = setup();
        setup.remote.faults().plan(Operation::Create, [fault]);
        assert_eq!(setup.backfill("?limit=1").json()["created"], 1, "{what}");
        assert_eq!(setup.remote.calls(Operation::Create), 1, "{what}");
        assert_eq!(setup.remote.calls(Operation::Delete), 0, "{what}");
        assert_eq!(audit_outcomes(&setup), ["adopted"], "{what}");
        setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    }
}

#[test]
fn a_create_without_effect_is_repeated_once_the_list_was_read_again() {
    let lost = [
        ("a 500", refused(500, "")),
        ("a 502 in HTML", refused(502, "<h1>Bad gateway</h1>")),
        ("a login page", Fault::Refused(login_page())),
        ("half of an answer", refused(201, "{\"id\":\"u1\",")),
        ("a huge answer", refused(201, vec![b' '; 5 << 20])),
        ("no answer", Fault::Hangs),
        ("no connection", Fault::Unreachable),
    ];
    for (what, fault) in lost {
        for list_fails in [false, true] {
            let setup = setup();
            setup
                .remote
                .faults()
                .plan(Operation::Create, [fault.clone()]);
            if list_fails {
                let again = [Fault::None, refused(403, "")];
                setup.remote.faults().plan(Operation::List, again);
            }
            let (created, creates) = if list_fails { (0, 1) } else { (1, 2) };
            let run = setup.backfill("?limit=1").json();
            assert_eq!(run["created"], created, "{what}");
            assert_eq!(setup.remote.calls(Operation::Create), creates, "{what}");
            setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
        }
    }
}

#[test]
fn an_account_that_stays_invisible_is_adopted_by_a_later_run() {
    let setup = setup();
    setup.remote.directory_mut().create_delay = Duration::from_secs(6);
    setup
        .remote
        .faults()
        .plan(Operation::Create, [Fault::AnswerLost]);
    let first = setup.backfill("?limit=1").json();
    let line = format!("{ANN}: the account was created but is not visible yet");
    assert_eq!(
        (&first["created"], &first["failed"], &first["quarantined"]),
        (&json!(0), &json!(1), &json!(0))
    );
    assert_eq!(first["errors"], json!([line]));
    setup.service.pass(Duration::from_secs(6));
    assert_eq!(setup.run()["created"], 2);
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}

#[test]
fn a_new_account_that_the_list_does_not_show_is_not_made_again() {
    let setup = setup();
    setup.remote.directory_mut().create_delay = Duration::from_secs(60);
    assert_eq!(setup.run()["created"], 2);
    assert_eq!(setup.run()["total"], 0);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    setup.assert_provisioned(BOB, BOB_EMAIL, &[]);
}

#[test]
fn a_deleted_email_that_stays_taken_is_waited_for() {
    for (delay, created) in [(1500, 2), (5000, 1)] {
        let setup = setup();
        setup.add_account("old", ANN_EMAIL, &["r1"]);
        setup.remote.directory_mut().delete_delay = Duration::from_millis(delay);
        let run = setup.run();
        assert_eq!(
            (&run["created"], &run["quarantined"]),
            (&json!(created), &json!(0))
        );
        let waits = setup.diagnose(ANN)["recovery"]["found"].clone();
        assert_eq!(waits, created == 1, "the roles wait");
        setup.service.pass(Duration::from_millis(delay));
        assert_eq!(setup.run()["remaining"], 0);
        setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);
    }
}

#[test]
fn roles_that_cannot_be_attached_wait_and_hold_up_no_others() {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1", "r2"]);
    // The first is refused at each of the three tries.
    let refusal = refused(403, "");
    setup.remote.faults().plan(
        Operation::Attach,
        [refusal.clone(), Fault::None, refusal.clone(), refusal],
    );
    let first = setup.backfill("?limit=1").json();
    assert_eq!(
        (&first["created"], &first["failed"]),
        (&json!(0), &json!(1))
    );
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r2"]);
    let found = setup.diagnose(ANN);
    assert_eq!(found["mapping"]["state"], "attaching");
    let waiting = json!({ "found": true, "roleIds": ["r1", "r2"] });
    assert_eq!(found["recovery"], waiting);
    assert_eq!(setup.run()["created"], 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    assert_eq!(setup.diagnose(ANN)["recovery"]["found"], false);
    assert_eq!(setup.remote.calls(Operation::Create), 2);
}

#[test]
fn a_role_that_is_not_found_at_first_is_attached_at_last() {
    for times in [1, 2, 5] {
        let setup = setup();
        setup.add_account("old", ANN_EMAIL, &["r1", "r2"]);
        setup.refuse(Operation::Attach, 404, times);
        for _ in 0..2 {
            setup.run();
        }
        setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
        assert_eq!(setup.diagnose(ANN)["recovery"]["found"], false, "{times}");
    }
}

/// Ann's password is stored, and an account has her e-mail that it does not open.
fn strangers_account() -> Setup {
    let setup = setup();
    setup.refuse(Operation::Create, 400, 1);
    assert_eq!(setup.backfill("?limit=1").json()["failed"], 1);
    setup.add_account("strangers", ANN_EMAIL, &["r1"]);
    setup
}

#[test]
fn an_account_that_the_stored_password_does_not_open_is_replaced() {
    for status in [400, 401] {
        let setup = strangers_account();
        let logins = setup.remote.calls(Operation::Token);
        setup.refuse(Operation::Token, status, 1);
        assert_eq!(setup.run()["created"], 2, "{status}");
        assert!(setup.remote.calls(Operation::Token) > logins, "{status}");
        setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);
        assert_ne!(setup.account(ANN_EMAIL).user.id.0, "strangers");
    }
}

#[test]
fn without_a_definite_refusal_of_the_password_nothing_is_deleted() {
    for (what, fault) in [
        ("403", refused(403, "")),
        ("404", refused(404, "")),
        ("429", limited(Some("1"))),
        ("500", refused(500, "")),
        ("a login page", Fault::Refused(login_page())),
        ("no token in it", refused(200, "{}")),
        ("no answer", Fault::Hangs),
        ("no connection", Fault::Unreachable),
    ] {
        let setup = strangers_account();
        // Our own token is known by now, so these are the proofs.
        let logins = setup.remote.calls(Operation::Token);
        setup.break_down(Operation::Token, &fault);
        assert_eq!(setup.credentials(ANN).status(), 502, "{what}");
        assert!(setup.remote.calls(Operation::Token) > logins, "{what}");
        assert_eq!(setup.remote.calls(Operation::Delete), 0, "{what}");
        let account = setup.account(ANN_EMAIL);
        assert_eq!(account.user.id.0, "strangers", "{what}");
    }
}

#[test]
fn a_lost_create_that_cannot_be_proved_yet_is_adopted_later() {
    let setup = setup();
    setup
        .remote
        .faults()
        .plan(Operation::Create, [Fault::AnswerLost]);
    setup.remote.faults().plan(Operation::Token, [Fault::None]);
    setup.break_down(Operation::Token, &refused(500, ""));
    assert_eq!(setup.backfill("?limit=1").json()["created"], 0);
    setup.mend();
    assert_eq!(setup.run()["created"], 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
    assert_eq!(setup.remote.calls(Operation::Create), 2);
}

#[test]
fn an_account_whose_delete_may_still_take_effect_is_not_adopted() {
    let setup = setup();
    setup.provision(ANN);
    let lands = Fault::Lands {
        after: Duration::from_secs(50),
        actor: 0,
    };
    setup
        .remote
        .faults()
        .plan(Operation::Delete, vec![lands; 3]);
    let reset = setup.reset(ANN, &json!({ "deleteRemote": true }));
    assert_eq!(reset.status(), 502);
    // The account is there and its password is known, but not for long.
    assert_ne!(setup.credentials(ANN).status(), 200);
    setup.service.pass(Duration::from_secs(90));
    while setup.remote.land().is_some() {}
    assert_eq!(setup.run()["remaining"], 0);
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
}
