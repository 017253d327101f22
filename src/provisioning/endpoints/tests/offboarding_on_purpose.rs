//! `DELETE /admin/users/{userId}` and the export.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::*;

impl Setup {
    fn delete_request(&self, user: &str, query: &str, body: &Value) -> TestAnswer {
        let path = format!("/admin/users/{user}{query}");
        let request = self.service.request(Method::DELETE, &path).admin();
        request.json(body).send()
    }

    fn offboard(&self, user: &str) -> TestAnswer {
        let body = json!({ "confirm": user, "reason": "moved out" });
        self.delete_request(user, "", &body)
    }

    fn export(&self, user: &str, query: &str) -> TestAnswer {
        let path = format!("/admin/users/{user}/export{query}");
        self.service.get(&path).admin().send()
    }

    /// Gives the user a key, a profile and a second factor.
    fn furnish(&self, user: &str) {
        for sql in [
            "INSERT INTO api_keys (id, key_hash, scopes, user_id, created_at)
             VALUES ('key_1', 'hash of a key', '[\"user:write\"]', ?1, 1)",
            "INSERT INTO profiles (user_id, settings, updated_at) VALUES (?1, '{\"a\":1}', 1)",
            "INSERT INTO second_factors (user_id, secret_sealed, enabled_at)
             VALUES (?1, 'sealed secret', 1)",
            "INSERT INTO backup_codes (user_id, code_hash, code_sealed, position)
             VALUES (?1, 'hash of a code', 'sealed code', 1)",
            "INSERT INTO push_tokens (id, token_hash, token_sealed, user_id, platform, created_at, last_seen_at)
             VALUES ('push_1', 'hash of a token', 'sealed token', ?1, 'ios', 1, 1)",
            "INSERT INTO notices (id, type, user_id, recipient, token_sealed, created_at, due_at)
             VALUES ('note_1', 'email_change', ?1, 'ann@example.com', 'sealed token', 1, 1)",
        ] {
            self.service.database.execute(sql, [user]);
        }
    }
}

fn furnished() -> Value {
    json!({
        "user": true, "apiKeys": 1, "instanceUsers": 0, "profile": true, "secondFactor": true,
        "backupCodes": 1, "pushTokens": 1, "scenes": 0, "notices": 1,
    })
}

fn expected(id: &str, dry_run: bool) -> Value {
    json!({
        "userId": ANN, "dryRun": dry_run, "email": ANN_EMAIL, "deleted": furnished(),
        "remote": {
            "state": "complete", "accountIds": [id], "roleIds": ["r1", "r2"], "leftInPlace": [],
            "error": null,
        },
    })
}

#[test]
fn a_preview_tells_what_would_go_and_changes_nothing() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.furnish(ANN);
    let before = setup.service.database.total_changes();
    let path = format!("/admin/users/{ANN}?dryRun=true");
    let bare = setup.service.request(Method::DELETE, &path).admin().send();
    assert_eq!((bare.status(), bare.json()), (200, expected(&id, true)));
    let body = json!({ "confirm": ANN, "reason": "moved out" });
    let answer = setup.delete_request(ANN, "?dryRun=true", &body);
    assert_eq!((answer.status(), answer.json()), (200, expected(&id, true)));
    assert_eq!(setup.service.database.total_changes(), before);
    assert!(setup.exists(ANN_EMAIL));
    // What 3dEye does not tell is no failure of the preview.
    setup.refuse(Operation::List, 403, 1);
    let answer = setup.delete_request(ANN, "?dryRun=true", &body).json();
    assert_eq!(answer["remote"]["accountIds"], json!([]));
    assert!(answer["remote"]["error"].is_string());
}

