//! What support does to a person's account under `/admin/users`.

use http::Method;
use serde_json::{Value, json};

use super::{ADA, Accounts, BOB};
use crate::operators::Role;
use crate::testing::service::TestAnswer;

impl Accounts {
    fn disable_at_support(&self, cookie: &str, user: &str) -> TestAnswer {
        let path = format!("/admin/users/{user}/two-factor/disable");
        let body = json!({ "reason": "lost the phone", "verifiedBy": "in_person" });
        self.service.post(&path).session(cookie).json(&body).send()
    }

    fn trail_of(&self, action: &str) -> Vec<String> {
        let sql =
            "SELECT actor || '; ' || subject || '; ' || outcome || '; ' || coalesce(reason, '')
            FROM audit_log WHERE action = ?1 ORDER BY id";
        let database = &self.service.database;
        database.query(sql, [action], |row| row.get(0))
    }

    fn push_tokens(&self) -> Vec<String> {
        let sql = "SELECT id FROM push_tokens ORDER BY user_id";
        self.service.database.query(sql, [], |row| row.get(0))
    }
}

#[test]
fn support_takes_off_a_second_factor_that_was_lost_and_the_person_is_told() {
    let accounts = Accounts::new();
    accounts.enrol(ADA);
    let before = accounts.notices().len();
    let cookie = accounts.service.sign_in(Role::Support);
    for _ in 0..2 {
        let done = accounts.disable_at_support(&cookie, ADA);
        assert_eq!(
            (done.status(), done.json()),
            (200, json!({ "disabled": true }))
        );
        assert!(!accounts.is_on(ADA));
        assert_eq!(accounts.notices()[before..], ["two_factor_disabled"]);
    }
    let expected = format!(
        "operator:op_support s***@smartphonekey.com; {ADA}; off, user verified by in person; lost the phone"
    );
    assert_eq!(accounts.trail_of("two_factor.disable"), [expected]);
}

#[test]
fn a_second_factor_is_not_taken_off_by_its_owner_by_a_viewer_or_after_a_while() {
    let accounts = Accounts::new();
    for user in [ADA, BOB] {
        accounts.enrol(user);
    }
    let database = &accounts.service.database;
    // The one by the subject, the other by the e-mail, however it is spelt.
    let subject = "UPDATE users SET auth_subject = 'auth0|support' WHERE uuid = ?1";
    database.execute(subject, [ADA]);
    let email = "UPDATE users SET email = ' Support@SmartphoneKey.com' WHERE uuid = ?1";
    database.execute(email, [BOB]);
    let support = accounts.service.sign_in(Role::Support);
    for user in [ADA, BOB] {
        assert_eq!(accounts.disable_at_support(&support, user).status(), 409);
    }
    let viewer = accounts.service.sign_in(Role::Viewer);
    assert_eq!(accounts.disable_at_support(&viewer, ADA).status(), 403);
    let admin = accounts.service.sign_in(Role::Admin);
    accounts
        .service
        .pass(std::time::Duration::from_secs(15 * 60));
    let stale = accounts.disable_at_support(&admin, ADA);
    assert_eq!(stale.status(), 401);
    assert!(accounts.is_on(ADA) && accounts.is_on(BOB));
}

#[test]
fn it_takes_a_reason_and_a_way_of_recognising_the_person() {
    let accounts = Accounts::new();
    let path = format!("/admin/users/{ADA}/two-factor/disable");
    let ask = |body: &Value| accounts.post_by_admin(&path, Some(body));
    for (body, message) in [
        (json!({ "verifiedBy": "video" }), "reason: required"),
        (
            json!({ "reason": " ", "verifiedBy": "video" }),
            "reason: must not be empty",
        ),
        (json!({ "reason": "x" }), "verifiedBy: required"),
        (
            json!({ "reason": "x", "verifiedBy": "voice" }),
            "verifiedBy: expected one of `callback`, `video`, `in_person`, `other`",
        ),
    ] {
        let refused = ask(&body);
        let told = refused.json();
        assert_eq!((refused.status(), &told["message"]), (400, &json!(message)));
    }
    let good = json!({ "reason": "x", "verifiedBy": "other" });
    assert_eq!(ask(&good).status(), 200);
    let unknown = "/admin/users/0b9f3c1e-5d1f-4c8e-9d57-00000000000f/two-factor/disable";
    assert_eq!(accounts.post_by_admin(unknown, Some(&good)).status(), 404);
}

#[test]
fn a_push_token_is_forgotten_by_its_id_and_only_for_its_user() {
    let accounts = Accounts::new();
    for user in [ADA, BOB] {
        let body = json!({ "token": format!("token-of-{user}"), "platform": "ios" });
        let made = accounts.post(&accounts.person(user), "push_tokens", Some(&body));
        assert!(made.status() < 300, "{}", made.json());
    }
    let ids = accounts.push_tokens();
    let cookie = accounts.service.sign_in(Role::Support);
    let delete = |user: &str, id: &str| {
        let path = format!("/admin/users/{user}/push-tokens/{id}");
        let request = accounts.service.request(Method::DELETE, &path);
        request.session(&cookie).send().status()
    };
    assert_eq!((delete(BOB, &ids[0]), delete(ADA, "push_1")), (204, 204));
    assert_eq!(delete("0b9f3c1e-5d1f-4c8e-9d57-00000000000f", &ids[0]), 404);
    assert_eq!(accounts.push_tokens(), ids);
    assert_eq!((delete(ADA, &ids[0]), delete(ADA, &ids[0])), (204, 204));
    assert_eq!(accounts.push_tokens(), ids[1..]);
    let expected = format!("operator:op_support s***@smartphonekey.com; {ADA}; dropped; ");
    assert_eq!(accounts.trail_of("push_token.unregister"), [expected]);
}
