use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, UNKNOWN, assert_error, setup};
use crate::kernel::{Clock as _, mask_email};
use crate::operators::Role;
use crate::services::RateLimit;
use crate::threedeye::simulated::Operation;

/// `mapping` of a user without one.
fn no_mapping() -> Value {
    json!({
        "found": false, "threedeyeUserId": null, "hasPassword": false, "createdAt": null,
        "remoteAccountExists": null, "state": null, "attempts": 0, "reason": null, "lastError": null,
        "nextAttemptAt": null,
            "takenOver": false,
    })
}

/// `remote` of a customer without accounts.
fn empty_customer() -> Value {
    json!({
        "configured": true, "customerId": "our customer", "customerUserCount": 0,
        "emailPresentInCustomer": false, "match": null, "sampleEmails": [], "error": null,
    })
}

#[test]
fn a_provisioned_user_is_shown_with_its_account() {
    let setup = setup();
    let created_at = setup.service.clock.now().to_iso();
    let id = setup.provision(ANN);
    for number in 0..6 {
        let email = format!("Guest{number}@example.com");
        setup.add_account(&format!("guest-{number}"), &email, &["r1"]);
    }
    let expected = json!({
        "userId": ANN,
        "user": { "found": true, "email": ANN_EMAIL },
        "mapping": {
            "found": true, "threedeyeUserId": id, "hasPassword": true, "createdAt": created_at,
            "remoteAccountExists": true, "state": "complete", "attempts": 0, "reason": null, "lastError": null,
            "nextAttemptAt": null,
            "takenOver": false,
        },
        "recovery": { "found": false, "roleIds": [] },
        "remote": {
            "configured": true, "customerId": "our customer", "customerUserCount": 7,
            "emailPresentInCustomer": true,
            "match": { "id": id, "email": ANN_EMAIL, "roleCount": 0 },
            "sampleEmails": [
                "g***@example.com", "g***@example.com", "g***@example.com", "g***@example.com",
                "g***@example.com",
            ],
            "error": null,
        },
        "next": { "act": "none", "at": null, "otherUserId": null },
    });
    assert_eq!(setup.diagnose(ANN), expected);
}

#[test]
fn an_account_of_another_customer_is_not_a_match() {
    let setup = setup();
    setup.add_foreign_account(ANN_EMAIL);
    let expected = json!({
        "userId": ANN,
        "user": { "found": true, "email": ANN_EMAIL },
        "mapping": no_mapping(),
        "recovery": { "found": false, "roleIds": [] },
        "remote": empty_customer(),
        "next": { "act": "create", "at": setup.service.clock.now(), "otherUserId": null },
    });
    assert_eq!(setup.diagnose(ANN), expected);
}

#[test]
fn an_account_is_matched_by_email_in_any_case() {
    let setup = setup();
    setup.add_account("old", "BOB@example.com", &["r1", "r2"]);
    let remote = &setup.diagnose(BOB)["remote"];
    let matched = json!({ "id": "old", "email": "BOB@example.com", "roleCount": 2 });
    assert_eq!(
        (&remote["match"], &remote["emailPresentInCustomer"]),
        (&matched, &json!(true))
    );
}

#[test]
fn a_mapped_account_that_is_gone_is_told() {
    let setup = setup();
    let id = setup.provision(BOB);
    setup.remote.directory_mut().accounts.clear();
    let found = setup.diagnose(BOB);
    assert_eq!(found["mapping"]["threedeyeUserId"], id);
    assert_eq!(found["mapping"]["remoteAccountExists"], false);
    assert_eq!(found["remote"], empty_customer());
    assert_eq!(found["user"]["email"], BOB_EMAIL);
}

#[test]
fn an_unknown_user_is_an_answer() {
    let mut remote = empty_customer();
    remote["emailPresentInCustomer"] = Value::Null;
    let expected = json!({
        "userId": UNKNOWN,
        "user": { "found": false, "email": null },
        "mapping": no_mapping(),
        "recovery": { "found": false, "roleIds": [] },
        "remote": remote,
        "next": { "act": "none", "at": null, "otherUserId": null },
    });
    assert_eq!(setup().diagnose(UNKNOWN), expected);
}

#[test]
fn a_probe_that_fails_is_an_answer() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.refuse(Operation::List, 403, 1);
    let found = setup.diagnose(ANN);
    let expected = json!({
        "configured": true, "customerId": "our customer", "customerUserCount": null,
        "emailPresentInCustomer": null, "match": null, "sampleEmails": [],
        "error": "3dEye refused the request with status 403",
    });
    assert_eq!(found["remote"], expected);
    assert_eq!(found["mapping"]["threedeyeUserId"], id);
    assert_eq!(found["mapping"]["remoteAccountExists"], Value::Null);
    assert_eq!(found["user"], json!({ "found": true, "email": ANN_EMAIL }));
}

