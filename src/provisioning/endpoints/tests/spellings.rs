//! E-mails that differ in letters beyond ASCII.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, BOB, BOB_EMAIL, Setup, assert_error, setup};
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

const LOWER: &str = "j\u{f6}rg.1@example.com";
const UPPER: &str = "J\u{d6}RG.1@example.com";

const MESSAGE: &str = "the e-mail is present in our customer in another spelling; support can write \
                       it in one way, in our users or at 3dEye";

impl Setup {
    #[track_caller]
    fn assert_present_in_another_spelling(&self, user: &str, account: &str) {
        let diagnosis = self.diagnose(user);
        let mapping = &diagnosis["mapping"];
        let told = (&mapping["state"], &mapping["lastError"]);
        assert_eq!(told, (&json!("quarantined"), &json!(MESSAGE)));
        assert_eq!(diagnosis["remote"]["match"]["id"], account);
        assert_eq!(diagnosis["remote"]["emailPresentInCustomer"], true);
    }
}

#[test]
fn an_account_in_another_spelling_is_neither_taken_over_nor_called_outside() {
    for (ours, theirs) in [
        (LOWER, UPPER),
        (UPPER, LOWER),
        (LOWER, "jo\u{308}rg.1@example.com"),
        ("ann@example.com", "ann@example.com\u{a0}"),
        ("ann@example.com\u{a0}", "Ann@Example.com"),
        ("stra\u{df}e@example.com", "STRASSE@example.com"),
        ("stra\u{df}e@example.com", "STRA\u{1e9e}E@example.com"),
        ("ann@b\u{fc}cher.example", "Ann@xn--bcher-kva.example"),
        ("ann@xn--bcher-kva.example", "ann@B\u{dc}CHER.example"),
    ] {
        let setup = setup();
        setup.add_account("old", theirs, &["r1"]);
        setup.change_email(ANN, ours);
        let run = setup.run();
        assert_eq!(
            (&run["created"], &run["quarantined"]),
            (&json!(1), &json!(1)),
            "{ours}"
        );
        assert_eq!(run["errors"], json!([format!("{ANN}: {MESSAGE}")]));
        setup.assert_present_in_another_spelling(ANN, "old");
        assert_error(&setup.credentials(ANN), StatusCode::CONFLICT, MESSAGE);
        // A reset does not make it ours.
        setup.reset(ANN, &json!({ "deleteRemote": true }));
        assert_error(&setup.credentials(ANN), StatusCode::CONFLICT, MESSAGE);
        setup.assert_present_in_another_spelling(ANN, "old");
        // Nor is it tried again: a diagnosis and a run that see it are no news.
        assert_eq!(setup.run()["total"], 0);
        assert_eq!(setup.remote.calls(Operation::Delete), 0);
        // Written in one way, it is an account like any other.
        setup.change_email(ANN, theirs);
        assert_eq!(setup.run()["created"], 1, "{ours}");
    }
}

#[test]
fn of_two_users_in_different_spellings_the_second_is_told() {
    let setup = setup();
    setup.change_email(ANN, LOWER);
    setup.change_email(BOB, UPPER);
    let run = setup.run();
    assert_eq!(
        (&run["created"], &run["quarantined"]),
        (&json!(1), &json!(1))
    );
    let first = setup.remote.directory().accounts[0].user.clone();
    let second = if first.email == LOWER { BOB } else { ANN };
    setup.assert_present_in_another_spelling(second, &first.id.0);
}

#[test]
fn what_showed_too_late_for_the_run_is_told_by_the_next_that_sees_it() {
    let setup = setup();
    setup.remote.directory_mut().create_delay = std::time::Duration::from_secs(60);
    setup.change_email(ANN, LOWER);
    setup.change_email(BOB, UPPER);
    assert_eq!(setup.run()["quarantined"], 1);
    setup.service.pass(std::time::Duration::from_secs(60));
    setup.run();
    assert_eq!(setup.run()["quarantined"], 1);
    let first = setup.remote.directory().accounts[0].user.clone();
    let second = if first.email == LOWER { BOB } else { ANN };
    setup.assert_present_in_another_spelling(second, &first.id.0);
}

#[test]
fn an_account_that_the_stored_password_opens_is_ours_in_every_spelling() {
    let setup = setup();
    setup.change_email(ANN, UPPER);
    setup.change_email(BOB, "");
    setup
        .remote
        .faults()
        .plan(Operation::Create, [Fault::AnswerLost]);
    // 3dEye writes what it is given in its own way.
    setup.remote.faults().plan(Operation::List, [Fault::None]);
    let directory = setup.remote.clone();
    let mut lists = 0;
    setup.intercept(move |request| {
        lists += u32::from(request.url.contains("/users?"));
        if lists == 2 {
            directory.directory_mut().accounts[0].user.email = LOWER.to_owned();
        }
        None
    });
    assert_eq!(setup.run()["created"], 1);
    let account = setup.remote.directory().accounts[0].clone();
    let told = setup.credentials(ANN).json();
    assert_eq!(told["threeDeyeUserId"], json!(account.user.id.0));
    assert_eq!(told["password"], json!(account.password));
}

#[test]
fn letters_that_are_not_the_same_are_another_address() {
    let setup = setup();
    setup.add_account("old", "jorg.1@example.com", &[]);
    setup.change_email(ANN, LOWER);
    assert_eq!(setup.run()["created"], 2);
    let diagnosis = setup.diagnose(ANN);
    assert_ne!(diagnosis["remote"]["match"]["id"], "old");
    assert_ne!(diagnosis["remote"]["match"], Value::Null);
    setup.assert_provisioned(BOB, BOB_EMAIL, &[]);
}