#[test]
fn a_user_deleted_on_purpose_goes_at_once_with_its_account() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    setup.furnish(ANN);
    let answer = setup.offboard(ANN);
    assert_eq!(
        (answer.status(), answer.json()),
        (200, expected(&id, false))
    );
    assert!(!setup.exists(ANN_EMAIL));
    let found = setup.diagnose(ANN);
    assert_eq!(
        (&found["user"]["found"], &found["mapping"]["found"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(setup.trail(ANN, "user.delete"), ["moved out"]);
    assert_eq!(setup.trail(ANN, "threedeye.offboard").len(), 1);
    // Others keep theirs.
    setup.provision(BOB);
    assert_error(
        &setup.offboard(ANN),
        StatusCode::NOT_FOUND,
        "User not found",
    );
    assert_error(
        &setup.offboard(UNKNOWN),
        StatusCode::NOT_FOUND,
        "User not found",
    );
}

#[test]
fn it_takes_the_id_once_more_a_reason_and_a_recent_sign_in() {
    let setup = setup();
    setup.provision(ANN);
    for (body, message) in [
        (json!({}), "confirm: required"),
        (json!({ "confirm": ANN }), "reason: required"),
        (
            json!({ "confirm": BOB, "reason": "x" }),
            "confirm: must be the id in the path",
        ),
        (
            json!({ "confirm": ANN, "reason": " " }),
            "reason: must not be empty",
        ),
        (
            json!({ "confirm": ANN, "reason": "x".repeat(501) }),
            "reason: must be at most 500 characters",
        ),
        (
            json!({ "confirm": ANN, "reason": "x", "dryRun": true }),
            "dryRun: unknown field",
        ),
    ] {
        for query in ["", "?dryRun=true"] {
            let refused = setup.delete_request(ANN, query, &body);
            assert_error(&refused, StatusCode::BAD_REQUEST, message);
        }
    }
    assert_eq!(setup.state_of(ANN), "complete");
}

#[test]
fn where_3deye_fails_the_user_stays_deleted_and_a_run_finishes_it() {
    let setup = setup();
    setup.provision(ANN);
    setup.refuse(Operation::Delete, 403, 1);
    let answer = setup.offboard(ANN);
    assert_eq!(answer.status(), 502);
    let message = text(&answer.json()["message"]);
    assert!(
        message.starts_with("The user is deleted, but not its account yet: "),
        "{message}"
    );
    assert_eq!(setup.state_of(ANN), "leaving");
    // Without the wait.
    assert_eq!(setup.run()["removed"], 1);
    assert!(!setup.exists(ANN_EMAIL));
}

#[test]
fn the_same_call_once_more_finishes_it() {
    let setup = setup();
    setup.provision(ANN);
    setup.refuse(Operation::Delete, 403, 1);
    assert_eq!(setup.offboard(ANN).status(), 502);
    let answer = setup.offboard(ANN);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json()["deleted"]["user"], false);
    assert!(!setup.exists(ANN_EMAIL));
}

#[test]
fn rows_that_no_user_belongs_to_are_cleared_too() {
    let setup = setup();
    let sql = "INSERT INTO threedeye_users (user_id, state, lease_token, lease_until, created_at, updated_at)
               VALUES (?1, 'idle', 'dead', 1, 1, 1)";
    setup.service.database.execute(sql, [UNKNOWN]);
    assert_eq!(setup.offboard(UNKNOWN).status(), 200);
    assert_error(
        &setup.offboard(UNKNOWN),
        StatusCode::NOT_FOUND,
        "User not found",
    );
}

#[test]
fn a_user_that_another_actor_holds_is_409_and_keeps_everything() {
    let setup = setup();
    setup.provision(ANN);
    setup.hold_lease(ANN);
    let refused = setup.offboard(ANN);
    assert_eq!(refused.status(), 409);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(setup.diagnose(ANN)["user"]["found"], true);
    assert!(setup.trail(ANN, "user.delete").is_empty());
}

#[test]
fn a_user_without_an_account_is_deleted_without_3deye() {
    let setup = setup();
    setup.provision(BOB);
    let setup = setup.unconfigured();
    assert_eq!(setup.offboard(ANN).status(), 200);
    // With one it would be left open, unknown to all.
    assert_error(
        &setup.offboard(BOB),
        StatusCode::SERVICE_UNAVAILABLE,
        "3dEye provisioning is not configured",
    );
    assert_eq!(setup.diagnose(BOB)["user"]["found"], true);
}

#[test]
fn a_protected_account_outlives_its_user() {
    let setup = setup();
    let id = setup.provision(ANN);
    let service = setup
        .service
        .setting("THREEDEYE_PROTECTED_EMAILS", ANN_EMAIL);
    service.restart();
    let setup = Setup { service, ..setup };
    let answer = setup.offboard(ANN);
    assert_eq!(answer.status(), 200);
    let remote = &answer.json()["remote"];
    assert_eq!(
        (&remote["accountIds"], &remote["leftInPlace"]),
        (&json!([]), &json!([id]))
    );
    assert_eq!(setup.state_of(ANN), "left_in_place");
    // Once it is protected no more, the same call ends it.
    let service = setup.service.setting("THREEDEYE_PROTECTED_EMAILS", "");
    service.restart();
    let setup = Setup { service, ..setup };
    assert_eq!(
        setup.offboard(ANN).json()["remote"]["accountIds"],
        json!([id])
    );
    assert!(!setup.exists(ANN_EMAIL));
}

#[test]
fn an_export_tells_all_that_is_stored_but_no_secret() {
    let setup = setup();
    let id = setup.provision(ANN);
    setup.furnish(ANN);
    let answer = setup.export(ANN, "");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let export = answer.json();
    assert_eq!(export["user"]["email"], ANN_EMAIL);
    let account = &export["threedeyeAccount"];
    assert_eq!(
        (&account["threedeyeUserId"], &account["hasPassword"]),
        (&json!(id), &json!(true))
    );
    assert_eq!(export["profile"]["settings"], json!({ "a": 1 }));
    assert_eq!(export["secondFactor"]["backupCodesLeft"], 1);
    for (list, length) in [
        ("pushTokens", 1),
        ("apiKeys", 1),
        ("notices", 1),
        ("audit", 2),
    ] {
        assert_eq!(export[list].as_array().unwrap().len(), length, "{list}");
    }
    let written = export.to_string();
    let password = setup.account(ANN_EMAIL).password;
    for secret in [&password, "hash of", "sealed"] {
        assert!(!written.contains(secret), "{secret}");
    }
    assert_eq!(setup.trail(ANN, "user.export"), ["read"]);
}

#[test]
fn the_trail_outlives_its_user_and_comes_in_pages() {
    let setup = setup();
    setup.provision(ANN);
    setup.offboard(ANN);
    setup.service.pass(Duration::from_secs(60));
    let mut seen = Vec::new();
    let mut query = "?auditLimit=2".to_owned();
    loop {
        let page = setup.export(ANN, &query).json();
        assert_eq!(page["user"], Value::Null);
        let rows = page["audit"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| text(&row["action"])));
        match &page["nextAuditBefore"] {
            Value::Null => break,
            before => query = format!("?auditLimit=2&auditBefore={before}"),
        }
    }
    let expected = [
        "threedeye.offboard",
        "threedeye.delete_account",
        "user.delete",
        "threedeye.provision",
        "threedeye.read_credentials",
    ];
    assert_eq!(seen, expected);
    let unknown = setup.export(UNKNOWN, "");
    assert_error(&unknown, StatusCode::NOT_FOUND, "User not found");
    assert!(setup.trail(UNKNOWN, "user.export").is_empty());
}

