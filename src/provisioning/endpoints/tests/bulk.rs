//! Lists of users: the preview, the run that carries it out, and what is refused for one user alone.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ANN, ANN_EMAIL, BOB, BOB_EMAIL, CYD, Setup, UNKNOWN, assert_error, setup, text};
use crate::operators::Role;
use crate::testing::service::TestAnswer;
use crate::threedeye::simulated::Operation;

pub const PATH: &str = "/admin/threedeye/bulk";

/// Replaces the accounts and keeps their cameras.
pub fn replace(users: &[&str]) -> Value {
    let options = json!({ "deleteRemote": true, "preserveRoles": true, "reprovision": true });
    json!({ "action": "reset", "users": users, "options": options })
}

/// Off-boards them.
pub fn offboard(users: &[&str]) -> Value {
    json!({ "action": "offboard", "users": users })
}

/// The order with a plan and a reason.
pub fn planned(order: &Value, preview: &Value) -> Value {
    let mut order = order.clone();
    order["plan"] = preview["plan"].clone();
    order["reason"] = json!("moved to another house; ann@example.com called");
    order
}

impl Setup {
    pub fn bulk(&self, order: &Value) -> TestAnswer {
        self.service.post(PATH).admin().json(order).send()
    }

    fn bulk_by(&self, cookie: &str, order: &Value) -> TestAnswer {
        self.service.post(PATH).session(cookie).json(order).send()
    }

    #[track_caller]
    pub fn preview_bulk(&self, order: &Value) -> Value {
        let answer = self.bulk(order);
        assert_eq!(answer.status(), 200, "{}", answer.json());
        answer.json()
    }

    /// Previews the order, and carries it out.
    pub fn carry_out(&self, order: &Value) -> TestAnswer {
        let preview = self.preview_bulk(order);
        self.bulk(&planned(order, &preview))
    }

    /// State and reason of each entry.
    pub fn users_of(&self, run: &Value) -> Vec<(String, Option<String>)> {
        let path = format!(
            "/admin/threedeye/backfill/runs/{}/users?limit=500",
            text(&run["runId"])
        );
        let answer = self.service.get(&path).admin().send();
        assert_eq!(answer.status(), 200, "{}", answer.json());
        let users = answer.json()["users"].as_array().unwrap().clone();
        let parts = users.iter().map(|user| {
            (
                text(&user["state"]),
                user["reason"].as_str().map(str::to_owned),
            )
        });
        parts.collect()
    }

    pub fn count(&self, sql: &str) -> u32 {
        self.service.database.query(sql, [], |row| row.get(0))[0]
    }
}

/// Why the entries of a preview are refused.
pub fn refusals(preview: &Value) -> Vec<Option<String>> {
    let users = preview["users"].as_array().unwrap().iter();
    let reasons = users.map(|user| user["refused"]["reason"].as_str().map(str::to_owned));
    reasons.collect()
}

/// An entry that stands so.
pub fn state(state: &str) -> (String, Option<String>) {
    (state.to_owned(), None)
}

/// One that is refused for this.
pub fn refused(reason: &str) -> (String, Option<String>) {
    ("refused".to_owned(), Some(reason.to_owned()))
}

