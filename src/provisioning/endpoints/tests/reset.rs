use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, UNKNOWN, assert_error, setup};
use crate::threedeye::RoleId;
use crate::threedeye::simulated::Operation;

/// `remote` where no delete was asked for.
fn untouched() -> Value {
    json!({
        "attemptedDelete": false, "deletedThreedeyeUserId": null, "notVisible": false,
        "removedRoleIds": [],
    })
}

fn not_asked() -> Value {
    json!({ "attempted": false, "threedeyeUserId": null, "error": null })
}

#[test]
fn it_clears_the_mapping_and_can_be_repeated() {
    let setup = setup();
    setup.provision(ANN);
    let calls = setup.calls();
    for cleared in [true, false] {
        let answer = setup.reset(ANN, &json!({}));
        let expected = json!({
            "userId": ANN, "email": ANN_EMAIL, "clearedMapping": cleared,
            "clearedRecovery": false, "remote": untouched(), "reprovision": not_asked(),
        });
        assert_eq!((answer.status(), answer.json()), (200, expected));
        assert_eq!(setup.diagnose(ANN)["mapping"]["found"], false);
    }
    // The diagnoses alone asked 3dEye.
    assert_eq!(setup.calls(), calls + 2);
    setup.account(ANN_EMAIL);
}

#[test]
fn a_body_may_be_left_out() {
    let setup = setup();
    setup.provision(ANN);
    let path = format!("/admin/threedeye/users/{ANN}/reset");
    let answer = setup.service.post(&path).admin().send();
    assert_eq!(
        (answer.status(), &answer.json()["clearedMapping"]),
        (200, &json!(true))
    );
}

#[test]
fn it_deletes_the_account_and_tells_its_roles() {
    let setup = setup();
    let id = setup.provision(ANN);
    give_roles(&setup);
    let answer = setup.reset(ANN, &json!({ "deleteRemote": true }));
    let expected = json!({
        "userId": ANN, "email": ANN_EMAIL, "clearedMapping": true, "clearedRecovery": false,
        "remote": {
            "attemptedDelete": true, "deletedThreedeyeUserId": id, "notVisible": false,
            "removedRoleIds": ["r1", "r2"],
        },
        "reprovision": not_asked(),
    });
    assert_eq!((answer.status(), answer.json()), (200, expected));
    let found = setup.diagnose(ANN);
    assert_eq!(found["recovery"], json!({ "found": false, "roleIds": [] }));
    assert_eq!(found["remote"]["emailPresentInCustomer"], false);
}

#[test]
fn nothing_to_delete_is_told() {
    let setup = setup();
    setup.add_foreign_account(ANN_EMAIL);
    let answer = setup.reset(ANN, &json!({ "deleteRemote": true }));
    let remote = json!({
        "attemptedDelete": true, "deletedThreedeyeUserId": null, "notVisible": true,
        "removedRoleIds": [],
    });
    assert_eq!((answer.status(), &answer.json()["remote"]), (200, &remote));
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
}

#[test]
fn an_unknown_user_is_an_answer() {
    let setup = setup();
    let options = json!({ "deleteRemote": true, "reprovision": true });
    let answer = setup.reset(UNKNOWN, &options);
    let expected = json!({
        "userId": UNKNOWN, "email": null, "clearedMapping": false, "clearedRecovery": false,
        "remote": {
            "attemptedDelete": true, "deletedThreedeyeUserId": null, "notVisible": true,
            "removedRoleIds": [],
        },
        "reprovision": { "attempted": true, "threedeyeUserId": null, "error": "User not found" },
    });
    assert_eq!((answer.status(), answer.json()), (200, expected));
    assert_eq!(setup.calls(), 0);
}

#[test]
fn left_over_rows_of_an_unknown_user_are_cleared() {
    let setup = setup();
    let id = setup.provision(ANN);
    let gone = "DELETE FROM users WHERE uuid = ?1";
    setup.service.database.execute(gone, [ANN]);
    let answer = setup.reset(ANN, &json!({ "deleteRemote": true }));
    let expected = json!({
        "userId": ANN, "email": null, "clearedMapping": true, "clearedRecovery": false,
        "remote": {
            "attemptedDelete": true, "deletedThreedeyeUserId": id, "notVisible": false,
            "removedRoleIds": [],
        },
        "reprovision": { "attempted": false, "threedeyeUserId": null, "error": "User not found" },
    });
    assert_eq!((answer.status(), answer.json()), (200, expected));
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    let setup = setup();
    setup.provision(ANN);
    for (options, message) in [
        (json!({ "clear": true }), "clear: unknown field"),
        (
            json!({ "deleteRemote": "true" }),
            "deleteRemote: expected a boolean",
        ),
        (json!([]), "body: expected a JSON object"),
    ] {
        let refused = setup.reset(ANN, &options);
        assert_error(&refused, StatusCode::BAD_REQUEST, message);
    }
    let path = format!("/admin/threedeye/users/{ANN}/reset");
    let text = setup.service.post(&path).admin().body(b"{}".to_vec());
    assert_error(
        &text.send(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "The request body must be application/json",
    );
    assert_eq!(setup.diagnose(ANN)["mapping"]["found"], true);
}

#[test]
fn without_3deye_the_rows_alone_can_be_reset() {
    let setup = setup();
    setup.provision(ANN);
    let setup = setup.unconfigured();
    let message = "3dEye provisioning is not configured";
    let refused = setup.reset(ANN, &json!({ "deleteRemote": true }));
    assert_error(&refused, StatusCode::SERVICE_UNAVAILABLE, message);
    let answer = setup.reset(ANN, &json!({ "reprovision": true })).json();
    assert_eq!(answer["clearedMapping"], true);
    let failed = json!({ "attempted": true, "threedeyeUserId": null, "error": message });
    assert_eq!(answer["reprovision"], failed);
}

fn roles() -> [RoleId; 2] {
    ["r1", "r2"].map(|role| RoleId(role.to_owned()))
}

/// Gives roles to the only account there is.
fn give_roles(setup: &super::Setup) {
    let mut directory = setup.remote.directory_mut();
    directory.roles.extend(roles());
    directory.accounts[0].user.roles.extend(roles());
}
