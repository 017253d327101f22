use http::StatusCode;
use serde_json::json;

use super::{ANN, ANN_EMAIL, CYD, UNKNOWN, assert_error, setup};
use crate::threedeye::simulated::Operation;

#[test]
fn the_first_call_provisions_and_the_second_one_reads() {
    let setup = setup();
    let first = setup.credentials(ANN);
    let account = setup.account(ANN_EMAIL);
    let expected = json!({
        "userId": ANN,
        "email": ANN_EMAIL,
        "threeDeyeUserId": account.user.id.0,
        "password": account.password,
    });
    assert_eq!((first.status(), first.json()), (200, expected.clone()));
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let calls = setup.calls();
    let second = setup.credentials(ANN);
    assert_eq!((second.status(), second.json()), (200, expected));
    assert_eq!(second.header("cache-control"), Some("no-store"));
    assert_eq!(setup.calls(), calls);
    assert_eq!(setup.remote.calls(Operation::Create), 1);
}

#[test]
fn what_was_provisioned_is_read_without_3deye() {
    let setup = setup();
    let id = setup.provision(ANN);
    let setup = setup.unconfigured();
    assert_eq!(setup.provision(ANN), id);
}

#[test]
fn a_user_who_is_unknown_or_has_no_email_is_404() {
    let setup = setup();
    setup.service.add_user(CYD, None);
    assert_error(
        &setup.credentials(UNKNOWN),
        StatusCode::NOT_FOUND,
        "User not found",
    );
    assert_error(
        &setup.credentials(CYD),
        StatusCode::NOT_FOUND,
        "The user has no e-mail",
    );
    assert_eq!(setup.calls(), 0);
}

#[test]
fn an_email_of_an_account_outside_our_customer_is_409() {
    let setup = setup();
    setup.add_foreign_account(ANN_EMAIL);
    let message = "the e-mail belongs to an account outside our customer";
    assert_error(&setup.credentials(ANN), StatusCode::CONFLICT, message);
    // Known from now on, until a reset.
    let calls = setup.calls();
    assert_error(&setup.credentials(ANN), StatusCode::CONFLICT, message);
    assert_eq!(setup.calls(), calls);
    assert_eq!(setup.account(ANN_EMAIL).user.id.0, "foreign");
}

#[test]
fn a_second_user_with_the_same_email_is_409() {
    let setup = setup();
    setup.provision(ANN);
    setup.service.add_user(CYD, Some(" Ann@Example.com"));
    assert_error(
        &setup.credentials(CYD),
        StatusCode::CONFLICT,
        "another user holds the same e-mail",
    );
}

#[test]
fn a_user_whose_lease_is_held_is_409() {
    let setup = setup();
    setup.refuse(Operation::Create, 403, 1);
    assert_eq!(setup.credentials(ANN).status(), 502);
    setup.hold_lease(ANN);
    let refused = setup.credentials(ANN);
    let message = "Another provisioning of this user is under way";
    assert_error(&refused, StatusCode::CONFLICT, message);
    // Of the minute, 5 s were waited for; one is added.
    assert_eq!(refused.header("retry-after"), Some("56"));
}

#[test]
fn a_service_without_3deye_is_503() {
    let setup = setup().unconfigured();
    assert_error(
        &setup.credentials(ANN),
        StatusCode::SERVICE_UNAVAILABLE,
        "3dEye provisioning is not configured",
    );
}