#[test]
fn a_service_without_3deye_is_an_answer() {
    let setup = setup().unconfigured();
    let expected = json!({
        "configured": false, "customerId": null, "customerUserCount": null,
        "emailPresentInCustomer": null, "match": null, "sampleEmails": [], "error": null,
    });
    assert_eq!(setup.diagnose(ANN)["remote"], expected);
    assert_eq!(setup.calls(), 0);
}

#[test]
fn an_id_has_128_characters_at_most() {
    let setup = setup();
    setup.diagnose(&"x".repeat(128));
    let path = format!("/admin/threedeye/users/{}", "x".repeat(129));
    let refused = setup.service.get(&path).admin().send();
    let message = "userId: must be at most 128 characters";
    assert_error(&refused, StatusCode::BAD_REQUEST, message);
}

#[test]
fn an_operator_sees_no_whole_email_in_a_diagnosis_or_a_preview() {
    let setup = setup();
    setup.provision(ANN);
    let cookie = setup.service.sign_in(Role::Admin);
    let diagnosis = format!("/admin/threedeye/users/{ANN}");
    let preview = format!("/admin/users/{ANN}?dryRun=true");
    for (method, path) in [(Method::GET, &diagnosis), (Method::DELETE, &preview)] {
        let request = setup.service.request(method.clone(), path);
        let answer = request.session(&cookie).send();
        assert_eq!(answer.status(), 200, "{}", answer.json());
        let body = answer.json().to_string();
        assert!(!body.contains(ANN_EMAIL), "{body}");
        assert!(body.contains(&mask_email(ANN_EMAIL)), "{body}");
        let whole = setup.service.request(method, path).admin().send();
        assert!(whole.json().to_string().contains(ANN_EMAIL));
    }
}

#[test]
fn a_diagnosis_tells_what_happens_next() {
    let setup = setup();
    setup.add_foreign_account(BOB_EMAIL);
    setup
        .service
        .post("/admin/backfill-threedeye")
        .admin()
        .send();
    let found = setup.diagnose(BOB);
    assert_eq!(found["mapping"]["state"], "quarantined");
    assert_eq!(found["mapping"]["reason"], "orphan");
    assert_eq!(found["next"]["act"], "needs_support");
}

#[test]
fn a_viewer_sees_that_a_quarantine_will_end_and_support_ends_it() {
    let setup = setup();
    setup.add_foreign_account(BOB_EMAIL);
    setup.run();
    setup.remote.directory_mut().accounts.clear();
    setup.add_account("found", BOB_EMAIL, &[]);
    let path = format!("/admin/threedeye/users/{BOB}");
    let ask = |role| {
        let cookie = setup.service.sign_in(role);
        let written = setup.service.database.total_changes();
        let found = setup.service.get(&path).session(&cookie).send().json();
        let written = setup.service.database.total_changes() - written;
        (found, written)
    };
    let state_and_act = |found: &Value| {
        (
            found["mapping"]["state"].clone(),
            found["next"]["act"].clone(),
        )
    };
    let (found, written) = ask(Role::Viewer);
    assert_eq!(written, 0);
    assert_eq!(
        state_and_act(&found),
        (json!("quarantined"), json!("create"))
    );
    assert_eq!(found["mapping"]["reason"], "orphan");
    let (found, written) = ask(Role::Support);
    assert!(written > 0);
    assert_eq!(state_and_act(&found), (json!("pending"), json!("create")));
    let sql = "SELECT actor FROM audit_log WHERE action = 'threedeye.requeue'";
    let actors: Vec<String> = setup.service.database.query(sql, (), |row| row.get(0));
    assert_eq!(actors.len(), 1);
    assert!(actors[0].starts_with("operator:"), "{actors:?}");
}

#[test]
fn the_diagnoses_of_an_operator_are_limited_by_themselves() {
    let setup = setup();
    let cookie = setup.service.sign_in(Role::Viewer);
    setup.service.exhausted.borrow_mut().push(RateLimit::Person);
    let path = format!("/admin/threedeye/users/{ANN}");
    let refused = setup.service.get(&path).session(&cookie).send();
    assert_eq!(refused.status(), 429);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(setup.calls(), 0);
    // A page that reads no list goes on, and the pair sees the list as it is now.
    let page = setup.service.get(&format!("/admin/users/{ANN}"));
    assert_eq!(page.session(&cookie).send().status(), 200);
    setup.diagnose(ANN);
    assert_eq!(setup.remote.calls(Operation::List), 1);
}