#[test]
fn a_list_is_previewed_and_carried_out_at_once_without_a_queue() {
    let setup = setup();
    setup.add_account("old", ANN_EMAIL, &["r1", "r2"]);
    let first = setup.provision(ANN);
    setup.provision(BOB);
    let order = replace(&[ANN, " BOB@Example.com"]);
    let before = setup.service.database.total_changes();
    let preview = setup.preview_bulk(&order);
    assert_eq!(setup.service.database.total_changes(), before);
    assert_eq!(
        (&preview["total"], &preview["ready"], &preview["deletes"]),
        (&json!(2), &json!(2), &json!(2))
    );
    assert_eq!(preview["users"][0]["deletes"], json!([first]));
    assert_eq!(preview["users"][1]["userId"], BOB);
    assert_eq!(
        preview["needs"],
        json!({ "role": "support", "stepUp": false, "typed": null })
    );
    let done = setup.bulk(&planned(&order, &preview));
    assert_eq!(done.status(), 200, "{}", done.json());
    let run = done.json();
    assert_eq!(
        (&run["status"], &run["done"], &run["mode"], &run["action"]),
        (
            &json!("completed"),
            &json!(2),
            &json!("inline"),
            &json!("reset")
        )
    );
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1", "r2"]);
    assert_ne!(setup.provision(ANN), first);
    assert_eq!(setup.users_of(&run), [state("done"), state("done")]);
    let sql = "SELECT subject || ' ' || reason || ' ' || (actor LIKE 'admin-key:%')
               FROM audit_log WHERE action = 'threedeye.reset' ORDER BY subject";
    let trail: Vec<String> = setup.service.database.query(sql, [], |row| row.get(0));
    let because = "moved to another house; a***@example.com called 1";
    assert_eq!(
        trail,
        [format!("{ANN} {because}"), format!("{BOB} {because}")]
    );
    // The same plan starts no second run.
    let again = setup.bulk(&planned(&order, &preview));
    assert_eq!(again.status(), 202);
    assert_eq!(again.json()["runId"], run["runId"]);
    assert_eq!(setup.remote.calls(Operation::Delete), 3);
}

#[test]
fn what_the_single_act_refuses_is_refused_for_that_user_alone() {
    let setup = setup();
    let users = [
        ("busy", Some("busy@example.com")),
        ("none", None),
        ("twin-a", Some("twin@example.com")),
        ("twin-b", Some("twin@example.com")),
        ("staff", Some("staff@smartphonekey.com")),
        ("gone", Some("gone@example.com")),
        ("orphan", Some("orphan@example.com")),
    ];
    for (id, email) in users {
        setup.service.add_user(id, email);
    }
    setup.add_account("staff", "staff@smartphonekey.com", &[]);
    setup.add_foreign_account("orphan@example.com");
    setup.provision(ANN);
    setup.provision("busy");
    setup.provision("gone");
    assert_eq!(setup.credentials("orphan").status(), 409);
    setup.hold_lease("busy");
    let delete = "DELETE FROM users WHERE uuid = 'gone'";
    setup.service.database.execute(delete, ());
    let all = [
        ANN,
        UNKNOWN,
        "x@example.com",
        "busy",
        "none",
        "twin@example.com",
        "staff",
        "gone",
        "orphan",
    ];
    let some = |reason: &str| Some(reason.to_owned());
    let cases = [
        (
            json!({ "action": "reset", "users": all, "options": { "deleteRemote": true } }),
            [
                None,
                some("no_user"),
                some("no_user"),
                some("lease_held"),
                None,
                some("ambiguous_email"),
                some("protected"),
                None,
                None,
            ],
        ),
        (
            json!({ "action": "reset", "users": all }),
            [
                None,
                some("no_user"),
                some("no_user"),
                some("lease_held"),
                None,
                some("ambiguous_email"),
                None,
                some("leaving"),
                None,
            ],
        ),
        (
            json!({ "action": "provision", "users": all }),
            [
                None,
                some("no_user"),
                some("no_user"),
                some("lease_held"),
                some("no_email"),
                some("ambiguous_email"),
                some("protected"),
                some("no_user"),
                some("orphan"),
            ],
        ),
        (
            json!({ "action": "offboard", "users": all }),
            [
                None,
                some("no_user"),
                some("no_user"),
                some("lease_held"),
                None,
                some("ambiguous_email"),
                None,
                None,
                None,
            ],
        ),
    ];
    for (order, expected) in &cases {
        let preview = setup.preview_bulk(order);
        assert_eq!(&refusals(&preview), expected, "{order}");
        // In the words of the single act.
        let busy = &preview["users"][3]["refused"]["message"];
        assert_eq!(busy, "Another provisioning of this user is under way");
    }
    let (order, _) = &cases[0];
    let run = setup.carry_out(order).json();
    assert_eq!(
        setup.users_of(&run),
        [
            state("done"),
            refused("no_user"),
            refused("no_user"),
            refused("lease_held"),
            state("done"),
            refused("ambiguous_email"),
            refused("protected"),
            state("done"),
            state("done"),
        ]
    );
    assert_eq!(
        (&run["status"], &run["done"], &run["failed"]),
        (&json!("completed"), &json!(4), &json!(5))
    );
    assert_eq!(run["errors"][1], "entry 3: User not found");
    assert!(setup.remote.directory().with_email(ANN_EMAIL).is_empty());
    assert_eq!(setup.account("staff@smartphonekey.com").user.id.0, "staff");
}

