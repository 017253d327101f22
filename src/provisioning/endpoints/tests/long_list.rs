//! A customer with so many accounts that its list cannot be read to its end.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, Setup, assert_error, setup};
use crate::kernel::Clock as _;
use crate::provisioning::policy::SINGLE_BUDGET;
use crate::threedeye::simulated::faults::Fault;
use crate::threedeye::simulated::{Operation, response};

const INCOMPLETE: &str = "the customer's user list could not be read whole";
const CYD_EMAIL: &str = "cyd@example.com";
const DEE: &str = "dee";
const DEE_EMAIL: &str = "dee@example.com";
const EVE: &str = "eve";
const EVE_EMAIL: &str = "eve@example.com";

fn everything() -> Value {
    json!({ "deleteRemote": true, "preserveRoles": true, "reprovision": true })
}

/// 400 pages of others' accounts. Ann's is on the first page and Bob's on the last, each with a role
/// and not provisioned; Cyd and Dee are provisioned, on the last page; Eve is new.
fn long_list() -> Setup {
    let setup = setup().page_size("5");
    setup.add_account("first", ANN_EMAIL, &["front-door"]);
    for number in 0..2_000 {
        let email = format!("stranger-{number}@example.com");
        setup.add_account(&format!("stranger-{number}"), &email, &[]);
    }
    setup.add_account("last", BOB_EMAIL, &["front-door"]);
    for (user, email) in [(CYD, CYD_EMAIL), (DEE, DEE_EMAIL)] {
        setup.service.add_user(user, Some(email));
        setup.provision(user);
    }
    setup.service.add_user(EVE, Some(EVE_EMAIL));
    setup
}

fn assert_all_provisioned(setup: &Setup) {
    setup.assert_provisioned(ANN, ANN_EMAIL, &["front-door"]);
    setup.assert_provisioned(BOB, BOB_EMAIL, &["front-door"]);
    setup.assert_provisioned(CYD, CYD_EMAIL, &[]);
    setup.assert_provisioned(DEE, DEE_EMAIL, &[]);
    setup.assert_provisioned(EVE, EVE_EMAIL, &[]);
}

/// What a probe says of the list and of the account.
fn remote(setup: &Setup, user: &str) -> [Value; 4] {
    let remote = &setup.diagnose(user)["remote"];
    [
        "customerUserCount",
        "emailPresentInCustomer",
        "match",
        "error",
    ]
    .map(|field| remote[field].clone())
}

/// Sends it, within the time that one user may take.
fn in_time<T>(setup: &Setup, send: impl FnOnce() -> T) -> T {
    let began = setup.service.clock.now();
    let answer = send();
    assert!(setup.service.clock.now().since(began) <= SINGLE_BUDGET);
    answer
}

#[test]
fn while_it_is_slow_each_request_does_what_its_time_allows() {
    let setup = long_list();
    let login = setup.credentials(DEE).json();
    setup.slow_down(Operation::List, 5);
    setup.slow_down(Operation::Delete, 8);

    let far = in_time(&setup, || setup.diagnose(CYD));
    assert_eq!(far["mapping"]["remoteAccountExists"], Value::Null);
    let unknown = [Value::Null, Value::Null, Value::Null];
    let [count, present, matched, error] = in_time(&setup, || remote(&setup, CYD));
    assert_eq!(
        ([count, present, matched], error),
        (unknown, json!(INCOMPLETE))
    );
    let [_, present, matched, error] = in_time(&setup, || remote(&setup, ANN));
    assert_eq!(
        (present, &matched["roleCount"], error),
        (json!(true), &json!(1), json!(INCOMPLETE))
    );
    // What is stored needs no list, and a new account no more than a free e-mail.
    assert_eq!(in_time(&setup, || setup.credentials(CYD)).status(), 200);
    assert_eq!(in_time(&setup, || setup.credentials(EVE)).status(), 200);
    let taken = in_time(&setup, || setup.credentials(BOB));
    assert_error(&taken, StatusCode::BAD_GATEWAY, INCOMPLETE);
    let kept = in_time(&setup, || setup.reset(DEE, &everything()));
    assert_error(&kept, StatusCode::BAD_GATEWAY, INCOMPLETE);
    let cleared = in_time(&setup, || setup.reset(ANN, &everything())).json();
    assert_eq!(cleared["remote"]["removedRoleIds"], json!(["front-door"]));
    assert_eq!(cleared["reprovision"]["error"], Value::Null);

    assert_eq!(setup.credentials(DEE).json(), login, "nothing was cleared");
    let bob = setup.diagnose(BOB);
    assert_eq!(bob["mapping"]["state"], "pending", "and not quarantined");
    setup.slow_down(Operation::List, 0);
    setup.slow_down(Operation::Delete, 0);
    let run = setup.run();
    assert_eq!(
        (&run["created"], &run["failed"], &run["remaining"]),
        (&json!(1), &json!(0), &json!(0))
    );
    assert_all_provisioned(&setup);
}

#[test]
fn while_it_is_slow_a_run_creates_new_accounts_and_finds_no_orphan() {
    let setup = long_list();
    setup.slow_down(Operation::List, 9);
    let run = setup.run();
    let expected = json!({
        "success": true, "total": 3, "created": 2, "failed": 1, "quarantined": 0,
        "errors": [format!("{BOB}: {INCOMPLETE}")],
    });
    for (field, expected) in expected.as_object().unwrap() {
        assert_eq!(&run[field], expected, "{field}");
    }
    setup.assert_provisioned(ANN, ANN_EMAIL, &["front-door"]);
    setup.assert_provisioned(EVE, EVE_EMAIL, &[]);
    setup.slow_down(Operation::List, 0);
    assert_eq!(setup.run()["created"], 1);
    assert_all_provisioned(&setup);
}

#[test]
fn while_a_page_fails_for_good_nothing_is_concluded_from_the_others() {
    let setup = long_list();
    let login = setup.credentials(CYD).json();
    let unavailable = "3dEye is unavailable";
    // The first page is read, then every later one fails.
    let fails = || {
        setup.mend();
        setup.remote.faults().plan(Operation::List, [Fault::None]);
        let fault = Fault::Refused(response(500, ""));
        setup.break_down(Operation::List, &fault);
    };
    fails();
    let unknown = [Value::Null, Value::Null, Value::Null];
    let [count, present, matched, error] = remote(&setup, BOB);
    assert_eq!(
        ([count, present, matched], error),
        (unknown, json!(unavailable))
    );
    fails();
    let asked = setup.credentials(BOB);
    assert_error(&asked, StatusCode::BAD_GATEWAY, unavailable);
    fails();
    let reset = setup.reset(CYD, &everything());
    assert_error(&reset, StatusCode::BAD_GATEWAY, unavailable);
    fails();
    assert_error(&setup.backfill(""), StatusCode::BAD_GATEWAY, unavailable);
    fails();
    setup.assert_provisioned(ANN, ANN_EMAIL, &["front-door"]);

    assert_eq!(setup.credentials(CYD).json(), login);
    assert_eq!(setup.account(BOB_EMAIL).user.id.0, "last", "left alone");
    setup.mend();
    assert_eq!(setup.run()["remaining"], 0);
    assert_all_provisioned(&setup);
}
