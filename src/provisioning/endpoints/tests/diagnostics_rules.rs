//! What the diagnosis tells of rows that wait or failed, and of a probe that fails.

use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, CYD, UNKNOWN, limited, login_page, refused, setup};
use crate::kernel::Clock as _;
use crate::threedeye::simulated::Operation;
use crate::threedeye::simulated::faults::Fault;

#[test]
fn an_email_is_shown_as_it_was_entered_and_looked_for_where_it_is_one() {
    let setup = setup();
    for (email, present) in [
        (Some(" Jane.Doe@Example.COM "), json!(false)),
        (None, Value::Null),
        (Some(""), Value::Null),
        (Some("  \t"), Value::Null),
    ] {
        let sql = "INSERT OR REPLACE INTO users (uuid, email, created_at) VALUES (?1, ?2, '2024-01-15T10:30:00.000Z')";
        setup.service.database.execute(sql, (CYD, email));
        let found = setup.diagnose(CYD);
        assert_eq!(found["user"], json!({ "found": true, "email": email }));
        assert_eq!(found["remote"]["emailPresentInCustomer"], present);
        assert_eq!(found["remote"]["match"], Value::Null);
    }
}

#[test]
fn a_password_is_not_told_nor_its_sealed_form() {
    let setup = setup();
    setup.provision(ANN);
    let told = setup.diagnose(ANN).to_string();
    let sql = "SELECT password_sealed FROM threedeye_users";
    let sealed: Vec<String> = setup.service.database.query(sql, (), |row| row.get(0));
    assert!(sealed[0].len() > 20 && !told.contains(&sealed[0]));
    assert!(!told.contains(&setup.account(ANN_EMAIL).password));
}

#[test]
fn roles_that_wait_are_listed_in_their_order() {
    let setup = setup();
    let sql = "INSERT INTO threedeye_recovery (user_id, role_ids, created_at) VALUES (?1, '[\"cam-2\",\"cam-1\"]', 1)";
    setup.service.database.execute(sql, [ANN]);
    let waiting = json!({ "found": true, "roleIds": ["cam-2", "cam-1"] });
    assert_eq!(setup.diagnose(ANN)["recovery"], waiting);
}

#[test]
fn a_failed_user_is_told_with_attempts_reason_and_next_try() {
    let setup = setup();
    setup.break_down(Operation::Create, &refused(400, "no such domain"));
    setup.run();
    setup.run();
    let due = setup
        .service
        .clock
        .now()
        .plus(std::time::Duration::from_secs(30));
    let mapping = &setup.diagnose(ANN)["mapping"];
    for (field, expected) in [
        ("state", json!("pending")),
        ("attempts", json!(2)),
        (
            "lastError",
            json!("3dEye refused the request with status 400"),
        ),
        ("nextAttemptAt", json!(due.to_iso())),
        ("threedeyeUserId", Value::Null),
        // The intent is stored before the create.
        ("hasPassword", json!(true)),
    ] {
        assert_eq!(mapping[field], expected, "{field}");
    }
}

#[test]
fn a_mapped_account_is_known_by_its_id() {
    let setup = setup();
    setup.provision(ANN);
    setup.remote.directory_mut().accounts[0].user.email = "renamed@elsewhere.example".to_owned();
    let found = setup.diagnose(ANN);
    assert_eq!(found["mapping"]["remoteAccountExists"], true);
    let remote = &found["remote"];
    assert_eq!(
        (&remote["emailPresentInCustomer"], &remote["match"]),
        (&json!(false), &Value::Null)
    );
}

#[test]
fn our_customers_users_are_counted_over_all_pages() {
    let setup = setup().page_size("3");
    for number in 0..10 {
        setup.add_account(
            &format!("ours-{number}"),
            &format!("ours{number}@example.com"),
            &[],
        );
    }
    setup.add_foreign_account(ANN_EMAIL);
    let remote = &setup.diagnose(ANN)["remote"];
    let told = (
        &remote["customerUserCount"],
        &remote["emailPresentInCustomer"],
    );
    assert_eq!(told, (&json!(10), &json!(false)));
    assert_eq!(setup.remote.calls(Operation::List), 4);
}

#[test]
fn a_probe_that_fails_is_told_beside_the_rows() {
    let unavailable = "3dEye is unavailable";
    let unreadable = "3dEye's answer was unreadable";
    for (fault, message) in [
        (refused(500, "upstream-text"), unavailable),
        (
            refused(401, "upstream-text"),
            "3dEye refused our credentials",
        ),
        (limited(Some("3600")), "3dEye limits our rate"),
        (Fault::Refused(login_page()), unreadable),
        (refused(200, "{\"data\":[{"), unreadable),
        (refused(200, "{\"data\":\"upstream-text\"}"), unreadable),
        (Fault::Hangs, unavailable),
    ] {
        let setup = setup();
        setup.provision(ANN);
        setup.break_down(Operation::List, &fault);
        let (found, batches) = setup.service.batches_of(|| setup.diagnose(ANN));
        assert_eq!(batches, 1);
        let mapping = &found["mapping"];
        let told = (&mapping["state"], &mapping["remoteAccountExists"]);
        assert_eq!(told, (&json!("complete"), &Value::Null));
        assert_eq!(found["remote"]["error"], message);
        assert_eq!(found["remote"]["customerUserCount"], Value::Null);
    }
}

#[test]
fn it_is_one_batch_and_changes_nothing_for_unknown_users_too() {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1"]);
    setup.provision(BOB);
    let before = setup.service.database.total_changes();
    for user in [ANN, BOB, UNKNOWN] {
        let (_, batches) = setup.service.batches_of(|| setup.diagnose(user));
        assert_eq!(batches, 1);
    }
    assert_eq!(setup.service.database.total_changes(), before);
}
