//! Accounts that are never deleted.

use http::StatusCode;
use serde_json::json;

use super::{ANN, LOGIN, Setup, assert_error, setup};
use crate::threedeye::simulated::Operation;

#[test]
fn a_protected_account_is_neither_deleted_nor_replaced_by_any_route() {
    let message = "the account with this e-mail is protected and never deleted or replaced; \
                   support can give the user another e-mail, or see to the account at 3dEye itself";
    let delete = json!({ "deleteRemote": true });
    for email in [LOGIN, "keep@example.com", "eve@SmartphoneKey.com"] {
        let setup = || {
            let Setup {
                service,
                remote,
                hook,
            } = setup();
            let service = service.setting("THREEDEYE_PROTECTED_EMAILS", "Keep@example.com");
            Setup {
                service,
                remote,
                hook,
            }
        };
        let by_email = setup();
        by_email.add_account("own", &email.to_uppercase(), &["r1"]);
        by_email.change_email(ANN, email);
        assert_error(&by_email.reset(ANN, &delete), StatusCode::CONFLICT, message);
        assert_error(&by_email.credentials(ANN), StatusCode::CONFLICT, message);
        let done = by_email.reset(ANN, &json!({ "reprovision": true })).json();
        assert_eq!(done["reprovision"]["error"], message);
        let run = by_email.backfill("?limit=1").json();
        assert_eq!(run["errors"], json!([format!("{ANN}: {message}")]));
        assert_eq!(by_email.diagnose(ANN)["mapping"]["state"], "pending");
        assert_eq!(by_email.account(email).user.id.0, "own");

        let by_mapping = setup();
        by_mapping.add_account("own", email, &[]);
        by_mapping.provision(ANN);
        let sql = "UPDATE threedeye_users SET threedeye_id = 'own'";
        by_mapping.service.database.execute(sql, ());
        let refused = by_mapping.reset(ANN, &delete);
        assert_error(&refused, StatusCode::CONFLICT, message);

        let let_go = setup();
        let_go.provision(ANN);
        let_go.reset(ANN, &json!({ "deleteRemote": false }));
        let_go.change_email(ANN, "moved@example.com");
        let_go.remote.directory_mut().accounts[0].user.email = email.to_owned();
        let_go.assert_provisioned(ANN, "moved@example.com", &[]);
        for setup in [by_email, by_mapping, let_go] {
            assert_eq!(setup.remote.calls(Operation::Delete), 0, "{email}");
        }
    }
}
