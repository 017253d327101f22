//! Who gets an account that existed before ours, and its password.

use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, Setup, setup, text};
use crate::testing::service::{TestRequest, claims, token};
use crate::threedeye::simulated::Operation;

/// Who asks for Ann's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Verified,
    /// In other letters than the account's.
    VerifiedInCapitals,
    VerifiedAsText,
    Unverified,
    Unsaid,
    VerifiedOtherEmail,
    WithoutEmail,
    /// The e-mail is of an administrator's domain, the admin key is missing.
    StaffByDomain,
    /// A program's own token.
    Machine,
    Key,
    BoundKey,
    Pair,
}

use Who::{
    BoundKey, Key, Machine, Pair, StaffByDomain, Unsaid, Unverified, Verified, VerifiedAsText,
    VerifiedInCapitals, VerifiedOtherEmail, WithoutEmail,
};

const ALL: [Who; 12] = [
    Verified,
    VerifiedInCapitals,
    VerifiedAsText,
    Unverified,
    Unsaid,
    VerifiedOtherEmail,
    WithoutEmail,
    StaffByDomain,
    Machine,
    Key,
    BoundKey,
    Pair,
];

impl Setup {
    fn ask_as(&self, who: Who) -> TestRequest<'_> {
        let ask = self.ask(ANN);
        let person = |email: Option<&str>, verified: Value| {
            let mut claims = claims(ANN);
            claims["email"] = json!(email);
            claims["email_verified"] = verified;
            claims
        };
        let yes = || json!(true);
        let claims = match who {
            Key => return ask.header("x-api-key", &self.api_key("threedeye:read", None).1),
            BoundKey => {
                return ask.header("x-api-key", &self.api_key("threedeye:read", Some(ANN)).1);
            }
            Pair => return ask.admin(),
            Verified => person(Some(ANN_EMAIL), yes()),
            VerifiedInCapitals => person(Some("ANN@Example.com"), yes()),
            VerifiedAsText => person(Some(ANN_EMAIL), json!("true")),
            Unverified => person(Some(ANN_EMAIL), json!(false)),
            Unsaid => person(Some(ANN_EMAIL), Value::Null),
            VerifiedOtherEmail => person(Some("eve@example.com"), yes()),
            WithoutEmail => person(None, yes()),
            StaffByDomain => person(Some("anna@smartphonekey.com"), yes()),
            Machine => {
                let mut claims = person(Some(ANN_EMAIL), yes());
                claims["gty"] = json!("client-credentials");
                claims
            }
        };
        ask.bearer(&token(&claims))
    }

    fn has_the_old_account(&self) -> bool {
        self.accounts_named(ANN_EMAIL) == ["old"]
    }

    fn accounts_named(&self, email: &str) -> Vec<String> {
        let directory = self.remote.directory();
        let accounts = directory.with_email(email);
        accounts.iter().map(|one| one.user.id.0.clone()).collect()
    }
}

/// Ann's e-mail has an account that we did not make.
fn with_old_account() -> Setup {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1"]);
    setup
}

#[test]
fn an_account_that_we_make_needs_no_proof() {
    for who in ALL {
        let setup = setup();
        for _ in 0..2 {
            assert_eq!(setup.ask_as(who).send().status(), 200, "{who:?}");
        }
    }
}

#[test]
fn an_account_that_was_there_is_taken_over_with_a_proof_of_its_email_and_by_support() {
    for who in ALL {
        let setup = with_old_account();
        let expected = match who {
            Verified | VerifiedInCapitals | VerifiedAsText | Pair => 200,
            _ => 409,
        };
        let answer = setup.ask_as(who).send();
        assert_eq!(answer.status(), expected, "{who:?}");
        assert_eq!(setup.has_the_old_account(), expected != 200, "{who:?}");
        if expected != 409 {
            continue;
        }
        let message = text(&answer.json()["message"]);
        assert!(message.contains("ask support"), "{who:?}: {message}");
        assert_eq!(setup.remote.calls(Operation::Delete), 0, "{who:?}");
        // It is no failure of the user's: the next run goes on as usual.
        let mapping = setup.diagnose(ANN)["mapping"].clone();
        assert_eq!(mapping["attempts"], 0, "{who:?}");
        assert_eq!(mapping["lastError"], Value::Null, "{who:?}");
        assert_eq!(setup.run()["created"], 2, "{who:?}");
        setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);
    }
}

#[test]
fn what_a_run_took_over_is_read_with_a_proof_of_its_email_by_support_and_by_a_service() {
    let setup = with_old_account();
    setup.run();
    assert!(!setup.has_the_old_account());
    assert_eq!(setup.diagnose(ANN)["mapping"]["takenOver"], true);
    for who in ALL {
        let answer = setup.ask_as(who).send();
        let expected = match who {
            Verified | VerifiedInCapitals | VerifiedAsText | Pair | Key => 200,
            _ => 409,
        };
        assert_eq!(answer.status(), expected, "{who:?}");
        let has_password = answer.json().get("password").is_some();
        assert_eq!(has_password, expected == 200, "{who:?}");
    }
}

#[test]
fn another_email_of_the_user_proves_nothing_of_the_account() {
    let setup = with_old_account();
    setup.run();
    setup.change_email(ANN, "eve@example.com");
    assert_eq!(setup.ask_as(VerifiedOtherEmail).send().status(), 409);
    assert_eq!(setup.ask_as(Verified).send().status(), 200);
}

#[test]
fn an_interrupted_take_over_stays_marked_for_the_email_it_began_with() {
    let setup = with_old_account();
    setup.refuse(Operation::Create, 500, 9);
    setup.run();
    assert!(
        setup.accounts_named(ANN_EMAIL).is_empty(),
        "deleted, not made anew"
    );
    setup.mend();
    // The roles of the account go to a person who never showed that it was theirs.
    setup.change_email(ANN, "eve@example.com");
    setup.service.pass(crate::provisioning::policy::WATCH);
    assert_eq!(setup.ask_as(VerifiedOtherEmail).send().status(), 409);
    setup.assert_provisioned(ANN, "eve@example.com", &["r1"]);
    assert_eq!(setup.ask_as(VerifiedOtherEmail).send().status(), 409);
}

#[test]
fn a_reset_lifts_the_mark_only_where_it_deletes_the_account() {
    let setup = with_old_account();
    setup.run();
    // The account is remembered, and so is how we came by it.
    setup.reset(ANN, &json!({}));
    setup.run();
    assert_eq!(setup.ask_as(Unverified).send().status(), 409);
    for preserve in [true, false] {
        let order = json!({ "deleteRemote": true, "preserveRoles": preserve });
        assert_eq!(setup.reset(ANN, &order).status(), 200);
        assert_eq!(setup.ask_as(Unverified).send().status(), 200, "{preserve}");
        assert_eq!(setup.diagnose(ANN)["mapping"]["takenOver"], false);
    }
}

#[test]
fn an_account_that_a_reset_let_go_of_is_no_take_over() {
    let setup = setup();
    setup.provision(ANN);
    setup.reset(ANN, &json!({}));
    assert_eq!(setup.ask_as(Unverified).send().status(), 200);
    assert_eq!(setup.remote.calls(Operation::Delete), 1, "made again");
    setup.assert_provisioned(ANN, ANN_EMAIL, &[]);
    assert_eq!(setup.diagnose(ANN)["mapping"]["takenOver"], false);
}
