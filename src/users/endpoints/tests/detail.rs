use serde_json::{Value, json};

use super::{error, record, service};
use crate::operators::Role;
use crate::testing::service::TestService;

fn show(service: &TestService, user: &str) -> Value {
    let answer = service.get(&format!("/admin/users/{user}")).admin().send();
    assert_eq!(answer.status(), 200, "{}", answer.json());
    answer.json()
}

/// A user with something of everything.
fn settled() -> TestService {
    let service = service();
    record(
        &service,
        "ann",
        "quarantined",
        Some("orphan"),
        1_700_000_000_000,
    );
    let execute = |sql: &str| service.database.execute(sql, ());
    execute("INSERT INTO profiles (user_id, team_id, pending_email, pending_from, pending_email_until, updated_at)
             VALUES ('ann', 7, 'new.ann@example.com', 'ann@example.com', 9000000000000, 1)");
    execute("INSERT INTO second_factors (user_id, secret_sealed, enabled_at, totp_failures, totp_locked_until)
             VALUES ('ann', 'sealed', 5, 6, 9000000000000)");
    execute(
        "INSERT INTO backup_codes (user_id, code_hash, code_sealed, position, used_at)
             VALUES ('ann', 'a', 'x', 1, NULL), ('ann', 'b', 'x', 2, 5)",
    );
    execute("INSERT INTO push_tokens (id, token_hash, token_sealed, user_id, platform, created_at, last_seen_at)
             VALUES ('push_1', 'h', 'sealed-token', 'ann', 'ios', 1, 2)");
    execute("INSERT INTO instances (name, created_at) VALUES ('rivia', 1)");
    execute("INSERT INTO instance_users (instance, username, user_id, key_hash, key_changed_at, created_at)
             VALUES ('rivia', 'ann@example.com', 'ann', 'h', 3, 1)");
    execute(
        "INSERT INTO api_keys (id, key_hash, scopes, user_id, created_at, revoked_at)
             VALUES ('key_1', 'h', '[\"threedeye:read\"]', 'ann', 1, 4)",
    );
    execute("INSERT INTO notices (id, type, user_id, recipient, created_at, attempts, due_at)
             VALUES ('n1', 'two_factor_enabled', 'ann', 'x', 1, 2, 1), ('n2', 'email_changed', 'ann', 'x', 1, 0, 1)");
    execute(
        "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES ('ann', '[\"r1\",\"r2\"]', 1)",
    );
    execute("INSERT INTO audit_log (at, actor, action, subject, outcome, request_id, reason)
             VALUES (9, 'operator:op_1 s***@x.example', 'threedeye.reset', 'ann', 'done', 'req_1', 'ticket 7')");
    service
}

#[test]
fn one_read_shows_everything_but_secrets() {
    let service = settled();
    let (found, batches) = service.batches_of(|| show(&service, "ann"));
    assert_eq!(batches, 1);
    let expected = json!({
        "userId": "ann",
        "found": true,
        "email": "Ann@Example.com",
        "phoneNumber": "+491701234512",
        "createdAt": "2024-01-15T10:30:00.000Z",
        "authSubject": "auth0|ann",
        "teamId": 7,
        "pendingEmail": "new.ann@example.com",
        "pendingEmailUntil": "2255-03-14T16:00:00.000Z",
        "provisioning": {
            "state": "quarantined",
            "threedeyeUserId": "acc-ann",
            "hasPassword": true,
            "attempts": 1,
            "reason": "orphan",
            "lastError": "why",
            "nextAttemptAt": null,
            "dueAt": null,
            "leaseUntil": null,
            "runId": null,
            "savedRoles": ["r1", "r2"],
            "takenOver": false,
            "leftAt": null,
            "createdAt": "2023-11-14T22:13:20.000Z",
            "updatedAt": "2023-11-14T22:13:20.000Z",
            "next": { "act": "needs_support", "at": null, "otherUserId": null },
        },
        "twoFactor": {
            "enabled": true,
            "enabledAt": "1970-01-01T00:00:00.005Z",
            "setUpUntil": null,
            "backupCodesRemaining": 1,
            "totp": { "failures": 6, "lockedUntil": "2255-03-14T16:00:00.000Z" },
            "backupCode": { "failures": 0, "lockedUntil": null },
        },
        "pushTokens": [{
            "id": "push_1",
            "platform": "ios",
            "createdAt": "1970-01-01T00:00:00.001Z",
            "lastSeenAt": "1970-01-01T00:00:00.002Z",
        }],
        "instanceUsers": [{
            "id": 1,
            "instance": "rivia",
            "username": "ann@example.com",
            "keyChangedAt": "1970-01-01T00:00:00.003Z",
        }],
        "apiKeys": [{
            "id": "key_1",
            "scopes": ["threedeye:read"],
            "userId": "ann",
            "label": null,
            "createdAt": "1970-01-01T00:00:00.001Z",
            "lastUsedAt": null,
            "expiresAt": null,
            "revokedAt": "1970-01-01T00:00:00.004Z",
        }],
        "notices": { "waiting": 2, "failing": 1 },
        "history": [{
            "id": 1,
            "at": "1970-01-01T00:00:00.009Z",
            "actor": { "kind": "operator", "id": "op_1", "name": "s***@x.example" },
            "action": "threedeye.reset",
            "subject": "ann",
            "outcome": "done",
            "reason": "ticket 7",
            "requestId": "req_1",
            "address": null,
        }],
    });
    assert_eq!(found, expected);
}

#[test]
fn an_operator_sees_masks() {
    let service = settled();
    let cookie = service.sign_in(Role::Viewer);
    let answer = service.get("/admin/users/ann").session(&cookie).send();
    let found = answer.json();
    assert_eq!(found["email"], "A***@Example.com");
    assert_eq!(found["pendingEmail"], "n***@example.com");
    assert_eq!(found["phoneNumber"], "+49…12");
    assert_eq!(found["instanceUsers"][0]["username"], "a***@example.com");
    let body = super::text(&answer).to_lowercase();
    assert!(
        !body.contains("ann@") && !body.contains("1234512"),
        "{body}"
    );
}

#[test]
fn what_happens_next_is_told() {
    let service = service();
    let next = |user: &str| show(&service, user)["provisioning"]["next"].clone();
    assert_eq!(next("bob")["act"], "create");
    service.add_user("plain", None);
    assert_eq!(next("plain")["act"], "needs_data");
    record(&service, "twin-1", "complete", None, 1);
    assert_eq!(next("twin-1")["act"], "none");
    let contested = json!({ "act": "needs_data", "otherUserId": "twin-1" });
    let told = next("twin-2");
    assert_eq!(
        (&told["act"], &told["otherUserId"]),
        (&contested["act"], &contested["otherUserId"])
    );
    service.database.execute(
        "INSERT INTO provisioning_runs (run_id, trigger_kind, mode, actor, request_id, status, batch_limit, hold_until, started_at)
         VALUES ('run_1', 'manual', 'queue', 'x', 'r', 'running', 1, 9000000000000, 1)",
        (),
    );
    service.database.execute(
        "UPDATE provisioning_queue SET due_at = 9000000000000 WHERE user_id = 'bob'",
        (),
    );
    assert_eq!(show(&service, "bob")["provisioning"]["runId"], "run_1");
    assert_eq!(next("bob")["act"], "wait");
}

#[test]
fn a_deleted_user_is_shown_for_as_long_as_anything_is_left() {
    let service = service();
    record(&service, "gone", "leaving", None, 5);
    let found = show(&service, "gone");
    assert_eq!(
        (&found["found"], &found["email"]),
        (&json!(false), &json!("gone@example.com"))
    );
    assert_eq!(found["provisioning"]["next"]["act"], "remove");
    service
        .database
        .execute("DELETE FROM threedeye_users WHERE user_id = 'gone'", ());
    let answer = service.get("/admin/users/gone").admin().send();
    assert_eq!(error(&answer), (404, json!("User not found")));
    service.database.execute(
        "INSERT INTO audit_log (at, actor, action, subject, outcome, request_id)
         VALUES (1, 'cron', 'threedeye.offboard', 'gone', 'no account to delete', 'req_2')",
        (),
    );
    let found = show(&service, "gone");
    assert_eq!(
        (&found["found"], &found["provisioning"]["state"]),
        (&json!(false), &json!("none"))
    );
    assert_eq!(
        found["history"][0]["actor"],
        json!({ "kind": "cron", "id": null, "name": null })
    );
}

#[test]
fn a_set_up_a_lock_and_a_lease_that_have_ended_are_not_shown() {
    let service = service();
    record(&service, "ann", "pending", None, 1);
    let execute = |sql: &str| service.database.execute(sql, ());
    execute("UPDATE threedeye_users SET lease_token = 't', lease_until = 5");
    execute(
        "INSERT INTO second_factors (user_id, pending_sealed, pending_until, totp_locked_until) VALUES ('ann', 'x', 5, 5)",
    );
    execute("INSERT INTO profiles (user_id, pending_email, pending_from, pending_email_until, updated_at)
             VALUES ('ann', 'new@example.com', 'ann@example.com', 5, 1)");
    let found = show(&service, "ann");
    assert_eq!(found["provisioning"]["leaseUntil"], Value::Null);
    assert_eq!(found["twoFactor"]["setUpUntil"], Value::Null);
    assert_eq!(found["twoFactor"]["totp"]["lockedUntil"], Value::Null);
    assert_eq!(
        (&found["pendingEmail"], &found["pendingEmailUntil"]),
        (&Value::Null, &Value::Null)
    );
}