#[test]
fn roles_reason_and_masks_are_those_of_the_single_act() {
    let setup = setup();
    setup.provision(ANN);
    setup.give_roles(ANN_EMAIL, &["r1"]);
    setup.provision(BOB);
    let viewer = setup.service.sign_in(Role::Viewer);
    let support = setup.service.sign_in(Role::Support);
    let admin = setup.service.sign_in(Role::Admin);
    let order = replace(&[ANN_EMAIL, BOB]);
    assert_eq!(setup.bulk_by(&viewer, &order).status(), 403);
    let preview = setup.bulk_by(&support, &order).json();
    assert_eq!(preview["users"][0]["given"], "a***@example.com");
    assert_eq!(preview["users"][0]["email"], "a***@example.com");
    let mut lacking = planned(&order, &preview);
    lacking.as_object_mut().unwrap().remove("reason");
    let refused = setup.bulk_by(&support, &lacking);
    assert_error(&refused, StatusCode::BAD_REQUEST, "reason: required");
    assert_eq!(setup.bulk_by(&support, &offboard(&[ANN])).status(), 403);
    // Who would lose cameras is refused to support, and no one else.
    let lose = json!({ "action": "reset", "users": [ANN, BOB],
        "options": { "deleteRemote": true } });
    let preview = setup.bulk_by(&support, &lose).json();
    assert_eq!(
        refusals(&preview),
        [Some("roles_at_stake".to_owned()), None]
    );
    let told = setup.bulk_by(&admin, &lose).json();
    assert_eq!(
        (&told["losers"], &told["needs"]),
        (
            &json!(1),
            &json!({ "role": "admin", "stepUp": true, "typed": "2" })
        )
    );
    setup.service.pass(std::time::Duration::from_secs(15 * 60));
    let told = setup.bulk_by(&admin, &lose).json();
    assert_eq!(setup.bulk_by(&admin, &planned(&lose, &told)).status(), 401);
    assert_eq!(setup.bulk_by(&admin, &offboard(&[ANN])).status(), 401);
    assert_eq!(setup.remote.calls(Operation::Delete), 0);
    let done = setup.bulk_by(
        &support,
        &planned(&order, &setup.bulk_by(&support, &order).json()),
    );
    assert_eq!((done.status(), &done.json()["done"]), (200, &json!(2)));
    let actor = "SELECT count(*) FROM audit_log
        WHERE action = 'threedeye.reset' AND actor LIKE 'operator:op_support %'";
    assert_eq!(setup.count(actor), 2);
    setup.assert_provisioned(ANN, ANN_EMAIL, &["r1"]);
}

#[test]
fn users_are_off_boarded_and_provisioned() {
    let setup = setup();
    setup.service.add_user(CYD, Some("cyd@example.com"));
    let run = setup
        .carry_out(&json!({ "action": "provision", "users": [ANN, BOB, CYD] }))
        .json();
    assert_eq!(
        (&run["done"], &run["action"]),
        (&json!(3), &json!("provision"))
    );
    let order = offboard(&[ANN, BOB_EMAIL]);
    let preview = setup.preview_bulk(&order);
    assert_eq!(
        (&preview["deletes"], &preview["needs"]["typed"]),
        (&json!(2), &json!("2"))
    );
    let mut lacking = planned(&order, &preview);
    lacking.as_object_mut().unwrap().remove("reason");
    assert_error(
        &setup.bulk(&lacking),
        StatusCode::BAD_REQUEST,
        "reason: required",
    );
    let run = setup.bulk(&planned(&order, &preview)).json();
    assert_eq!(run["done"], 2, "{run}");
    assert_eq!(setup.count("SELECT count(*) FROM users"), 1);
    assert_eq!(setup.remote.directory().accounts.len(), 1);
}