#[test]
fn an_export_is_one_call_of_the_database() {
    let setup = setup();
    let (_, batches) = setup.service.batches_of(|| setup.export(ANN, ""));
    assert_eq!(batches, 1);
}

#[test]
fn an_export_finds_what_outlives_the_user() {
    let setup = setup();
    setup.service.database.execute(
        "INSERT INTO api_keys (id, key_hash, scopes, user_id, label, created_at, expires_at)
         VALUES ('key_1', 'hash of a key', '[\"user:write\"]', 'zed', 'of Zed', 1, 2)",
        (),
    );
    setup.service.add_user("zed", None);
    setup.delete("zed");
    let answer = setup.export("zed", "");
    assert_eq!(answer.status(), 200);
    let key = &answer.json()["apiKeys"][0];
    assert_eq!(
        (&key["label"], &key["expiresAt"]),
        (&json!("of Zed"), &json!("1970-01-01T00:00:00.002Z"))
    );
    assert!(key["revokedAt"].is_string());
    assert_eq!(setup.trail("zed", "user.export"), ["read"]);
}

#[test]
fn an_export_tells_the_lists_that_named_the_user() {
    let setup = setup();
    let provision = json!({ "action": "provision", "users": [ANN, BOB] });
    assert_eq!(setup.carry_out(&provision).json()["done"], 2);
    let lists = setup.export(ANN, "").json()["lists"].clone();
    assert_eq!(
        (lists.as_array().unwrap().len(), &lists[0]["action"]),
        (1, &json!("provision"))
    );
    assert_eq!(
        (&lists[0]["state"], &lists[0]["outcome"]),
        (&json!("done"), &json!("created"))
    );
    // They are kept when the user is gone, as the trail is.
    setup.service.add_user("zed", Some("zed@example.com"));
    let refused = json!({ "action": "provision", "users": ["zed"] });
    setup
        .service
        .database
        .execute("UPDATE users SET email = NULL WHERE uuid = 'zed'", []);
    setup.carry_out(&refused);
    setup.delete("zed");
    let state = &setup.export("zed", "").json()["lists"][0]["state"];
    assert_eq!(state, "refused");
}

#[test]
fn an_export_tells_saved_roles_without_an_account() {
    let setup = setup();
    setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1", "r2"]);
    let options = json!({ "deleteRemote": true, "preserveRoles": true });
    assert_eq!(setup.reset(ANN, &options).status(), 200);
    assert_eq!(setup.diagnose(ANN)["mapping"]["found"], false);
    let account = &setup.export(ANN, "").json()["threedeyeAccount"];
    assert_eq!(account["roleIds"], json!(["r1", "r2"]));
    assert_eq!(account["hasPassword"], false);
}

#[test]
fn a_reason_leaves_no_whole_email_in_the_trail() {
    let setup = setup();
    let body = json!({ "confirm": ANN, "reason": "asked by ann@example.com" });
    assert_eq!(setup.delete_request(ANN, "", &body).status(), 200);
    assert_eq!(
        setup.trail(ANN, "user.delete"),
        ["asked by a***@example.com"]
    );
}
